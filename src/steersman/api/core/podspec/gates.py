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
    _drop(list(_users(spec)), "user", in_use=any("user" in o or "defaultUser" in o for o in _users(before)))
    _drop(list(_users(spec)), "defaultUser", in_use=any("user" in o or "defaultUser" in o for o in _users(before)))
    _drop(list(_empty_dirs(spec)), "mode", in_use=any("mode" in o for o in _empty_dirs(before)))
    _drop(list(_mounts(spec)), "bindMountOptions", in_use=any("bindMountOptions" in o for o in _mounts(before)))
    _drop(list(_http_actions(spec)), "protocol", in_use=any("protocol" in o for o in _http_actions(before)))
    _drop(list(_grpc_actions(spec)), "mode", in_use=any("mode" in o for o in _grpc_actions(before)))
    if not any("stopSignal" in o for o in _lifecycles(before)):
        _drop_stop_signals(spec)
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    for name in _INIT_CONTAINER_ANNOTATIONS:
        annotations.pop(name, None)


def _drop(holders: list[Object], name: str, *, in_use: bool) -> None:
    if not in_use:
        for holder in holders:
            holder.pop(name, None)


def _drop_stop_signals(spec: Object) -> None:
    """Drop stop signals, and lifecycles that say nothing else."""
    for container in all_containers(spec):
        lifecycle = container.get("lifecycle") or {}
        if lifecycle.pop("stopSignal", None) is not None and not lifecycle:
            del container["lifecycle"]


def _empty_dirs(spec: Object) -> Iterator[Object]:
    for volume in spec.get("volumes") or ():
        if volume.get("emptyDir") is not None:
            yield volume["emptyDir"]


def _mounts(spec: Object) -> Iterator[Object]:
    for container in all_containers(spec):
        yield from container.get("volumeMounts") or ()


def _http_actions(spec: Object) -> Iterator[Object]:
    for container in all_containers(spec):
        for handler in probes_and_handlers(container):
            if handler.get("httpGet") is not None:
                yield handler["httpGet"]


def _grpc_actions(spec: Object) -> Iterator[Object]:
    for container in all_containers(spec):
        for handler in probes_and_handlers(container):
            if handler.get("grpc") is not None:
                yield handler["grpc"]


def _lifecycles(spec: Object) -> Iterator[Object]:
    for container in all_containers(spec):
        if container.get("lifecycle") is not None:
            yield container["lifecycle"]


def _users(spec: Object) -> Iterator[Object]:
    """Everything whose files may belong to a user of their own; of several sources in one place, the first."""
    for volume in spec.get("volumes") or ():
        name, source = _first(volume, ("secret", "configMap", "downwardAPI", "projected"))
        if not name:
            continue
        yield source
        if name != "projected":
            yield from source.get("items") or ()
            continue
        for inner in source.get("sources") or ():
            name, source = _first(inner, _PROJECTED)
            if name in ("secret", "configMap", "downwardAPI"):
                yield from source.get("items") or ()
            elif name:
                yield source


def _first(holder: Object, names: tuple[str, ...]) -> tuple[str, Object]:
    return next(((name, holder[name]) for name in names if holder.get(name) is not None), ("", {}))
