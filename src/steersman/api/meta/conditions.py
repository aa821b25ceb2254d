"""metav1.Condition lists: finding, setting and removing conditions, and what may be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required, too_long
from steersman.api.meta.label_selector import validate_label_name
from steersman.api.meta.names import byte_length, condition_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

STATUSES = ("False", "True", "Unknown")
REASON_BYTES_MAX = 1024
MESSAGE_BYTES_MAX = 32 * 1024


def condition(kind: str, status: str, reason: str, message: str) -> Object:
    """A condition without its time."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def find_condition(obj: Object, kind: str) -> Object | None:
    for item in (obj.get("status") or {}).get("conditions") or ():  # no generator: this is asked all the time
        if item.get("type") == kind:
            found: Object = item
            return found
    return None


def is_condition_true(obj: Object, kind: str) -> bool:
    found = find_condition(obj, kind)
    return found is not None and found.get("status") == "True"


def says_the_same(a: Object | None, b: Object | None) -> bool:
    """Equal but for the times."""
    if a is None or b is None:
        return a is b
    return all((a.get(name) or "") == (b.get(name) or "") for name in ("type", "status", "reason", "message"))


def set_condition(obj: Object, new: Object, timestamp: str) -> None:
    """Put `new` in place of the condition of its type, or behind the others; the time tells when the status changed."""
    status = obj.setdefault("status", {})
    conditions = list(status.get("conditions") or ())
    old = find_condition(obj, new["type"])
    changed = old is None or old["status"] != new["status"] or not old.get("lastTransitionTime")
    since = timestamp if old is None or changed else old["lastTransitionTime"]
    made = {"type": new["type"], "status": new["status"], "lastTransitionTime": since}
    made |= {name: new[name] for name in ("reason", "message") if new.get(name)}
    if old is None:
        conditions.append(made)
    else:
        conditions[conditions.index(old)] = made
    status["conditions"] = conditions


def remove_condition(obj: Object, kind: str) -> None:
    status = obj.get("status") or {}
    status["conditions"] = [item for item in status.get("conditions") or () if item.get("type") != kind]


def validate_conditions(conditions: Sequence[Object], path: str) -> list[FieldError]:
    """One of each type, each of them whole."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        kind = condition.get("type") or ""
        if kind in seen:
            errors.append(duplicate(f"{path}[{index}]", kind))
        seen.add(kind)
        errors += validate_condition(condition, f"{path}[{index}]")
    return errors


def validate_condition(condition: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if kind := condition.get("type"):
        errors += validate_label_name(kind, f"{path}.type")
    else:
        errors.append(required(f"{path}.type", "is required"))
    status = condition.get("status") or ""
    if not status:
        errors.append(required(f"{path}.status"))
    elif status not in STATUSES:
        errors.append(not_supported(f"{path}.status", status, STATUSES))
    generation = condition.get("observedGeneration") or 0
    if generation < 0:
        errors.append(invalid(f"{path}.observedGeneration", generation, "must be greater than or equal to zero"))
    if not condition.get("lastTransitionTime"):
        errors.append(required(f"{path}.lastTransitionTime"))
    if reason := condition.get("reason"):
        errors += [invalid(f"{path}.reason", reason, message) for message in condition_reason(reason)]
        if byte_length(reason) > REASON_BYTES_MAX:
            errors.append(too_long(f"{path}.reason", REASON_BYTES_MAX))
    else:
        errors.append(required(f"{path}.reason"))
    if byte_length(condition.get("message") or "") > MESSAGE_BYTES_MAX:
        errors.append(too_long(f"{path}.message", MESSAGE_BYTES_MAX))
    return errors
