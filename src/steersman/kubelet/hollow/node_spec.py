"""What a simulated node is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from steersman.kubelet.hollow.addresses import machine_address
from steersman.kubelet.node_status import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object

VERSION = "v1.37.2"
CAPACITY = {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
REGION_LABEL, ZONE_LABEL = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """`capacity`: what differs from CAPACITY. `zone`, `region`: empty for none. `address`: empty for one of our own."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Object] = ()
    capacity: Mapping[str, str] = field(default_factory=dict)
    allocatable: Mapping[str, str] = field(default_factory=dict)
    """What differs from the capacity."""
    zone: str = ""
    region: str = ""
    address: str = ""
    images: Mapping[str, int] = field(default_factory=dict)
    """Present from the beginning, and their sizes in bytes."""

    def dump(self) -> Any:
        """A JSON value for `load`."""
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "taints": list(self.taints),
            "capacity": dict(self.capacity),
            "allocatable": dict(self.allocatable),
            "zone": self.zone,
            "region": self.region,
            "address": self.address,
            "images": dict(self.images),
        }

    @classmethod
    def load(cls, value: Any) -> NodeSpec:
        """What `dump` gave."""
        return cls(**value)


def machine_of(spec: NodeSpec, number: int) -> Machine:
    """The machine that such a node runs on. `number`: of its own among all of the process."""
    labels = {"steersman.dev/hollow": "true", **spec.labels}
    if spec.zone:
        labels[ZONE_LABEL] = spec.zone
    if spec.region:
        labels[REGION_LABEL] = spec.region
    capacity = {**CAPACITY, **spec.capacity}
    identity = sha256(spec.name.encode()).hexdigest()
    return Machine(
        addresses=(spec.address or machine_address(number),),
        hostname=spec.name,
        capacity=capacity,
        allocatable={**capacity, **spec.allocatable},
        info={
            "machineID": identity[:32],
            "systemUUID": str(UUID(identity[:32])),
            "bootID": str(UUID(identity[32:])),
            "kernelVersion": "6.12.0-hollow",
            "osImage": "Hollow Linux",
            "containerRuntimeVersion": "hollow://1.0.0",
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
        },
        labels=labels,
        taints=spec.taints,
    )
