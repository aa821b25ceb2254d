"""Pods: what makes a new one valid, and the little of it that may change later.

Almost nothing of a running pod's spec may change: images, a shorter deadline, more tolerations, fewer scheduling gates;
and while gates remain, tighter node selection. Everything else is refused with a difference of the two specs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.go_types import difference, render, semantic_equal
from steersman.api.core.podspec.remembered import spec_errors, spec_options
from steersman.api.core.podspec.validation.annotations import (
    MIRROR,
    validate_annotation_changes,
    validate_pod_annotations,
    validate_profiles_match,
)
from steersman.api.core.podspec.validation.containers import validate_image_padding
from steersman.api.core.podspec.validation.scheduling import validate_only_added_tolerations
from steersman.api.errors import FieldError, forbidden, go_quote, invalid, required
from steersman.api.meta.names import in_range_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_CHANGEABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_MAX_INT32 = 2**31 - 1
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def validate_pod(pod: Object) -> list[FieldError]:
    """A new Pod."""
    errors = validate_metadata_and_spec(pod, spec_options(None))
    spec = pod.get("spec") or {}
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        detail = "cannot be set until all schedulingGates have been cleared"
        errors.append(forbidden("spec.nodeName", detail))
    return errors + validate_profiles_match(_annotations(pod), spec, "spec")


def _annotations(pod: Object) -> Object:
    return (pod.get("metadata") or {}).get("annotations") or {}


def validate_metadata_and_spec(pod: Object, options: Options) -> list[FieldError]:
    """What holds for new and for changed pods."""
    errors = validate_pod_annotations(_annotations(pod), pod.get("spec") or {}, "metadata.annotations", options)
    return errors + spec_errors(pod, options)


def validate_pod_update(new: Object, old: Object) -> list[FieldError]:
    options = spec_options(old)
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = validate_metadata_and_spec(new, options)
    errors += validate_annotation_changes(_annotations(new), _annotations(old), spec, "metadata.annotations", options)
    for name in ("containers", "initContainers"):
        containers, others = spec.get(name) or (), before.get(name) or ()
        if len(containers) != len(others):
            detail = "pod updates may not add or remove containers"
            return [*errors, forbidden(f"spec.{name}", detail)]
        errors += _validate_images(containers, f"spec.{name}")
    found, stop = _validate_deadline(spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))
    errors += found
    if stop:
        return errors
    errors += validate_only_added_tolerations(
        spec.get("tolerations") or (), before.get("tolerations") or (), "spec.tolerations", options
    )
    errors += _validate_gates(spec.get("schedulingGates") or (), before.get("schedulingGates") or ())
    if semantic_equal("PodSpec", spec, before):
        return errors
    return errors + _validate_rest(spec, before)


def _validate_images(containers: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, container in enumerate(containers):
        if not container.get("image"):
            errors.append(required(f"{path}[{index}].image"))
        errors += validate_image_padding(container, f"{path}[{index}]")
    return errors


def _validate_deadline(new: int | None, old: int | None) -> tuple[list[FieldError], bool]:
    """The errors, and whether nothing else needs to be looked at."""
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is None:
            return [], False
        return [invalid(path, None, "must not update from a positive integer to nil value")], False
    if not 0 <= new <= _MAX_INT32:
        return [invalid(path, new, in_range_message(0, _MAX_INT32))], True
    if old is not None and old < new:
        return [invalid(path, new, "must be less than or equal to previous value")], True
    return [], False


def _validate_gates(new: Sequence[Object], old: Sequence[Object]) -> list[FieldError]:
    known = {gate.get("name") for gate in old}
    last = {gate.get("name"): index for index, gate in enumerate(new)}
    return [
        forbidden(
            f"spec.schedulingGates[{index}].name",
            f"only deletion is allowed, but found new scheduling gate '{name or ''}'",
        )
        for name, index in last.items()
        if name not in known
    ]


def _validate_rest(spec: Object, before: Object) -> list[FieldError]:
    """With what may change put back, nothing else may differ."""
    rest = dict(spec)
    for name in ("containers", "initContainers"):
        if rest.get(name):
            pairs = zip(rest[name], before.get(name) or (), strict=True)
            rest[name] = [_with(container, other, "image") for container, other in pairs]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _put_back(rest, before, name)
    was_negative = (before.get("terminationGracePeriodSeconds") or 0) < 0
    if was_negative and rest.get("terminationGracePeriodSeconds") == 1:
        _put_back(rest, before, "terminationGracePeriodSeconds")
    errors: list[FieldError] = []
    if before.get("schedulingGates"):
        errors += _validate_node_selection(rest, before)
    if not semantic_equal("PodSpec", rest, before):
        shown = difference("PodSpec", before, rest)
        detail = f"pod updates may not change fields other than {_CHANGEABLE}\n{shown}"
        errors.append(forbidden("spec", detail))
    return errors


def _with(container: Object, other: Object, name: str) -> Object:
    copy = dict(container)
    _put_back(copy, other, name)
    return copy


def _put_back(new: Object, old: Object, name: str) -> None:
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)


def _validate_node_selection(rest: Object, before: Object) -> list[FieldError]:
    """A gated pod's choice of nodes may become narrower (KEP-3838); `rest` gets the old one back."""
    errors: list[FieldError] = []
    new_selector, old_selector = rest.get("nodeSelector") or {}, before.get("nodeSelector") or {}
    if new_selector != old_selector:
        if any(new_selector.get(key) != value for key, value in old_selector.items()):
            detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            errors.append(invalid("spec.nodeSelector", render("map", rest.get("nodeSelector")), detail))
        _put_back(rest, before, "nodeSelector")
    new_affinity, old_affinity = rest.get("affinity") or {}, before.get("affinity") or {}
    new_rules, old_rules = new_affinity.get("nodeAffinity"), old_affinity.get("nodeAffinity")
    if new_rules == old_rules:
        return errors
    errors += _validate_node_affinity_change(new_rules or {}, old_rules)
    others = {name: value for name, value in new_affinity.items() if name != "nodeAffinity" and value is not None}
    if old_rules is not None:
        rest["affinity"] = others | {"nodeAffinity": old_rules}
    elif others or before.get("affinity") is not None:
        rest["affinity"] = others
    else:
        rest.pop("affinity", None)
    return errors


def _validate_node_affinity_change(new: Object, old: Object | None) -> list[FieldError]:
    if not old or old.get(_REQUIRED) is None:
        return []
    path = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    old_terms = old[_REQUIRED].get("nodeSelectorTerms") or []
    new_terms = (new.get(_REQUIRED) or {}).get("nodeSelectorTerms")
    if old_terms and len(old_terms) != len(new_terms or []):
        detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        return [invalid(path, render("[]NodeSelectorTerm", new_terms), detail)]
    detail = "only additions are allowed (no mutations or deletions)"
    return [
        invalid(f"{path}[{index}]", render("NodeSelectorTerm", term), detail)
        for index, (term, other) in enumerate(zip(new_terms or [], old_terms, strict=False))
        if not _only_adds(term, other)
    ]


def _only_adds(new: Object, old: Object) -> bool:
    if not old.get("matchExpressions") and not old.get("matchFields"):
        return not new.get("matchExpressions") and not new.get("matchFields")
    return all(
        (new.get(name) or [])[: len(old.get(name) or [])] == (old.get(name) or [])
        for name in ("matchExpressions", "matchFields")
    )


def validate_ephemeral_containers_update(new: Object, old: Object) -> list[FieldError]:
    """Through `ephemeralcontainers`: they may be added, never removed or changed."""
    options = spec_options(old)
    if MIRROR in _annotations(old):
        return [forbidden("[]", "static pods do not support ephemeral containers")]
    errors = validate_metadata_and_spec(new, options)
    spec = new.get("spec") or {}
    errors += validate_annotation_changes(_annotations(new), _annotations(old), spec, "metadata.annotations", options)
    path = "spec.ephemeralContainers"
    given = {container.get("name"): container for container in spec.get("ephemeralContainers") or ()}
    for container in (old.get("spec") or {}).get("ephemeralContainers") or ():
        name = container.get("name")
        shown = go_quote(name or "")
        if name not in given:
            errors.append(forbidden(path, f"existing ephemeral containers {shown} may not be removed\n"))
        elif not semantic_equal("EphemeralContainer", container, given[name]):
            changed = difference("EphemeralContainer", container, given[name])
            detail = f"existing ephemeral containers {shown} may not be changed\n{changed}"
            errors.append(forbidden(path, detail))
    return errors
