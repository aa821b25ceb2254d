"""What the status of a definition should say next. Pure: the same rules as upstream's naming, establishing,
non-structural-schema and API-approval controllers, as functions of one definition and those of its group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apiextensions.condition_types import API_APPROVAL, ESTABLISHED, NAMES_ACCEPTED, NON_STRUCTURAL_SCHEMA
from steersman.api.apiextensions.definition_conversion import bundle_is_readable
from steersman.api.apiextensions.definition_validation import approval_state, is_protected
from steersman.api.columns import at
from steersman.api.errors import Invalid, go_quote, invalid
from steersman.api.meta.conditions import (
    condition,
    find_condition,
    is_condition_true,
    remove_condition,
    says_the_same,
    set_condition,
)
from steersman.api.schema.structural import check_structural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

_APPROVAL = {
    "invalid": ("False", "InvalidAnnotation"),
    "missing": ("False", "MissingAnnotation"),
    "approved": ("True", "ApprovedAnnotation"),
    "bypassed": ("False", "UnapprovedAnnotation"),
}


def apply_names(crd: Object, group: Iterable[Object], timestamp: str) -> bool:
    """Accept the names that nobody else in the group has; `group` are its definitions. Whether the status changed."""
    wanted, status = crd["spec"]["names"], crd["status"]
    accepted = status.get("acceptedNames") or {}
    if _same_names(wanted, accepted):
        return False
    new, verdict = _judge_names(wanted, accepted, group)
    if _same_names(new, accepted) and says_the_same(verdict, find_condition(crd, NAMES_ACCEPTED)):
        return False
    status["acceptedNames"] = {"plural": "", "kind": ""} | {name: value for name, value in new.items() if value}
    set_condition(crd, verdict, timestamp)
    established = find_condition(crd, ESTABLISHED)
    if established is None:
        established = condition(ESTABLISHED, "False", "NotAccepted", "not all names are accepted")
    if established["status"] != "True" and verdict["status"] == "True":
        established = condition(ESTABLISHED, "False", "Installing", "the initial names have been accepted")
    set_condition(crd, established, timestamp)
    return True


def _same_names(a: Object, b: Object) -> bool:
    keys = ("plural", "singular", "shortNames", "kind", "listKind", "categories")
    return all((a.get(key) or None) == (b.get(key) or None) for key in keys)


def _judge_names(wanted: Object, accepted: Object, group: Iterable[Object]) -> tuple[Object, Object]:
    """The names that are accepted now, and the condition; the last conflict is the one that is told."""
    resources, kinds = _taken(group)
    new = dict(accepted)
    verdict = condition(NAMES_ACCEPTED, "True", "NoConflicts", "no conflicts found")

    def conflict(name: str, messages: list[str]) -> None:
        text = messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
        verdict.update(status="False", reason=f"{name}Conflict", message=text)

    def judge(key: str, name: str, taken: set[str]) -> None:
        asked, mine = wanted.get(key) or "", accepted.get(key) or ""
        if asked != mine and asked in taken:
            conflict(name, [f"{go_quote(asked)} is already in use"])
        else:
            new[key] = asked

    judge("plural", "Plural", resources)
    judge("singular", "Singular", resources)
    short, mine = wanted.get("shortNames") or [], accepted.get("shortNames") or []
    clashes = [f"{go_quote(name)} is already in use" for name in short if name not in mine and name in resources]
    if clashes:
        conflict("ShortNames", list(dict.fromkeys(clashes)))
    else:
        new["shortNames"] = short
    judge("kind", "Kind", kinds)
    judge("listKind", "ListKind", kinds)
    new["categories"] = wanted.get("categories") or []
    return new, verdict


def _taken(group: Iterable[Object]) -> tuple[set[str], set[str]]:
    """All accepted names of resources and of kinds, one's own included."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for crd in group:
        names = at(crd, "status", "acceptedNames", default={})
        resources.update((names.get("plural") or "", names.get("singular") or "", *(names.get("shortNames") or ())))
        kinds.update((names.get("kind") or "", names.get("listKind") or ""))
    return resources, kinds


def apply_establishment(crd: Object, timestamp: str) -> bool:
    """Established as soon as the names are accepted. Whether the status changed."""
    if not is_condition_true(crd, NAMES_ACCEPTED) or is_condition_true(crd, ESTABLISHED):
        return False
    new = condition(ESTABLISHED, "True", "InitialNamesAccepted", "the initial names have been accepted")
    if not bundle_is_readable(at(crd, "spec", "conversion", "webhook", "clientConfig", "caBundle", default="")):
        new = condition(ESTABLISHED, "False", "InvalidCABundle", "The conversion webhook CABundle is invalid")
    if says_the_same(new, find_condition(crd, ESTABLISHED)):
        return False
    set_condition(crd, new, timestamp)
    return True


def apply_policies(crd: Object, timestamp: str) -> bool:
    """The conditions that only inform: schemas that are not structural, approval of Kubernetes' own groups. Whether
    the status changed.
    """
    changed = False
    schema = _non_structural(crd)
    if not says_the_same(schema, find_condition(crd, NON_STRUCTURAL_SCHEMA)):
        changed = True
        if schema is None:
            remove_condition(crd, NON_STRUCTURAL_SCHEMA)
        else:
            set_condition(crd, schema, timestamp)
    approval = _approval(crd)
    if approval is not None and not says_the_same(approval, find_condition(crd, API_APPROVAL)):
        changed = True
        set_condition(crd, approval, timestamp)
    return changed


def _non_structural(crd: Object) -> Object | None:
    spec = crd["spec"]
    errors: list[FieldError] = []
    if spec.get("preserveUnknownFields"):
        errors.append(invalid("spec.preserveUnknownFields", value=True, detail="must be false"))
    for index, version in enumerate(spec.get("versions") or ()):
        schema = at(version, "schema", "openAPIV3Schema")
        if schema is not None:
            errors += check_structural(schema, f"spec.versions[{index}].schema.openAPIV3Schema")
    if not errors:
        return None
    return condition(NON_STRUCTURAL_SCHEMA, "True", "Violations", Invalid.aggregate(errors))


def _approval(crd: Object) -> Object | None:
    if not is_protected(crd["spec"].get("group") or ""):
        return None
    state, why = approval_state(crd)
    status, reason = _APPROVAL[state]
    return condition(API_APPROVAL, status, reason, why)
