"""Which pods and claims a quota with scopes is about. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.arithmetic import qos_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.quota.quota import Scope


def is_terminating(pod: Object) -> bool:
    """Meant to end by itself."""
    deadline_s = pod["spec"].get("activeDeadlineSeconds")
    return deadline_s is not None and deadline_s >= 0


def pod_matches(scope: Scope, pod: Object) -> bool:
    spec = pod["spec"]
    match scope.name:
        case "Terminating":
            return is_terminating(pod)
        case "NotTerminating":
            return not is_terminating(pod)
        case "BestEffort":
            return _qos(pod) == "BestEffort"
        case "NotBestEffort":
            return _qos(pod) != "BestEffort"
        case "PriorityClass":
            name = spec.get("priorityClassName")
            return _selects(scope, (name,) if name else ())
        case "CrossNamespacePodAffinity":
            return _looks_into_other_namespaces(spec)
    return False


def claim_matches(scope: Scope, claim: Object) -> bool:
    """By the attribute classes that a claim has, had or is to have."""
    if scope.name != "VolumeAttributesClass":
        return False
    status = claim.get("status") or {}
    names = (
        (claim.get("spec") or {}).get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return _selects(scope, [name for name in names if name])


def _selects(scope: Scope, names: Iterable[str]) -> bool:
    names = tuple(names)
    if scope.operator == "Exists":
        return bool(names)
    if scope.operator == "DoesNotExist":
        return not names
    if scope.operator == "NotIn":
        return not names or any(name not in scope.values for name in names)
    return scope.operator == "In" and any(name in scope.values for name in names)


def _qos(pod: Object) -> str:
    return (pod.get("status") or {}).get("qosClass") or qos_class(pod["spec"])


def _looks_into_other_namespaces(spec: Object) -> bool:
    affinity = spec.get("affinity") or {}
    for field in ("podAffinity", "podAntiAffinity"):
        found = affinity.get(field) or {}
        terms = [*(found.get("requiredDuringSchedulingIgnoredDuringExecution") or ())]
        weighted = found.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [term.get("podAffinityTerm") or {} for term in weighted]
        if any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms):
            return True
    return False
