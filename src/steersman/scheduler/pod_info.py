"""What the scheduler wants to know of a pod, read once. Pure.

Amounts are integers: cpu in thousandths, everything else in units, as upstream's framework.Resource holds them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.core.pod_resources import charged_requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

DEFAULT_SCHEDULER = "default-scheduler"
CPU, MEMORY, EPHEMERAL, PODS = "cpu", "memory", "ephemeral-storage", "pods"
_UNSAID = {CPU: "100m", MEMORY: "200Mi"}
"""What a container that asks for nothing counts as when nodes are compared."""


@dataclass(slots=True)
class PodInfo:
    """One pod. `requests`: what it really asks for; `scored`: cpu and memory as they count in scores."""

    pod: Object
    key: tuple[str, str]
    uid: str
    priority: int
    requests: Mapping[str, int]
    scored: Mapping[str, int]
    memo: dict[str, object] = field(default_factory=dict)
    """What plugins derived from this pod alone, by their name."""

    @property
    def spec(self) -> Object:
        spec: Object = self.pod["spec"]
        return spec

    @property
    def scheduler(self) -> str:
        """The name of the profile by which it wants to be placed."""
        return scheduler_of(self.pod)

    @property
    def labels(self) -> Object:
        return self.pod["metadata"].get("labels") or {}


def scheduler_of(pod: Object) -> str:
    name: str = pod["spec"].get("schedulerName") or DEFAULT_SCHEDULER
    return name


def read_pod(pod: Object) -> PodInfo:
    metadata, spec = pod["metadata"], pod["spec"]
    requests = {name: amount_of(name, quantity) for name, quantity in charged_requests(pod).items()}
    filled = charged_requests(pod | {"spec": _with_unsaid(spec)})
    return PodInfo(
        pod=pod,
        key=(metadata.get("namespace", ""), metadata["name"]),
        uid=metadata.get("uid", ""),
        priority=spec.get("priority") or 0,
        requests=requests,
        scored={name: amount_of(name, filled[name]) for name in (CPU, MEMORY) if name in filled},
    )


def amount_of(name: str, quantity: Quantity) -> int:
    """A quantity as an integer: rounded up, cpu in thousandths."""
    return quantity.milli_value() if name == CPU else quantity.value()


def _with_unsaid(spec: Object) -> Object:
    """The specification with an amount for every container that names none; what is named, zero too, stays."""
    kinds = ("containers", "initContainers")
    return spec | {kind: [_filled(container) for container in spec.get(kind) or ()] for kind in kinds}


def _filled(container: Object) -> Object:
    resources = container.get("resources") or {}
    return container | {"resources": {"requests": {**_UNSAID, **(resources.get("requests") or {})}}}
