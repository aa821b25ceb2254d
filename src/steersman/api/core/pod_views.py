"""What the subresources `status` and `ephemeralcontainers` of a pod let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.gates import drop_disabled

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Context

_KEPT_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
_KEPT_STATUS = ("resourceClaimStatuses", "extendedResourceClaimStatus", "nodeAllocatableResourceClaimStatuses")
_CLAIMS_OF_NODES = "nodeAllocatableResourceClaimStatuses"


def put_back(new: Object, old: Object, *names: str) -> None:
    for name in names:
        if name in old:
            new[name] = old[name]
        else:
            new.pop(name, None)


def reset_metadata(new: Object, old: Object) -> None:
    """Metadata that a subresource never changes."""
    put_back(new["metadata"], old["metadata"], *_KEPT_METADATA)


def prepare_ephemeral_containers(new: Object, old: Object, _ctx: Context) -> None:
    given = (new.get("spec") or {}).get("ephemeralContainers")
    spec = dict(old.get("spec") or {})
    if given is None:
        spec.pop("ephemeralContainers", None)
    else:
        spec["ephemeralContainers"] = given
    new["spec"] = spec
    put_back(new, old, "status")
    reset_metadata(new, old)
    drop_disabled(new, old)


def prepare_status(new: Object, old: Object, _ctx: Context) -> None:
    put_back(new, old, "spec")
    put_back(new["metadata"], old["metadata"], "ownerReferences")
    status, before = new.setdefault("status", {}), old.get("status") or {}
    if not status.get("qosClass"):
        put_back(status, before, "qosClass")
    for name in _KEPT_STATUS:
        if status.get(name) is None:
            put_back(status, before, name)
    if before.get(_CLAIMS_OF_NODES) is None:
        status.pop(_CLAIMS_OF_NODES, None)  # its feature is off
    if before.get("volumeHealth") is None:
        status.pop("volumeHealth", None)
    _keep_observed_generation(status, before)


def _keep_observed_generation(status: Object, before: Object) -> None:
    """Older clients do not know the field; it must not be lost when they write."""
    if not status.get("observedGeneration"):
        put_back(status, before, "observedGeneration")
    known: dict[str, list[int]] = {}
    for condition in before.get("conditions") or ():
        known.setdefault(condition.get("type") or "", []).append(condition.get("observedGeneration") or 0)
    for condition in status.get("conditions") or ():
        generations = known.get(condition.get("type") or "") or [0]
        generation = generations.pop(0)
        if not condition.get("observedGeneration") and generation:
            condition["observedGeneration"] = generation
