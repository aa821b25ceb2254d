"""NodePorts: a host port is taken once per node, address and protocol; 0.0.0.0 stands for all addresses.

Upstream: pkg/scheduler/framework/plugins/nodeports, HostPortInfo. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steersman.scheduler.events import NODE_ADDED, POD_DELETED, Event
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo

_ALL = "0.0.0.0"  # noqa: S104 - compared, not bound


class HostPort(NamedTuple):
    """What a container asks a node for."""

    protocol: str
    port: int
    ip: str


class NodePorts(Plugin):
    """See the module."""

    name = "NodePorts"
    helped_by = frozenset({NODE_ADDED, POD_DELETED})

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        return event.old is None or clash(host_ports(pod), frozenset(_read(event.old["spec"])))

    def pre_filter(self, cycle: Cycle) -> Skip | None:
        return None if host_ports(cycle.pod) else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        wanted = host_ports(cycle.pod)
        taken = (any(clash(wanted, host_ports(pod)) for pod in pods.values()) for pods in cycle.snapshot.pods)
        nodes = np.fromiter(taken, np.bool_, len(cycle.snapshot))
        yield Refusal(nodes, "node(s) didn't have free ports for the requested pod ports", preemptable=True)


def host_ports(pod: PodInfo) -> frozenset[HostPort]:
    """Of its containers and sidecars."""
    known = pod.memo.get(NodePorts.name)
    if not isinstance(known, frozenset):
        known = pod.memo[NodePorts.name] = frozenset(_read(pod.spec))
    return known


def clash(wanted: frozenset[HostPort], taken: frozenset[HostPort]) -> bool:
    """Whether both cannot be on one node."""
    return any(
        one.port == other.port and one.protocol == other.protocol and (one.ip == other.ip or _ALL in (one.ip, other.ip))
        for one in wanted
        for other in taken
    )


def _read(spec: Object) -> Iterable[HostPort]:
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in (*(spec.get("containers") or ()), *sidecars):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield HostPort(port.get("protocol") or "TCP", port["hostPort"], port.get("hostIP") or _ALL)
