"""volumes: what to do about a volume. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.volume_matching import differ_in_mode, is_bound_to
from steersman.client.events import WARNING
from steersman.controllers.persistentvolume_binder.claims import BOUND_BY_CONTROLLER, Event

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
MIGRATED_TO = "pv.kubernetes.io/migrated-to"
_OVER = ("Released", "Failed")


@dataclass(frozen=True, slots=True)
class Phase:
    """It is in this phase. `event` tells why, if that is new."""

    name: str
    message: str = ""
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Unbind:
    """Its claim has another volume."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """It is meant for a claim that it cannot serve."""

    for_volume: Event
    for_claim: Event


Action = Phase | Unbind | Mismatch


def plan_volume(volume: Object, claim: Object | None) -> tuple[Action, ...]:
    """In this order. `claim`: the very one that it is bound to (by uid)."""
    reference = volume["spec"].get("claimRef")
    name = volume["metadata"]["name"]
    if reference is None or not reference.get("uid"):
        return (Phase("Available"),)
    if claim is None:
        return _plan_release(volume)
    if not claim["spec"].get("volumeName"):
        if differ_in_mode(volume, claim):
            claim_name = claim["metadata"]["name"]
            for_volume = (
                f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{claim_name}" due to incompatible '
                "volumeMode."
            )
            for_claim = (
                f'Cannot bind PersistentVolume "{name}" to requested PersistentVolumeClaim due to incompatible '
                "volumeMode."
            )
            mismatch = "VolumeMismatch"
            return (Mismatch(Event(WARNING, mismatch, for_volume), Event(WARNING, mismatch, for_claim)),)
        return ()  # the claim binds itself, or has just done so
    if claim["spec"]["volumeName"] == name:
        return (Phase("Bound"),)
    made_for_it = PROVISIONED_BY in (volume["metadata"].get("annotations") or {})
    if made_for_it and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        return _plan_release(volume)
    return (Unbind(),)


def _plan_release(volume: Object) -> tuple[Action, ...]:
    phase = (volume.get("status") or {}).get("phase")
    released: tuple[Action, ...] = () if phase in _OVER else (Phase("Released"),)
    annotations = volume["metadata"].get("annotations") or {}
    if annotations.get(MIGRATED_TO):
        return released
    match volume["spec"].get("persistentVolumeReclaimPolicy"):
        case "Retain":
            return released
        case "Delete":
            return (*released, *_plan_deletion(volume))
        case "Recycle":
            message = "No recycler plugin found for the volume!"
            return (*released, Phase("Failed", message, Event(WARNING, "VolumeFailedRecycle", message)))
        case _:
            message = "Volume has unrecognized PersistentVolumeReclaimPolicy"
            return (*released, Phase("Failed", message, Event(WARNING, "VolumeUnknownReclaimPolicy", message)))


def _plan_deletion(volume: Object) -> tuple[Action, ...]:
    """A driver deletes what a driver has made, and all that is CSI; nobody deletes the rest."""
    provisioner = (volume["metadata"].get("annotations") or {}).get(PROVISIONED_BY, "kubernetes.io/")
    if not provisioner.startswith("kubernetes.io/") or volume["spec"].get("csi") is not None:
        return ()
    message = (
        f'error getting deleter volume plugin for volume "{volume["metadata"]["name"]}": '
        "no deletable volume plugin matched"
    )
    return (Phase("Failed", message, Event(WARNING, "VolumeFailedDelete", message)),)


def bound_volume(volume: Object, claim: Object) -> Object | None:
    """The volume that names the claim; None if it does."""
    metadata = claim["metadata"]
    reference = volume["spec"].get("claimRef") or {}
    annotations = volume["metadata"].get("annotations") or {}
    changed = volume
    wanted = (metadata["name"], metadata["namespace"], metadata["uid"])
    if (reference.get("name"), reference.get("namespace"), reference.get("uid")) != wanted:
        new = {
            "kind": PERSISTENT_VOLUME_CLAIMS.kind,
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": PERSISTENT_VOLUME_CLAIMS.api_version,
            "resourceVersion": metadata["resourceVersion"],
        }
        changed = volume | {"spec": volume["spec"] | {"claimRef": new}}
    if not is_bound_to(volume, claim) and BOUND_BY_CONTROLLER not in annotations:
        changed |= {"metadata": volume["metadata"] | {"annotations": annotations | {BOUND_BY_CONTROLLER: "yes"}}}
    return None if changed is volume else changed


def unbound_volume(volume: Object) -> Object:
    """As it was before it was bound: free, or meant for the claim that somebody has named."""
    metadata, spec = volume["metadata"], volume["spec"]
    annotations = metadata.get("annotations") or {}
    if BOUND_BY_CONTROLLER not in annotations:
        reference = {key: value for key, value in spec["claimRef"].items() if key != "uid"}
        return volume | {"spec": spec | {"claimRef": reference}}
    left = {key: value for key, value in annotations.items() if key != BOUND_BY_CONTROLLER}
    return volume | {
        "metadata": metadata | {"annotations": left},
        "spec": {key: value for key, value in spec.items() if key != "claimRef"},
    }
