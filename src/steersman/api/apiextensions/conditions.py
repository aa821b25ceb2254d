"""Conditions of a CustomResourceDefinition: finding, setting and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

NAMES_ACCEPTED = "NamesAccepted"
ESTABLISHED = "Established"
TERMINATING = "Terminating"
NON_STRUCTURAL_SCHEMA = "NonStructuralSchema"
API_APPROVAL = "KubernetesAPIApprovalPolicyConformant"


def condition(kind: str, status: str, reason: str, message: str) -> Object:
    """A condition without its time."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def find_condition(crd: Object, kind: str) -> Object | None:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return next((item for item in conditions if item.get("type") == kind), None)


def is_condition_true(crd: Object, kind: str) -> bool:
    found = find_condition(crd, kind)
    return found is not None and found.get("status") == "True"


def says_the_same(a: Object | None, b: Object | None) -> bool:
    """Equal but for the times."""
    if a is None or b is None:
        return a is b
    return all((a.get(name) or "") == (b.get(name) or "") for name in ("type", "status", "reason", "message"))


def set_condition(crd: Object, new: Object, timestamp: str) -> None:
    """Put `new` in place of the condition of its type, or behind the others; the time tells when the status changed."""
    status = crd.setdefault("status", {})
    conditions = list(status.get("conditions") or ())
    old = find_condition(crd, new["type"])
    changed = old is None or old["status"] != new["status"] or not old.get("lastTransitionTime")
    since = timestamp if old is None or changed else old["lastTransitionTime"]
    made = {"type": new["type"], "status": new["status"], "lastTransitionTime": since}
    made |= {name: new[name] for name in ("reason", "message") if new.get(name)}
    if old is None:
        conditions.append(made)
    else:
        conditions[conditions.index(old)] = made
    status["conditions"] = conditions


def remove_condition(crd: Object, kind: str) -> None:
    status = crd.get("status") or {}
    status["conditions"] = [item for item in status.get("conditions") or () if item.get("type") != kind]
