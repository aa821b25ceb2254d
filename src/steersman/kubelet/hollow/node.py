"""One simulated node: its machine, its kubelet, and what lies between them and the API.

up         heartbeats, hears of pods, writes
cut off    (partition) containers go on, the kubelet too, but nothing is written and nothing heard
down       (machine failure) nothing goes on; what was on disk is there after the next boot
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from steersman.kubelet.admission import admit
from steersman.kubelet.hollow.addresses import PodAddresses, fallback_range
from steersman.kubelet.hollow.heartbeats import RENEW_JITTER, RENEW_S, STATUS_S, Heartbeats
from steersman.kubelet.hollow.node_spec import machine_of
from steersman.kubelet.hollow.pod_worker import PodWorker
from steersman.kubelet.hollow.usage import Usage, usage_of
from steersman.lib.aio import loop_time
from steersman.runtimes.hollow import HollowRuntime

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.kubelet.hollow.node_spec import NodeSpec
    from steersman.kubelet.status import Outcome
    from steersman.lib.clock import Clock
    from steersman.runtimes.life import Life
    from steersman.runtimes.timers import Timer, Timers

RETRY_S = 7.0
"""How often a registration that failed is tried again."""
_INVALID = "InvalidBehaviour"


class State(StrEnum):
    """See the module."""

    UP = "up"
    CUT_OFF = "cut off"
    DOWN = "down"


class Shared(Protocol):
    """What all nodes of a process have in common."""

    timers: Timers
    clock: Clock
    rng: Random

    def life(self, pod: Object, container: Object) -> tuple[Life, list[str]]:
        """How a container lives, and what is wrong with what was written of it."""

    def look_again(self, worker: PodWorker) -> None:
        """Have a pod synced soon."""

    def write(self, node: HollowNode, worker: PodWorker) -> None:
        """Have what a pod's worker says written."""

    def beat(self, node: HollowNode) -> None:
        """Have `beat` of the node awaited soon."""

    def emit(self, node: HollowNode, regarding: Object, kind: str, reason: str, message: str) -> None:
        """Have an event written. `regarding`: an ObjectReference."""

    def pods_of(self, node: str) -> Iterable[Object]:
        """Those that the API has on a node."""

    def node_object(self, node: str) -> Object | None:
        """The Node as the API has it."""


class HollowNode:
    """See the module. A Host of its pods' workers."""

    def __init__(self, spec: NodeSpec, number: int, *, client: Client, shared: Shared) -> None:
        self.spec = spec
        self.name = spec.name
        self.number = number
        self.client = client
        self.state = State.UP
        self.workers: dict[str, PodWorker] = {}
        """By uid of the pod."""
        self.timers = shared.timers
        self.clock = shared.clock
        self._shared = shared
        self._machine = machine_of(spec, number)
        self.host_ips = tuple(self._machine.addresses)
        self._heartbeats = Heartbeats(name=spec.name, machine=self._machine, client=client, clock=shared.clock)
        self._addresses = PodAddresses()
        self.runtime = HollowRuntime(
            timers=shared.timers,
            clock=shared.clock,
            rng=shared.rng,
            life=self.life,
            acquire=self._acquire,
            release=self._addresses.release,
        )
        self.runtime.images.update(spec.images)
        self.runtime.listen(self._changed)
        self._timer: Timer | None = None
        self._status_due_s = 0.0
        self._invalid: set[tuple[str, str]] = set()
        """Pods, and what is wrong with their annotations, of which has been told."""

    @property
    def registered(self) -> bool:
        return bool(self._heartbeats.uid)

    # -- heartbeats

    def begin(self, *, registered: bool = False) -> None:
        """Register, and go on telling. `registered`: it was, by another process."""
        now, rng = loop_time(), self._shared.rng
        if registered:
            node = self._shared.node_object(self.name)
            self._heartbeats.uid = node["metadata"]["uid"] if node is not None else ""
        self._status_due_s = now + STATUS_S * (1 + RENEW_JITTER * rng.random())
        self._beat_at(now + (RENEW_S * rng.random() if self.registered else 0.0))

    async def beat(self) -> None:
        """Tell what is due; the next time is planned whatever happens. Raises ApiError, TransportError."""
        if self.state is not State.UP:
            return
        delay_s = RETRY_S
        try:
            if not self.registered:
                await self._heartbeats.register(self.runtime.images)
            await self._heartbeats.renew()
            if loop_time() >= self._status_due_s:
                await self._heartbeats.tell_status(self._shared.node_object(self.name), self.runtime.images)
                self._status_due_s = loop_time() + STATUS_S * (1 + RENEW_JITTER * self._shared.rng.random())
            delay_s = RENEW_S * (1 + RENEW_JITTER * self._shared.rng.random())
        finally:
            if self.state is State.UP:
                self._beat_at(loop_time() + delay_s)

    def press(self, *kinds: str) -> None:
        """Conditions (MemoryPressure, DiskPressure, PIDPressure) that hold from now on; all others do not."""
        self._heartbeats.pressures = kinds
        self._tell_soon()

    def _tell_soon(self) -> None:
        """The whole status with the next heartbeat, which is now."""
        self._status_due_s = 0.0
        self._beat_at(loop_time())

    def _beat_at(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.timers.at(due_s, lambda: self._shared.beat(self))

    # -- pods

    def hear(self, pod: Object) -> None:
        """A pod of this node, new or changed."""
        if self.state is not State.UP:
            return
        uid = pod["metadata"]["uid"]
        worker = self.workers.get(uid)
        if worker is None:
            adopted = uid in self.runtime.pods
            worker = self.workers[uid] = PodWorker(pod, self, adopted=adopted)
            self.look_again(worker)
        elif worker.hear(pod):
            if pod["metadata"].get("annotations"):
                self.runtime.behave(pod)
            self.look_again(worker)

    def lose(self, uid: str) -> None:
        """A pod is gone from the API: what is left of it ends."""
        if self.state is not State.UP:
            return
        worker = self.workers.pop(uid, None)
        if worker is not None:
            worker.close()
        self.runtime.remove_pod(uid)

    def behave(self, pod: Object) -> None:
        """What was said of the lives of a pod's containers has changed."""
        worker = self.workers.get(pod["metadata"]["uid"])
        if worker is not None:
            self.runtime.behave(worker.pod)
            worker.behave()
            self.look_again(worker)

    def usage_of(self, pod: Object) -> dict[str, Usage]:
        """By name of each of its containers that runs."""
        record = self.runtime.pods.get(pod["metadata"]["uid"])
        if record is None:
            return {}
        running = {run.name for run in record.running}
        spec = pod["spec"]
        everyone = (*spec["containers"], *(spec.get("initContainers") or ()))
        return {each["name"]: usage_of(each, self.life(pod, each)) for each in everyone if each["name"] in running}

    # -- what happens to it

    def fail(self) -> None:
        """The machine dies."""
        if self.state is State.DOWN:
            return
        self.state = State.DOWN
        self._forget()
        self.runtime.power_off()

    def cut_off(self) -> None:
        """The network fails. Nothing happens to a machine that is down."""
        if self.state is State.UP:
            self.state = State.CUT_OFF

    def heal(self) -> None:
        """The network is back, or the machine has booted."""
        if self.state is State.UP:
            return
        self.state = State.UP
        self.runtime.listen(self._changed)
        self._catch_up()
        self._tell_soon()

    def restart(self) -> None:
        """The kubelet ends and begins anew; containers go on. Nothing happens where there is no kubelet."""
        if self.state is State.DOWN:
            return
        self._forget()
        self.runtime.listen(self._changed)
        if self.state is State.UP:
            self._catch_up()
        self._tell_soon()

    def close(self) -> None:
        """It is no more; the API is told nothing of it."""
        self.state = State.DOWN
        self._forget()
        self.runtime.close()

    def _forget(self) -> None:
        """All that a kubelet remembers."""
        self.runtime.listen(None)
        for worker in self.workers.values():
            worker.close()
        self.workers.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _catch_up(self) -> None:
        """With what the API says now."""
        present = {pod["metadata"]["uid"]: pod for pod in self._shared.pods_of(self.name)}
        for uid in [uid for uid in (*self.workers, *self.runtime.pods) if uid not in present]:
            self.lose(uid)
        for pod in present.values():
            self.hear(pod)
        for worker in self.workers.values():
            self.look_again(worker)
            if worker.told is not None:
                self.write(worker)

    # -- Host

    def life(self, pod: Object, container: Object) -> Life:
        """See Host. What is wrong with annotations is told of once."""
        life, problems = self._shared.life(pod, container)
        for problem in problems:
            known = (pod["metadata"]["uid"], problem)
            if known not in self._invalid:
                self._invalid.add(known)
                self.tell(pod, "", "Warning", _INVALID, problem)
        return life

    def look_again(self, worker: PodWorker) -> None:
        """See Host."""
        self._shared.look_again(worker)

    def write(self, worker: PodWorker) -> None:
        """See Host."""
        if self.state is State.UP:
            self._shared.write(self, worker)

    def tell(self, pod: Object, container: str, kind: str, reason: str, message: str) -> None:
        """See Host."""
        if self.state is not State.UP:
            return
        metadata = pod["metadata"]
        regarding = {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": "v1",
            "resourceVersion": metadata["resourceVersion"],
        }
        if container:
            regarding["fieldPath"] = _field_path(pod["spec"], container)
        self._shared.emit(self, regarding, kind, reason, message)

    def admit(self, worker: PodWorker) -> Outcome | None:
        """See Host."""
        node = self._shared.node_object(self.name)
        if node is None:
            labels = {"labels": self._machine.labels, "name": self.name}
            node = {"metadata": labels, "status": {"allocatable": self._machine.allocatable}}
        others = (
            (other.pod, other.requests) for other in self.workers.values() if other is not worker and not other.finished
        )
        return admit(worker.pod, node, others)

    def _changed(self, uid: str) -> None:
        worker = self.workers.get(uid)
        if worker is not None:
            self.look_again(worker)

    def _acquire(self) -> tuple[str, ...]:
        """An address of the node's range, as soon as it has one."""
        node = self._shared.node_object(self.name) or {}
        spec = node.get("spec") or {}
        ranges = tuple(spec.get("podCIDRs") or ()) or ((spec["podCIDR"],) if spec.get("podCIDR") else ())
        if ranges or not self._addresses.ready:
            self._addresses.use(ranges or (fallback_range(self.number),))
        return self._addresses.acquire()

    # -- carried from process to process

    def dump(self) -> Any:
        """A JSON value: the machine and what runs on it. What its kubelet remembers it finds again."""
        return {
            "spec": self.spec.dump(),
            "number": self.number,
            "state": self.state.value,
            "runtime": self.runtime.dump(),
        }

    def load(self, value: Any) -> None:
        """Go on from what `dump` gave; before `begin`."""
        self.runtime.load(value["runtime"])
        node = self._shared.node_object(self.name) or {}
        spec = node.get("spec") or {}
        ranges = tuple(spec.get("podCIDRs") or ()) or (fallback_range(self.number),)
        self._addresses.use(ranges)
        for record in self.runtime.pods.values():
            if record.ips:
                self._addresses.take(record.ips)
        self.state = State(value["state"])


def _field_path(spec: Object, name: str) -> str:
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        if any(container["name"] == name for container in spec.get(kind) or ()):
            return f"spec.{kind}{{{name}}}"
    return ""
