"""node_lifecycle: find out which nodes are alive, and say so in conditions, taints, and the status of their pods.

Reads: nodes, leases, pods. Writes: nodes (patch; status; looked at where they are kept), pods (status), leases (only
looked at where they are kept), events.
Keys: nodes, for what follows from their state at once; pods that get a node; MONITOR, which looks at all nodes every
monitor_s, as upstream does it; zones (namespace ZONE), whose nodes are given up one by one.
Invariants: see the package.
Upstream differences: a taint that replaces another does so in one write; a node that waits for its taint keeps its
place; a node that takes the name of another is a new one; a cache of leases that is behind leaves the states of zones
as they are; what fails is tried again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from steersman.api.coordination.lease import LEASES
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.node_lifecycle.health import (
    heartbeat_of,
    observe,
    plan_not_ready,
    plan_unknown,
    ready_status,
)
from steersman.controllers.node_lifecycle.taints import (
    NOT_READY,
    UNREACHABLE,
    execute_taint,
    has_taint,
    plan_labels,
    plan_no_schedule,
    plan_swap,
)
from steersman.controllers.node_lifecycle.zones import Rates, Zones, zone_of
from steersman.controllers.pods_by_node import PODS_BY_NODE, node_names
from steersman.lib.aio import Pacer, loop_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.node_lifecycle.health import Health

MONITOR = Key("monitor/", "")
ZONE = "zone/"
LEASE_NAMESPACE = "kube-node-lease"
EXCLUDED = "node.kubernetes.io/exclude-disruption"
"""Label of nodes that say nothing about their zone."""
TRIES = 5
AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """What a user can choose."""

    monitor_s: float = 5.0
    """How often all nodes are looked at."""
    grace_s: float = 50.0
    """Without a sign of life, until a node counts as lost."""
    startup_s: float = 60.0
    """The same, for a node that never told anything."""
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True, slots=True)
class Finding:
    """About one node, by the status of its condition Ready."""

    node: Object
    before: str
    now: str | None
    """None: it has none, since it is new."""


class BehindError(Exception):
    """The cache of leases is behind: nothing can be said about nodes."""


class NodeLifecycle(Controller):
    """See the module."""

    name = "node_lifecycle"
    account = "node-controller"
    reads = (NODES, LEASES, PODS)
    writes = (
        Writes(NODES, ("get", "patch")),
        Writes(NODES, ("update",), "status"),
        Writes(PODS, ("update",), "status"),
        Writes(LEASES, ("get",)),
    )
    workers = 8

    def __init__(self, tools: Tools, *, settings: Patience | None = None) -> None:
        self._patience = settings or Patience()
        self._zones = Zones(rates=self._patience.rates)
        self._known: dict[str, Object] = {}
        """Nodes that were told of in an event."""
        self._health: dict[str, Health] = {}
        self._pods_to_tell: set[str] = set()
        """Nodes some of whose pods could not be told that they are not ready."""
        self._leases_version = 0
        """The cache of leases must have reached this."""
        self._given_up = tools.registry.counter(
            "node_collector_evictions_total", "Nodes whose pods were given up.", ("zone",)
        )
        super().__init__(tools)

    def setup(self) -> None:
        self.index(PODS, PODS_BY_NODE, node_names)
        self.on(NODES, lambda _old, new: (key_of(new),) if new is not None else ())
        self.on(PODS, _newly_assigned)

    async def run(self) -> None:
        self.queue.add(MONITOR)
        await super().run()

    async def reconcile(self, key: Key) -> Requeue | None:
        if key == MONITOR:
            await self._monitor()
            return Requeue(after_s=self._patience.monitor_s)
        if key.namespace == ZONE:
            return await self._give_up(key.name)
        if key.namespace:
            await self._reconcile_pod(key)
        else:
            await self._reconcile_node(key)
        return None

    # -- what follows from a node's state at once

    async def _reconcile_node(self, key: Key) -> None:
        node = self.view.get(NODES, key)
        if node is None:
            return
        await self._write_taints(node, lambda found: plan_no_schedule(found, timestamp=self._timestamp()))
        labels = plan_labels(node)
        if labels:
            await self.client.patch(NODES, key, {"metadata": {"labels": labels}}, kind=PatchType.STRATEGIC)

    async def _reconcile_pod(self, key: Key) -> None:
        """It came to a node that may not be ready."""
        pod = self.view.get(PODS, key)
        node = self.view.get(NODES, Key("", pod["spec"].get("nodeName", ""))) if pod is not None else None
        if pod is not None and node is not None and ready_status(node) not in (None, "True"):
            await self._tell_pod(pod)

    # -- all nodes

    async def _monitor(self) -> None:
        nodes = self.view.list(NODES)
        for node in self._register(nodes):
            await self._write_taints(node, self._without_taints)
        ready: dict[str, list[bool]] = {}
        remaining = iter(nodes)
        try:
            await asyncio.gather(*(self._check_all(remaining, ready) for _ in range(AT_A_TIME)))
        except BehindError as error:
            self.logger.info("%s", error)
            return
        match self._zones.settle(ready, loop_time()):
            case "lost":
                self.logger.warning("no node is ready: none is given up any more")
                for node in nodes:
                    self._zones.meet(zone_of(node), loop_time()).waiting.pop(node["metadata"]["name"], None)
                    await self._write_taints(node, self._without_taints)
            case "found":
                self.logger.warning("nodes are ready again: others have time to follow")
                now = loop_time()
                self._health = {name: replace(health, alive_at=now) for name, health in self._health.items()}
        for zone, queue in self._zones.queues.items():
            if queue.waiting:
                self.queue.add(Key(ZONE, zone))

    def _register(self, nodes: Sequence[Object]) -> list[Object]:
        """Tell of nodes that came and went; those that came."""
        now = loop_time()
        present = {node["metadata"]["name"]: node["metadata"]["uid"] for node in nodes}
        gone = [name for name, node in self._known.items() if present.get(name) != node["metadata"]["uid"]]
        for name in gone:
            self._tell(self._known.pop(name), "RemovingNode", f"Removing Node {name} from Controller")
            self._health.pop(name, None)
            self._pods_to_tell.discard(name)
        came = []
        for node in nodes:
            self._zones.meet(zone_of(node), now)
            name = node["metadata"]["name"]
            if name not in self._known:
                self._tell(node, "RegisteredNode", f"Registered Node {name} in Controller")
                came.append(node)
            self._known[name] = node
        return came

    async def _check_all(self, nodes: Iterator[Object], ready: dict[str, list[bool]]) -> None:
        """Until `nodes` is exhausted, which several share. Adds to `ready`, by zone, whether they are."""
        pacer = Pacer()
        for node in nodes:
            await pacer.pause()
            try:
                finding = await self._find_out(node)
                if EXCLUDED not in (finding.node["metadata"].get("labels") or {}):
                    ready.setdefault(zone_of(finding.node), []).append(finding.now == "True")
                if finding.now is not None:
                    await self._follow_up(finding)
            except NotFound:
                continue  # it was deleted
            except (ApiError, TransportError) as error:
                self.logger.warning("node %s: %s", node["metadata"]["name"], error)

    async def _find_out(self, node: Object) -> Finding:
        """Look for signs of life, and give up what shows none. Raises ApiError, TransportError, BehindError."""
        for _ in range(TRIES - 1):
            try:
                return await self._look(node)
            except NotFound:
                raise
            except (ApiError, TransportError) as error:
                self.logger.debug("node %s: %s", node["metadata"]["name"], error)
                node = await self.client.get(NODES, key_of(node))
        return await self._look(node)

    async def _look(self, node: Object) -> Finding:
        if not self.view.reached(LEASES, self._leases_version):
            raise BehindError("leases of nodes are not up to date here, nodes are not looked at")
        name = node["metadata"]["name"]
        lease = self.view.get(LEASES, Key(LEASE_NAMESPACE, name))
        now = loop_time()
        health = observe(node, self._health.get(name), lease, now=now, wall=self.clock.now())
        self._health[name] = health
        status = ready_status(node)
        grace_s = self._patience.startup_s if status is None else self._patience.grace_s
        finding = Finding(node, status or "Unknown", status)
        if now <= health.alive_at + grace_s:
            return finding
        await self._check_lease(name, lease)
        conditions = plan_unknown(node, timestamp=self._timestamp())
        if conditions is None:
            return finding
        lost = await self.client.update_status(NODES, node | {"status": node["status"] | {"conditions": conditions}})
        # What was written here is no sign of life.
        self._health[name] = replace(health, heartbeat=heartbeat_of(lost))
        return Finding(lost, finding.before, "Unknown")

    async def _check_lease(self, name: str, lease: Object | None) -> None:
        """Raises BehindError if the lease is another than in the cache."""
        try:
            found = await self.client.get(LEASES, Key(LEASE_NAMESPACE, name))
        except NotFound:
            return
        version = found["metadata"]["resourceVersion"]
        if lease is None or lease["metadata"]["resourceVersion"] != version:
            self._leases_version = max(self._leases_version, int(version))
            raise BehindError(f"the lease of node {name} is not up to date here, nodes are not looked at")

    async def _follow_up(self, finding: Finding) -> None:
        node, name = finding.node, finding.node["metadata"]["name"]
        try:
            await self._follow_up_taints(node, finding.now)
        except (ApiError, TransportError) as error:
            self.logger.warning("taints of node %s: %s", name, error)  # the next round tries again
        lost = finding.now != "True"
        if lost and finding.before == "True":
            self._tell_status(node, "NodeNotReady")
        elif not (name in self._pods_to_tell and finding.before != "True"):
            self._pods_to_tell.discard(name)
            return
        self._pods_to_tell.add(name)
        if await self._tell_pods(name):
            self._pods_to_tell.discard(name)

    async def _follow_up_taints(self, node: Object, status: str | None) -> None:
        waiting = self._zones.meet(zone_of(node), loop_time()).waiting
        name = node["metadata"]["name"]
        taints = execute_taint(status)
        if taints is None:
            waiting.pop(name, None)
            await self._write_taints(node, self._without_taints)
            return
        wanted, opposite = taints
        if has_taint(node, opposite):
            # It was given up already, and only the reason is another: nothing to wait for.
            await self._write_taints(node, self._swap(wanted, opposite))
        elif not has_taint(node, wanted):
            waiting.setdefault(name)

    # -- giving up

    async def _give_up(self, zone: str) -> Requeue | None:
        """The nodes of a zone that wait for it, as fast as the zone allows."""
        queue = self._zones.queues[zone]
        while queue.waiting:
            now = loop_time()
            wait_s = queue.free_in_s(now)
            if wait_s is None:
                return None
            if wait_s > 0:
                return Requeue(after_s=wait_s)
            name = next(iter(queue.waiting))
            node = self.view.get(NODES, Key("", name))
            taints = execute_taint(ready_status(node)) if node is not None else None
            if node is not None and taints is not None and not has_taint(node, taints[0]):
                queue.take(now)
                if await self._write_taints(node, self._swap(*taints)):
                    self._given_up.labels(zone).inc()
            queue.waiting.pop(name, None)
        return None

    # -- writing

    def _without_taints(self, node: Object) -> list[Object] | None:
        return plan_swap(node, remove=(UNREACHABLE, NOT_READY), timestamp=self._timestamp())

    def _swap(self, wanted: Object, opposite: Object) -> Callable[[Object], list[Object] | None]:
        return lambda node: plan_swap(node, add=(wanted,), remove=(opposite,), timestamp=self._timestamp())

    async def _write_taints(self, node: Object, plan: Callable[[Object], list[Object] | None]) -> bool:
        """Whether the node has other taints now. Raises ApiError, TransportError."""
        key = key_of(node)
        for attempt in range(1, TRIES + 1):
            taints = plan(node)
            if taints is None:
                return False
            patch = {
                "metadata": {"resourceVersion": node["metadata"]["resourceVersion"]},
                "spec": {"taints": taints or None},
            }
            try:
                await self.client.patch(NODES, key, patch, kind=PatchType.STRATEGIC)
            except NotFound:
                return False
            except Conflict:
                if attempt == TRIES:
                    raise
                node = await self.client.get(NODES, key)
            else:
                return True
        return False

    async def _tell_pods(self, node: str) -> bool:
        """All pods of a node that they are not ready; whether that went well."""
        well = True
        for pod in self.view.by_index(PODS, PODS_BY_NODE, node):
            try:
                await self._tell_pod(pod)
            except (ApiError, TransportError) as error:
                self.logger.warning("pod %s is not told that it is not ready: %s", key_of(pod), error)
                well = False
        return well

    async def _tell_pod(self, pod: Object) -> None:
        status = plan_not_ready(pod, timestamp=self._timestamp())
        if status is None:
            return
        try:
            await self.client.update_status(PODS, pod | {"status": status})
        except NotFound:
            return
        self.recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready")

    def _tell(self, node: Object, reason: str, message: str) -> None:
        self.recorder.event(_reference(node), "Normal", reason, f"Node {node['metadata']['name']} event: {message}")

    def _tell_status(self, node: Object, status: str) -> None:
        name = node["metadata"]["name"]
        self.recorder.event(_reference(node), "Normal", status, f"Node {name} status is now: {status}")

    def _timestamp(self) -> str:
        return format_time(self.clock.now())


def _newly_assigned(old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None or not new["spec"].get("nodeName"):
        return ()
    same = old is not None and old["spec"].get("nodeName") == new["spec"]["nodeName"]
    return () if same else (key_of(new),)


def _reference(node: Object) -> Object:
    metadata = node["metadata"]
    return {"kind": "Node", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
