"""Terse builders of what volumes are made of, and a Storage that knows it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.csi_node import CSI_NODES
from steersman.api.storage.csi_storage_capacity import CSI_STORAGE_CAPACITIES
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS
from steersman.client.informer import Informers
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.storage import Storage

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo

_KINDS = {
    "claims": PERSISTENT_VOLUME_CLAIMS,
    "volumes": PERSISTENT_VOLUMES,
    "classes": STORAGE_CLASSES,
    "csi_nodes": CSI_NODES,
    "csi_drivers": CSI_DRIVERS,
    "capacities": CSI_STORAGE_CAPACITIES,
    "attachments": VOLUME_ATTACHMENTS,
}


class Bench:
    """A storage that is told what there is, by kind."""

    def __init__(self, **objects: list[Object]) -> None:
        self.informers = Informers(client=None, rng=random.Random(1))  # type: ignore[arg-type]  # follows nothing
        self.storage = Storage(informers=self.informers)
        self._revision = 1
        for kind, listed in objects.items():
            self.show(kind, *listed)

    def show(self, kind: str, *objects: Object) -> None:
        """Nothing but these is there."""
        self._revision += 1
        self.informers.of(_KINDS[kind]).replace(objects, str(self._revision))


def storage(**objects: list[Object]) -> Storage:
    return Bench(**objects).storage


def claim(
    name: str = "c", *, volume: str = "", cls: str = "s", size: str = "1Gi", version: int = 1, **metadata: Any
) -> Object:
    """In namespace `ns`; bound in full if a volume is named."""
    annotations = {**({"pv.kubernetes.io/bind-completed": "yes"} if volume else {}), **metadata.pop("annotations", {})}
    return {
        "metadata": {
            "namespace": "ns",
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": str(version),
            **({"annotations": annotations} if annotations else {}),
            **metadata,
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": cls,
            "resources": {"requests": {"storage": size}},
            **({"volumeName": volume} if volume else {}),
        },
        "status": {"phase": "Bound" if volume else "Pending"},
    }


def volume(
    name: str = "v",
    *,
    on: str = "",
    size: str = "1Gi",
    cls: str = "s",
    labels: Object | None = None,
    version: int = 1,
    **spec: Any,
) -> Object:
    """Of the CSI driver `d`, if nothing else is said. `on`: the only host it can be used on."""
    where = {"key": "kubernetes.io/hostname", "operator": "In", "values": [on]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [where]}]}}
    kinds = ("csi", "awsElasticBlockStore", "gcePersistentDisk")
    source = {} if any(kind in spec for kind in kinds) else {"csi": {"driver": "d", "volumeHandle": name}}
    return {
        "metadata": {"name": name, "labels": labels or {}, "resourceVersion": str(version)},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": cls,
            **source,
            **({"nodeAffinity": affinity} if on else {}),
            **spec,
        },
        "status": {"phase": "Available"},
    }


def storage_class(name: str = "s", *, waits: bool = True, provisioner: str = "d", **fields: Any) -> Object:
    mode = "WaitForFirstConsumer" if waits else "Immediate"
    return {"metadata": {"name": name}, "provisioner": provisioner, "volumeBindingMode": mode, **fields}


def csi_node(name: str, *, migrated: str = "", **limits: int | None) -> Object:
    """`limits`: by driver; None: as many as may be."""
    listed = [
        {"name": driver, "nodeID": name, **({"allocatable": {"count": count}} if count is not None else {})}
        for driver, count in limits.items()
    ]
    annotations = {"storage.alpha.kubernetes.io/migrated-plugins": migrated} if migrated else {}
    return {"metadata": {"name": name, "annotations": annotations}, "spec": {"drivers": listed}}


def user(*claims: str, name: str = "p", volumes: tuple[Object, ...] = (), **metadata: Any) -> PodInfo:
    """A pod in `ns` that uses claims, and other volumes."""
    named = [{"name": f"v{at}", "persistentVolumeClaim": {"claimName": each}} for at, each in enumerate(claims)]
    spec = {"containers": [{"name": "c"}], "volumes": [*named, *volumes]}
    return read_pod({"metadata": {"namespace": "ns", "name": name, "uid": name, **metadata}, "spec": spec})
