"""claims: what to do about a claim. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.claim_class import BETA_CLASS_ANNOTATION, class_of_claim
from steersman.api.core.volume_matching import FRESH, is_bound_to
from steersman.api.meta.quantity import parse
from steersman.client.events import NORMAL, WARNING
from steersman.controllers.persistentvolume_binder.matching import best_match, mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
PROVISIONER_BETA = "volume.beta.kubernetes.io/storage-provisioner"
PRE_RESIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"
_IS_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_IN_TREE = "kubernetes.io/"
_MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""What was part of Kubernetes once, and the drivers that took over."""


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Bind:
    """To this volume."""

    volume: Object


@dataclass(frozen=True, slots=True)
class Wait:
    """It is pending; `event` says why."""

    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Lose:
    """What it was bound to is not there any more, or is another's."""

    event: Event


@dataclass(frozen=True, slots=True)
class AssignClass:
    """There is a default class by now."""

    name: str


@dataclass(frozen=True, slots=True)
class Provision:
    """Have a driver make a volume."""

    provisioner: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Nobody can make a volume; the phase stays as it is."""

    event: Event


Action = Bind | Wait | Lose | AssignClass | Provision | Fail


def plan_claim(
    claim: Object, *, volumes: Mapping[str, Object], classes: Iterable[Object], waiting: Sequence[str]
) -> Action:
    """`volumes`: all, by name. `waiting`: names of pods that use the claim and have no node yet."""
    name = claim["spec"].get("volumeName", "")
    if BIND_COMPLETED in _annotations(claim):
        return _plan_bound(claim, volumes.get(name), name)
    if name:
        return _plan_named(claim, volumes.get(name), name)
    by_name = {each["metadata"]["name"]: each for each in classes}
    storage_class = by_name.get(class_of_claim(claim))
    delayed = storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    volume = best_match(claim, volumes.values(), delayed=delayed)
    if volume is not None:
        return Bind(volume)
    if best_match(claim, volumes.values(), delayed=delayed, phases=FRESH) is not None:
        return Wait()
    if not _has_class(claim) and (default := default_class(by_name.values())) is not None:
        return AssignClass(default["metadata"]["name"])
    if delayed and SELECTED_NODE not in _annotations(claim):
        return Wait(_waits_for(waiting))
    if class_of_claim(claim):
        return _plan_provisioning(class_of_claim(claim), storage_class)
    message = "no persistent volumes available for this claim and no storage class is set"
    return Wait(Event(NORMAL, "FailedBinding", message))


def _plan_bound(claim: Object, volume: Object | None, name: str) -> Action:
    if not name:
        message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
        return Lose(Event(WARNING, "ClaimLost", message))
    if volume is None:
        message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        return Lose(Event(WARNING, "ClaimLost", message))
    reference = volume["spec"].get("claimRef")
    if reference is None or reference.get("uid") == claim["metadata"]["uid"]:
        return Bind(volume)
    message = "Two claims are bound to the same volume, this one is bound incorrectly"
    return Lose(Event(WARNING, "ClaimMisbound", message))


def _plan_named(claim: Object, volume: Object | None, name: str) -> Action:
    if volume is None:
        return Wait()
    if volume["spec"].get("claimRef") is None:
        if reason := mismatch(volume, claim):
            return Wait(Event(WARNING, "VolumeMismatch", f'Cannot bind to requested volume "{name}": {reason}'))
        return Bind(volume)
    if is_bound_to(volume, claim):
        return Bind(volume)
    return Wait(Event(WARNING, "FailedBinding", f'volume "{name}" already bound to a different claim.'))


def _waits_for(pods: Sequence[str]) -> Event:
    if not pods:
        return Event(NORMAL, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    names = f"pods {','.join(pods)}" if len(pods) > 1 else f"pod {pods[0]}"
    return Event(NORMAL, "WaitForPodScheduled", f"waiting for {names} to be scheduled")


def _plan_provisioning(name: str, storage_class: Object | None) -> Action:
    if storage_class is None:
        message = f'storageclass.storage.k8s.io "{name}" not found'
        return Fail(Event(WARNING, "ProvisioningFailed", message))
    provisioner: str = storage_class["provisioner"]
    external = _MIGRATED.get(provisioner, provisioner)
    if external.startswith(_IN_TREE):
        return Fail(Event(WARNING, "ProvisioningFailed", f"no volume plugin matched name: {provisioner}"))
    return Provision(external)


def provisioning_event(provisioner: str) -> Event:
    message = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
        "correctly registered."
    )
    return Event(NORMAL, "ExternalProvisioning", message)


def default_class(classes: Iterable[Object]) -> Object | None:
    """The newest of those that say so; of equally new ones the first by name."""
    found = [each for each in classes if any(_annotations(each).get(name) == "true" for name in _IS_DEFAULT)]
    found.sort(key=lambda each: str(each["metadata"]["name"]))
    return max(found, key=lambda each: str(each["metadata"].get("creationTimestamp", "")), default=None)


def with_provisioner(claim: Object, provisioner: str) -> Object | None:
    """The claim that says who is to make its volume; None if it does."""
    annotations = _annotations(claim)
    if annotations.get(PROVISIONER) == annotations.get(PROVISIONER_BETA) == provisioner:
        return None
    return _annotated(claim, {PROVISIONER: provisioner, PROVISIONER_BETA: provisioner})


def bound_claim(claim: Object, volume: Object) -> Object | None:
    """The claim that names its volume; None if it does."""
    name = volume["metadata"]["name"]
    if claim["spec"].get("volumeName") == name and BIND_COMPLETED in _annotations(claim):
        return None
    added = {BIND_COMPLETED: "yes"}
    if claim["spec"].get("volumeName") != name:
        added[BOUND_BY_CONTROLLER] = _annotations(claim).get(BOUND_BY_CONTROLLER, "yes")
    return _annotated(claim, added) | {"spec": claim["spec"] | {"volumeName": name}}


def claim_status(claim: Object, phase: str, volume: Object | None) -> Object | None:
    """The claim in a phase; None if its status says so already."""
    before = claim.get("status") or {}
    status = before | {"phase": phase}
    if volume is None:
        for field in ("accessModes", "capacity", "currentVolumeAttributesClassName"):
            status.pop(field, None)
    else:
        spec = volume["spec"]
        status["accessModes"] = spec.get("accessModes") or []
        if before.get("phase") != phase:
            status["capacity"] = _capacity_of(volume, before.get("capacity") or {})
            if before.get("phase") == "Pending" and phase == "Bound" and spec.get("volumeAttributesClassName"):
                status["currentVolumeAttributesClassName"] = spec["volumeAttributesClassName"]
    return None if status == before else claim | {"status": status}


def _capacity_of(volume: Object, known: Object) -> Object:
    capacity: Object = volume["spec"].get("capacity") or {}
    before_resize = _annotations(volume).get(PRE_RESIZE)
    if before_resize is not None:
        return known | {"storage": before_resize}
    same = "storage" in known and parse(known["storage"]) == parse(capacity["storage"])
    return known if same else capacity


def _has_class(claim: Object) -> bool:
    return BETA_CLASS_ANNOTATION in _annotations(claim) or claim["spec"].get("storageClassName") is not None


def _annotations(obj: Object) -> Object:
    return obj["metadata"].get("annotations") or {}


def _annotated(obj: Object, added: Mapping[str, str]) -> Object:
    return obj | {"metadata": obj["metadata"] | {"annotations": _annotations(obj) | dict(added)}}
