"""Fields of features that are off by default in v1.37: dropped, unless the old object uses them already.

Upstream: dropDisabledFields in pkg/api/pod/util.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.walk import all_containers, probes_and_handlers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

_INIT_CONTAINER_ANNOTATIONS = (
    "pod.beta.kubernetes.io/init-containers",
    "pod.alpha.kubernetes.io/init-containers",
    "pod.beta.kubernetes.io/init-container-statuses",
    "pod.alpha.kubernetes.io/init-container-statuses",
)
_VOLUMES = ("secret", "configMap", "downwardAPI", "projected")
_WITH_ITEMS = ("secret", "configMap", "downwardAPI")
_PROJECTED = ("secret", "downwardAPI", "configMap", "serviceAccountToken", "clusterTrustBundle", "podCertificate")


def drop_disabled_from_template(template: Object | None, old: Object | None) -> None:
    """For `prepare_create` and `prepare_update` of everything that holds a pod template."""
    if template:
        drop_disabled(template, old)


def drop_disabled(pod: Object, old: Object | None) -> None:
    """`pod`: a Pod or a template, with metadata and spec."""
    spec, before = pod.get("spec") or {}, (old or {}).get("spec") or {}
    for name in ("schedulingGroup", "evictionResponders"):
        if before.get(name) is None:
            spec.pop(name, None)
    if gated := list(_gated(spec)):
        in_use = {feature for feature, _, _ in _gated(before)}
        if "stop signals" not in in_use:
            _drop_stop_signals(spec)
        for feature, holder, name in gated:
            if feature not in in_use:
                holder.pop(name, None)
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    for name in _INIT_CONTAINER_ANNOTATIONS:
        annotations.pop(name, None)


def _drop_stop_signals(spec: Object) -> None:
    """Drop stop signals, and lifecycles that say nothing else."""
    for container in all_containers(spec):
        lifecycle = container.get("lifecycle") or {}
        if lifecycle.pop("stopSignal", None) is not None and not lifecycle:
            del container["lifecycle"]


def _gated(spec: Object) -> Iterator[tuple[str, Object, str]]:
    """Fields that belong to a feature: its name, what holds the field, the field."""
    for volume in spec.get("volumes") or ():
        if "mode" in (volume.get("emptyDir") or ()):
            yield "modes of empty directories", volume["emptyDir"], "mode"
        for holder in _users(volume):
            for name in ("user", "defaultUser"):
                if name in holder:
                    yield "users of files", holder, name
    for container in all_containers(spec):
        for mount in container.get("volumeMounts") or ():
            if "bindMountOptions" in mount:
                yield "mount options", mount, "bindMountOptions"
        for handler in probes_and_handlers(container):
            if "protocol" in (handler.get("httpGet") or ()):
                yield "protocols of probes", handler["httpGet"], "protocol"
            if "mode" in (handler.get("grpc") or ()):
                yield "modes of probes", handler["grpc"], "mode"
        if "stopSignal" in (container.get("lifecycle") or ()):
            yield "stop signals", container["lifecycle"], "stopSignal"


def _users(volume: Object) -> Iterator[Object]:
    """Everything whose files may belong to a user of their own; of several sources in one place, the first."""
    name, source = _first(volume, _VOLUMES)
    if not name:
        return
    yield source
    if name != "projected":
        yield from source.get("items") or ()
        return
    for inner in source.get("sources") or ():
        name, source = _first(inner, _PROJECTED)
        if name in _WITH_ITEMS:
            yield from source.get("items") or ()
        elif name:
            yield source


def _first(holder: Object, names: tuple[str, ...]) -> tuple[str, Object]:
    for name in names:
        if (source := holder.get(name)) is not None:
            return name, source
    return "", {}
