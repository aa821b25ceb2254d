"""hollow nodes: kubelets of thousands of simulated nodes, in one process, on one event loop.

Reads: pods and nodes, once for all of them. Writes, as each node: its Node, its lease, statuses of its pods, events;
and deletes pods that have ended. One task looks at pods that have something new, a fixed number of them write.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key, PatchType
from steersman.client.workqueue import WorkQueue
from steersman.kubelet.hollow.behaviours import FAIL, Behaviours
from steersman.kubelet.hollow.event_writer import COMPONENT, EventWriter
from steersman.kubelet.hollow.node import HollowNode, State
from steersman.kubelet.hollow.node_spec import NodeSpec
from steersman.kubelet.hollow.settings import check_annotation
from steersman.kubelet.hollow.usage import NONE, Usage
from steersman.lib.aio import Pacer, Tasks, loop_time
from steersman.runtimes.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.informer import Informers
    from steersman.kubelet.hollow.behaviours import NodeEvent
    from steersman.kubelet.hollow.pod_worker import PodWorker
    from steersman.lib.clock import Clock
    from steersman.runtimes.life import Life

USER = "system:steersman:hollow-nodes"
RULES = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["delete", "list", "watch"]},
)
"""What USER needs, as whom all nodes read together, and take Nodes away with their machines."""
NODE_USER, NODE_GROUP = "system:node:", "system:nodes"
STATUS_WRITERS, BEAT_WRITERS, EVENT_WRITERS = 64, 16, 16
"""So many writes may wait for their commit at once; heartbeats have their own, so that nothing starves them."""
BY_NODE = "spec.nodeName"
_log = logging.getLogger(__name__)


class Clients(Protocol):
    """Makes clients that come as somebody: cluster.local_clients.LocalClients."""

    def client(self, user: str, groups: tuple[str, ...] = (), *, manager: str = "") -> Client:
        """The user's; what is written with it is managed by `manager`."""


class HollowNodes:
    """See the module."""

    def __init__(
        self,
        *,
        clients: Clients,
        informers: Informers,
        clock: Clock,
        rng: Random,
        on_crash: Callable[[str, BaseException], None],
        behaviours: Behaviours | None = None,
    ) -> None:
        """`informers`: of somebody who may watch pods and nodes (RULES); started by whoever made them, after this."""
        self.timers = Timers()
        self.clock = clock
        self.rng = rng
        self.behaviours = behaviours or Behaviours()
        self._clients = clients
        self._tasks = Tasks(on_crash=on_crash)
        self._pods = informers.of(PODS)
        self._nodes_seen = informers.of(NODES)
        self._nodes: dict[str, HollowNode] = {}
        self._numbers = 0
        self._events = EventWriter(clock=clock, rng=rng)
        self._dirty: dict[PodWorker, None] = {}
        self._woken = asyncio.Event()
        self._queue: WorkQueue[str] = WorkQueue(backoff_s=0.1, backoff_s_max=10.0)
        self._writing: dict[str, tuple[HollowNode, PodWorker]] = {}
        self._beats: deque[HollowNode] = deque()
        self._beat_due = asyncio.Semaphore(0)
        self._commands: dict[Key, dict[str, str]] = {}
        self._remover: Client | None = None
        self._registering: dict[str, asyncio.Future[None]] = {}
        self._pods.add_index(BY_NODE, _node_name)

    # -- life

    async def start(self) -> None:
        """The informers are filled by now."""
        self._pods.add_handler(self._heard)
        self._tasks.start(self._look(), name="hollow nodes: pods")
        for _ in range(STATUS_WRITERS):
            self._tasks.start(self._write_statuses(), name="hollow nodes: statuses")
        for _ in range(BEAT_WRITERS):
            self._tasks.start(self._write_beats(), name="hollow nodes: heartbeats")
        for _ in range(EVENT_WRITERS):
            self._tasks.start(self._events.run(), name="hollow nodes: events")

    async def stop(self) -> None:
        """All nodes fall silent; the API is told nothing."""
        await self._tasks.close()
        self.timers.close()
        self._queue.close()
        for node in self._nodes.values():
            node.close()

    @property
    def idle(self) -> bool:
        """Nothing is to be looked at or written; what is due later does not count."""
        return not self._dirty and self._queue.idle and not self._beats and not len(self._events)

    # -- nodes

    async def add(self, *specs: NodeSpec) -> None:
        """Start these nodes; returns when all are registered. Raises ValueError for a name that is taken."""
        for spec in specs:
            if spec.name in self._nodes:
                raise ValueError(f"there is a hollow node {spec.name!r} already")
        loop, waiting = asyncio.get_running_loop(), []
        pacer = Pacer()
        for spec in specs:
            self._numbers += 1
            node = self._make(spec, self._numbers)
            waiting.append(loop.create_future())
            self._registering[spec.name] = waiting[-1]
            node.begin()
            self._plan_events(node)
            await pacer.pause()  # a certificate is issued for each
        for future in waiting:
            await future

    async def remove(self, name: str) -> None:
        """Take a machine away: its containers are gone, and its Node too. Raises KeyError."""
        node = self._nodes.pop(name)
        node.close()
        waiting = self._registering.pop(name, None)
        if waiting is not None and not waiting.done():
            waiting.cancel()
        if self._remover is None:
            self._remover = self._clients.client(USER)
        with suppress(NotFound):
            await self._remover.delete(NODES, Key("", name))

    def fail(self, name: str) -> None:
        """Its machine dies: no heartbeat, no status, and its containers are gone. Raises KeyError."""
        self._nodes[name].fail()

    def partition(self, name: str) -> None:
        """Nothing gets from it to the API, or back; its containers go on. Raises KeyError."""
        self._nodes[name].cut_off()

    def heal(self, name: str) -> None:
        """The network is back, or the machine has booted. Raises KeyError."""
        self._nodes[name].heal()

    def restart(self, name: str) -> None:
        """Its kubelet ends and begins anew; containers go on. Raises KeyError."""
        self._nodes[name].restart()

    def press(self, name: str, *conditions: str) -> None:
        """It is short of something: MemoryPressure, DiskPressure, PIDPressure; none: of nothing. Raises KeyError."""
        self._nodes[name].press(*conditions)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all nodes, in the order in which they were added."""
        return tuple(self._nodes)

    def node(self, name: str) -> HollowNode:
        """Raises KeyError."""
        return self._nodes[name]

    # -- pods

    def command(self, key: Key, settings: Mapping[str, str]) -> None:
        """Settings of a pod from now on, over its annotations; none: as if nothing had been said.

        As in annotations: `{"readiness": "fail"}`, `{"exit": "app=1 after 5s"}`. Raises SettingError.
        """
        for name, value in settings.items():
            check_annotation(name, value)
        if settings:
            self._commands[key] = dict(settings)
        else:
            self._commands.pop(key, None)
        pod = self._pods.get(key)
        node = self._nodes.get(_node_of(pod)) if pod is not None else None
        if node is not None and pod is not None:
            node.behave(pod)

    def end_container(self, key: Key, container: str, *, code: int = 1, reason: str = "") -> None:
        """A running container ends at once. `reason`: OOMKilled, or empty for what the code says. Raises KeyError."""
        pod = self._pods.get(key)
        if pod is None:
            raise KeyError(str(key))
        self._nodes[_node_of(pod)].runtime.end_container(pod["metadata"]["uid"], container, code=code, reason=reason)

    def usage_of_pod(self, key: Key) -> dict[str, Usage]:
        """By name of each container that runs. Raises KeyError for a pod that is on none of these nodes."""
        pod = self._pods.get(key)
        if pod is None:
            raise KeyError(str(key))
        return self._nodes[_node_of(pod)].usage_of(pod)

    def usage_of_node(self, name: str) -> Usage:
        """Of all pods together. Raises KeyError."""
        node, total = self._nodes[name], NONE
        for pod in self.pods_of(name):
            for usage in node.usage_of(pod).values():
                total = total.plus(usage)
        return total

    # -- carried from process to process

    def dump(self) -> Any:
        """A JSON value: machines and what runs on them."""
        commands = [[*key, settings] for key, settings in self._commands.items()]
        return {
            "numbers": self._numbers,
            "nodes": [node.dump() for node in self._nodes.values()],
            "commands": commands,
        }

    def load(self, value: Any) -> None:
        """Go on from what `dump` gave, with nodes that the API knows already; after `start`."""
        self._numbers = value["numbers"]
        self._commands = {Key(namespace, name): settings for namespace, name, settings in value["commands"]}
        for each in value["nodes"]:
            node = self._make(NodeSpec.load(each["spec"]), each["number"])
            node.load(each)
            if node.state is State.UP:
                for pod in self.pods_of(node.name):
                    node.hear(pod)
                node.begin(registered=True)

    # -- Shared

    def life(self, pod: Object, container: Object) -> tuple[Life, list[str]]:
        """See Shared."""
        return self.behaviours.life(pod, container, self._commands.get(key_of(pod), {}) if self._commands else {})

    def look_again(self, worker: PodWorker) -> None:
        """See Shared."""
        self._dirty[worker] = None
        self._woken.set()

    def write(self, node: HollowNode, worker: PodWorker) -> None:
        """See Shared."""
        self._writing[worker.uid] = (node, worker)
        self._queue.add(worker.uid)

    def beat(self, node: HollowNode) -> None:
        """See Shared."""
        self._beats.append(node)
        self._beat_due.release()

    def emit(self, node: HollowNode, regarding: Object, kind: str, reason: str, message: str) -> None:
        """See Shared."""
        self._events.emit(node.client, node.name, regarding, kind, reason, message)

    def pods_of(self, node: str) -> Iterable[Object]:
        """See Shared."""
        return self._pods.by_index(BY_NODE, node)

    def node_object(self, node: str) -> Object | None:
        """See Shared."""
        return self._nodes_seen.get(Key("", node))

    # -- inside

    def _make(self, spec: NodeSpec, number: int) -> HollowNode:
        client = self._clients.client(f"{NODE_USER}{spec.name}", (NODE_GROUP,), manager=COMPONENT)
        node = self._nodes[spec.name] = HollowNode(spec, number, client=client, shared=self)
        return node

    def _plan_events(self, node: HollowNode) -> None:
        """What the behaviours hold for a node."""
        for event in self.behaviours.nodes:
            if event.matches(node.name, node.spec.zone):
                self._plan(node, event, loop_time() + event.after.draw_s(self.rng))

    def _plan(self, node: HollowNode, event: NodeEvent, at_s: float) -> None:
        def begin() -> None:
            if self._nodes.get(node.name) is not node:
                return
            if event.kind == FAIL:
                node.fail()
            else:
                node.cut_off()
            if event.span is not None:
                self.timers.at(loop_time() + event.span.draw_s(self.rng), node.heal)
            if event.every is not None:
                self._plan(node, event, at_s + event.every.draw_s(self.rng))

        self.timers.at(at_s, begin)

    def _heard(self, old: Object | None, new: Object | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        node = self._nodes.get(_node_of(pod))
        if node is None:
            return
        if new is None:
            node.lose(pod["metadata"]["uid"])
            if self._commands:
                self._commands.pop(key_of(pod), None)
            return
        if old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]:
            node.lose(old["metadata"]["uid"])
        node.hear(new)

    async def _look(self) -> None:
        pacer = Pacer()
        while True:
            while self._dirty:
                worker = next(iter(self._dirty))
                del self._dirty[worker]
                if worker.alive:
                    worker.sync()
                await pacer.pause()
            self._woken.clear()
            await self._woken.wait()

    async def _write_statuses(self) -> None:
        while True:
            uid = await self._queue.get()
            try:
                await self._write_status(uid)
            except (ApiError, TransportError) as error:
                _log.info("status of pod %s is not written, will be tried again: %s", uid, error)
                self._queue.add_failed(uid)
            else:
                self._queue.forget(uid)
            finally:
                self._queue.done(uid)

    async def _write_status(self, uid: str) -> None:
        """What a pod's worker says now, and the deletion of a pod that has ended. Raises ApiError, TransportError."""
        found = self._writing.pop(uid, None)
        if found is None:
            return
        node, worker = found
        if node.state is not State.UP or not worker.alive:
            return
        try:
            told, patch, key = worker.told, worker.changes(), key_of(worker.pod)
            stored = None
            if patch is not None:
                stored = await node.client.patch(PODS, key, patch, kind=PatchType.STRATEGIC, subresource="status")
            if told is not None:
                worker.written(told, stored)
            if worker.may_be_deleted:
                await node.client.delete(PODS, key, uid=uid, grace_s=0)
            elif worker.told is not None:
                self.write(node, worker)
        except (NotFound, Conflict) as error:
            # gone, or another pod has its name: the informer will say so
            if isinstance(error, Conflict) and worker.alive and self._still_there(worker):
                self._writing.setdefault(uid, found)
                raise
        except (ApiError, TransportError):
            self._writing.setdefault(uid, found)
            raise

    def _still_there(self, worker: PodWorker) -> bool:
        known = self._pods.get(key_of(worker.pod))
        return known is not None and known["metadata"]["uid"] == worker.uid

    async def _write_beats(self) -> None:
        while True:
            await self._beat_due.acquire()
            node = self._beats.popleft()
            try:
                await node.beat()
            except (ApiError, TransportError) as error:
                _log.info("node %s cannot tell of itself, will try again: %s", node.name, error)
            waiting = self._registering.get(node.name)
            if waiting is not None and node.registered:
                del self._registering[node.name]
                if not waiting.done():
                    waiting.set_result(None)


def _node_of(pod: Object) -> str:
    name: str = pod["spec"].get("nodeName") or ""
    return name


def _node_name(pod: Object) -> tuple[str, ...]:
    name = _node_of(pod)
    return (name,) if name else ()
