"""Pod: one or more containers that share a node, a network address and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod_resize import prepare_resize, validate_resize
from steersman.api.core.pod_status import status_warnings, validate_status_update
from steersman.api.core.pod_table import COLUMNS, pod_cells
from steersman.api.core.pod_update import validate_ephemeral_containers_update, validate_pod, validate_pod_update
from steersman.api.core.pod_views import prepare_ephemeral_containers, prepare_status
from steersman.api.core.podspec.arithmetic import default_pod_resources, qos_class
from steersman.api.core.podspec.defaults import default_pod
from steersman.api.core.podspec.gates import drop_disabled
from steersman.api.core.podspec.remembered import spec_warnings
from steersman.api.core.podspec.validation.annotations import APP_ARMOR_PREFIX
from steersman.api.core.podspec.validation.security import validate_app_armor_profile
from steersman.api.core.podspec.walk import all_containers, is_windows
from steersman.api.core.podspec.warnings import app_armor_profile_of
from steersman.api.errors import go_quote
from steersman.api.meta.names import dns1123_label
from steersman.api.meta.times import format_time
from steersman.api.resource import Resource, Scope, Strategy, Subresource, UpdateStrategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.api.resource import Context

_GATED = "Scheduling is blocked due to non-empty scheduling gates"


def _prepare_create(pod: Object, ctx: Context) -> None:
    drop_disabled(pod, None)
    spec = pod.setdefault("spec", {})
    status: Object = {"phase": "Pending"}
    if spec.get("schedulingGates"):
        status["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": format_time(ctx.now),
                "reason": "SchedulingGated",
                "message": _GATED,
            }
        ]
    pod["status"] = status
    labels = (pod.get("metadata") or {}).get("labels") or {}
    for selector, keys, operator in _selectors_with_keys(spec):
        _apply_label_keys(selector, keys, operator, labels)
    _app_armor_fields(pod, spec)
    default_pod_resources(spec)
    status["qosClass"] = qos_class(spec)


def _selectors_with_keys(spec: Object) -> Iterator[tuple[Object, list[str], str]]:
    """Selectors that take values from the pod's own labels (KEP-3633, KEP-3243): (selector, keys, operator)."""
    holders = list(spec.get("topologySpreadConstraints") or ())
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = (spec.get("affinity") or {}).get(kind) or {}
        preferred = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        holders += [weighted.get("podAffinityTerm") or {} for weighted in preferred]
        holders += rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    for holder in holders:
        if holder.get("labelSelector") is not None:
            yield holder["labelSelector"], holder.get("matchLabelKeys") or [], "In"
            yield holder["labelSelector"], holder.get("mismatchLabelKeys") or [], "NotIn"


def _apply_label_keys(selector: Object, keys: list[str], operator: str, labels: Object) -> None:
    for key in keys:
        if key in labels:
            expression = {"key": key, "operator": operator, "values": [labels[key]]}
            selector.setdefault("matchExpressions", []).append(expression)


def _app_armor_fields(pod: Object, spec: Object) -> None:
    """Profiles given as annotations become fields."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    if is_windows(spec) or not any(key.startswith(APP_ARMOR_PREFIX) for key in annotations):
        return
    pod_profile = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container in all_containers(spec):
        annotation = annotations.get(APP_ARMOR_PREFIX + (container.get("name") or ""))
        if annotation is None or (container.get("securityContext") or {}).get("appArmorProfile") is not None:
            continue
        profile = app_armor_profile_of(annotation)
        if profile is not None and profile != pod_profile and not validate_app_armor_profile(profile, ""):
            container.setdefault("securityContext", {})["appArmorProfile"] = profile


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    spec, before = new.setdefault("spec", {}), old.get("spec") or {}
    if spec.get("resources") is None and before.get("resources") is not None:
        spec["resources"] = before["resources"]
    drop_disabled(new, old)


def _warnings(pod: Object, old: Object | None) -> list[str]:
    if old is not None:
        return []
    warnings = _app_armor_warnings(pod)
    if messages := dns1123_label(pod["metadata"].get("name") or ""):
        warnings.append(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(messages)}]"
        )
    return warnings + spec_warnings(pod)


def _app_armor_warnings(pod: Object) -> list[str]:
    """Annotations that no field says as well, and those that became fields."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    spec = pod.get("spec") or {}
    if is_windows(spec):
        return []
    pod_profile = (spec.get("securityContext") or {}).get("appArmorProfile")
    warnings = []
    for container in all_containers(spec):
        key = APP_ARMOR_PREFIX + (container.get("name") or "")
        if key not in annotations:
            continue
        profile = app_armor_profile_of(annotations[key])
        if profile is None or profile != pod_profile:
            at = f"metadata.annotations[{key}]"
            warnings.append(f"{at}: deprecated since v1.30; use the {go_quote('appArmorProfile')} field instead")
    return warnings


def _graceful_delete(pod: Object, asked_s: int | None, _ctx: Context) -> int:
    """A pod that no node runs is removed at once; less than nothing counts as one second."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    period: int = asked_s if asked_s is not None else spec.get("terminationGracePeriodSeconds") or 0
    if not spec.get("nodeName") or status.get("phase") in ("Failed", "Succeeded"):
        period = 0
    return 1 if period < 0 else period


def _node_name(pod: Object) -> str:
    return (pod.get("spec") or {}).get("nodeName") or ""


def _no_value(_pod: Object) -> str:
    """Upstream knows the label, and finds nothing there."""
    return ""


def _first_pod_ip(pod: Object) -> str:
    addresses = (pod.get("status") or {}).get("podIPs")
    return (addresses[0].get("ip") or "") if addresses else ""


PODS = Resource(
    group="",
    version="v1",
    kind="Pod",
    plural="pods",
    singular="pod",
    short_names=("po",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Pod"),
    subresources=(
        Subresource(name="attach", verbs=("create", "get"), kind="PodAttachOptions"),
        Subresource(name="binding", verbs=("create",), kind="Binding"),
        Subresource(
            name="ephemeralcontainers",
            verbs=("get", "patch", "update"),
            update=UpdateStrategy(prepare=prepare_ephemeral_containers, validate=validate_ephemeral_containers_update),
        ),
        Subresource(name="eviction", verbs=("create",), group="policy", version="v1", kind="Eviction"),
        Subresource(name="exec", verbs=("create", "get"), kind="PodExecOptions"),
        Subresource(name="log", verbs=("get",)),
        Subresource(name="portforward", verbs=("create", "get"), kind="PodPortForwardOptions"),
        Subresource(name="proxy", verbs=("create", "delete", "get", "patch", "update"), kind="PodProxyOptions"),
        Subresource(
            name="resize",
            verbs=("get", "patch", "update"),
            update=UpdateStrategy(prepare=prepare_resize, validate=validate_resize),
        ),
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=UpdateStrategy(
                prepare=prepare_status,
                validate=validate_status_update,
                warnings=status_warnings,
                reset_fields=(("spec",), ("metadata", "deletionTimestamp"), ("metadata", "ownerReferences")),
            ),
        ),
    ),
    strategy=Strategy(
        default=default_pod,
        prepare_create=_prepare_create,
        validate=validate_pod,
        warnings=_warnings,
        prepare_update=_prepare_update,
        validate_update=validate_pod_update,
        graceful_delete=_graceful_delete,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=COLUMNS,
    cells=pod_cells,
    selectable=(
        ("spec.nodeName", _node_name),
        ("spec.host", _node_name),
        ("spec.restartPolicy", lambda pod: (pod.get("spec") or {}).get("restartPolicy") or ""),
        ("spec.schedulerName", lambda pod: (pod.get("spec") or {}).get("schedulerName") or ""),
        ("spec.serviceAccountName", lambda pod: (pod.get("spec") or {}).get("serviceAccountName") or ""),
        ("spec.hostNetwork", lambda pod: "true" if (pod.get("spec") or {}).get("hostNetwork") else "false"),
        ("status.phase", lambda pod: (pod.get("status") or {}).get("phase") or ""),
        ("status.podIP", _first_pod_ip),
        ("status.podIPs", _no_value),
        ("status.nominatedNodeName", lambda pod: (pod.get("status") or {}).get("nominatedNodeName") or ""),
    ),
    unknown_selector="field label not supported: {}",
)
