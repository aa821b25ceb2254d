"""Through `resize`: cpu and memory of a running pod may change in place (KEP-1287), nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.go_types import semantic_equal
from steersman.api.core.pod_update import validate_metadata_and_spec
from steersman.api.core.pod_views import reset_metadata
from steersman.api.core.podspec.arithmetic import default_pod_resources, qos_class
from steersman.api.core.podspec.gates import drop_disabled
from steersman.api.core.podspec.remembered import spec_options
from steersman.api.core.podspec.validation.annotations import MIRROR
from steersman.api.core.podspec.walk import is_sidecar, is_windows
from steersman.api.errors import FieldError, forbidden, invalid

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Context

_COMPUTE = ("cpu", "memory")
_LISTS = ("containers", "initContainers")


def prepare_resize(new: Object, old: Object, _ctx: Context) -> None:
    """Only resources and resize policies of the same containers get through."""
    spec, before = new.setdefault("spec", {}), old.get("spec") or {}
    if all(len(spec.get(name) or ()) == len(before.get(name) or ()) for name in _LISTS):
        merged = dict(before)
        for name in _LISTS:
            if before.get(name):
                merged[name] = _with_resources(spec[name], before[name])
        if spec.get("resources") is not None:
            merged["resources"] = spec["resources"]
        new["spec"] = spec = merged
        new["status"] = old.get("status") or {}
        reset_metadata(new, old)
    if spec.get("resources") is None and before.get("resources") is not None:
        spec["resources"] = before["resources"]
    if spec.get("resources") is not None:
        spec["resources"] = dict(spec["resources"])
        default_pod_resources(spec)
    drop_disabled(new, old)


def _with_resources(new: list[Object], old: list[Object]) -> list[Object]:
    if [container.get("name") for container in new] != [container.get("name") for container in old]:
        return new
    merged = []
    for container, other in zip(new, old, strict=True):
        copy = dict(other)
        for name in ("resources", "resizePolicy"):
            if name in container:
                copy[name] = container[name]
            else:
                copy.pop(name, None)
        merged.append(copy)
    return merged


def validate_resize(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    if MIRROR in ((old.get("metadata") or {}).get("annotations") or {}):
        return [forbidden("[]", "static pods cannot be resized")]
    if is_windows(before):
        return [forbidden("[]", "windows pods cannot be resized")]
    errors = validate_metadata_and_spec(new, spec_options(old))
    was = (old.get("status") or {}).get("qosClass") or qos_class(before)
    if was != qos_class(spec):
        shown = (new.get("status") or {}).get("qosClass") or ""
        errors.append(invalid("spec", shown, "Pod QOS Class may not change as a result of resizing"))
    if not _node_can_resize(old):
        errors.append(forbidden("spec", "Pod running on node without support for resize"))
    rest = dict(spec)
    if any(_is_set(each.get("resources")) for each in (spec, before)):
        errors += _validate_pod_level(rest, before)
    order = _validate_order(spec, before)
    if order:
        return errors + order
    errors += _validate_removed(spec, before)
    errors += _validate_containers(rest, before)
    if not semantic_equal("[]Volume", spec.get("volumes"), before.get("volumes")):
        gate = "InPlacePodVerticalScalingMemoryBackedVolumes"
        detail = f"volumes are immutable on resize when {gate} feature gate is disabled"
        errors.append(forbidden("spec.volumes", detail))
    if errors:
        return errors
    if not semantic_equal("PodSpec", rest, before):
        errors.append(forbidden("spec", "only cpu and memory resources are mutable"))
    return errors


def _node_can_resize(pod: Object) -> bool:
    """A node that knows resizing reports the resources of running containers."""
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        if (status.get("state") or {}).get("running") is not None:
            return status.get("resources") is not None
    return True


def _is_set(resources: Object | None) -> bool:
    return bool(resources and (resources.get("requests") or resources.get("limits")))


def _removed(new: Object | None, old: Object | None, kind: str) -> bool:
    return not set((old or {}).get(kind) or ()) <= set((new or {}).get(kind) or ())


def _validate_pod_level(rest: Object, before: Object) -> list[FieldError]:
    """`rest` gets the old cpu and memory back."""
    new, old = rest.get("resources"), before.get("resources")
    if old is not None and new is None:
        return [forbidden("spec.resources", "pod-level resources cannot be removed")]
    errors = [
        forbidden(f"spec.resources.{kind}", f"pod-level resource {kind} cannot be removed")
        for kind in ("requests", "limits")
        if _removed(new, old, kind)
    ]
    rest["resources"] = _unchanged_compute(new, old)
    if not semantic_equal("*ResourceRequirements", rest["resources"], old):
        errors.append(forbidden("spec", "only cpu and memory resources are mutable at pod-level"))
    return errors


def _validate_order(spec: Object, before: Object) -> list[FieldError]:
    errors = []
    for name in _LISTS:
        new, old = spec.get(name) or (), before.get(name) or ()
        if len(new) != len(old):
            errors.append(forbidden(f"spec.{name}", f"{name} may not be added or removed on resize"))
            continue
        errors += [
            forbidden(f"spec.{name}[{index}].name", f"{name} may not be renamed or reordered on resize")
            for index, container in enumerate(old)
            if new[index].get("name") != container.get("name")
        ]
    return errors


def _validate_removed(spec: Object, before: Object) -> list[FieldError]:
    return [
        forbidden(f"spec.{name}[{index}].resources.{kind}", f"resource {kind} cannot be removed")
        for name in reversed(_LISTS)
        for index, container in enumerate(before.get(name) or ())
        for kind in ("requests", "limits")
        if _removed(spec[name][index].get("resources"), container.get("resources"), kind)
    ]


def _validate_containers(rest: Object, before: Object) -> list[FieldError]:
    """`rest` gets the old cpu and memory back."""
    errors: list[FieldError] = []
    for name in _LISTS:
        if not rest.get(name):
            continue
        kept = []
        for index, (container, other) in enumerate(zip(rest[name], before[name], strict=True)):
            changed = not semantic_equal("Container", container, other)
            copy = dict(container)
            copy["resources"] = _unchanged_compute(container.get("resources") or {}, other.get("resources"))
            kept.append(copy)
            at = "spec" if name == "containers" else f"spec.initContainers[{index}]"
            if not semantic_equal("Container", copy, other):
                which = "" if name == "containers" else " for init or sidecar containers"
                errors.append(forbidden(at, f"only cpu and memory resources{which} are mutable"))
            if name == "initContainers" and changed and not is_sidecar(container):
                errors += _restarting_init_container(container, at)
        rest[name] = kept
    return errors


def _restarting_init_container(container: Object, path: str) -> list[FieldError]:
    detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
    policies = container.get("resizePolicy") or ()
    return [forbidden(path, detail) for policy in policies if policy.get("restartPolicy") == "RestartContainer"]


def _unchanged_compute(new: Object | None, old: Object | None) -> Object | None:
    """`new` with the old cpu and memory."""
    if new is None:
        return None
    out = dict(new)
    for kind in ("requests", "limits"):
        amounts = {k: v for k, v in (new.get(kind) or {}).items() if k not in _COMPUTE}
        amounts |= {k: v for k, v in ((old or {}).get(kind) or {}).items() if k in _COMPUTE}
        out[kind] = amounts or None
    if old is None and not any(out.values()):
        return None
    return out
