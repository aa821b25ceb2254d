"""One pod on one simulated node: looks at what is, does what is next, and says how it is.

    syncing > ending (containers are stopped) > finished (the last status is written) > deleted, if it is to be

Every look begins from scratch: the pod as the API last told it, the runtime's records, the time. Nothing waits here;
what is to happen later is one timer, what is to be written is told to the node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.api.meta.times import format_time, parse_time
from steersman.kubelet.admission import requests_of
from steersman.kubelet.container_status import NOTHING, Verdict, Waiting
from steersman.kubelet.hollow.probing import Probing
from steersman.kubelet.hollow.starting import Starting
from steersman.kubelet.phase import TERMINAL
from steersman.kubelet.plan import Plan, Probed, plan, stop_order
from steersman.kubelet.status import Facts, Outcome, compute_status, refused_status
from steersman.kubelet.status_patch import status_patch
from steersman.lib.aio import loop_time
from steersman.runtimes.interface import PodRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.lib.clock import Clock
    from steersman.runtimes.interface import Runtime
    from steersman.runtimes.life import Life
    from steersman.runtimes.timers import Timer, Timers

DEFAULT_GRACE_S = 30
GRACE_S_MIN = 2.0
"""Containers always get so long to end."""
SANDBOX_RETRY_S = 10.0
NORMAL, WARNING = "Normal", "Warning"
_DEADLINE = Outcome("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
_NO_CHANGE: Object = {}


class Host(Protocol):
    """What a pod's worker has of its node."""

    timers: Timers
    clock: Clock

    @property
    def runtime(self) -> Runtime:
        """The node's."""

    @property
    def host_ips(self) -> Sequence[str]:
        """The node's addresses."""

    def life(self, pod: Object, container: Object) -> Life:
        """How a container lives."""

    def look_again(self, worker: PodWorker) -> None:
        """Call its `sync` soon."""

    def write(self, worker: PodWorker) -> None:
        """Have `changes` sent, and the pod deleted where `may_be_deleted`."""

    def tell(self, pod: Object, container: str, kind: str, reason: str, message: str) -> None:
        """An event, about a container if one is named."""

    def admit(self, worker: PodWorker) -> Outcome | None:
        """Why the node does not take the pod."""


class PodWorker:
    """See the module. `pod` is the newest object known."""

    __slots__ = (
        "_admitted",
        "_deadline_s",
        "_ending",
        "_grace_s",
        "_host",
        "_outcome",
        "_probing",
        "_sandbox_retry_s",
        "_starting",
        "_timer",
        "alive",
        "finished",
        "pod",
        "requests",
        "told",
    )

    def __init__(self, pod: Object, host: Host, *, adopted: bool) -> None:
        """`adopted`: the node had taken it before this kubelet began."""
        self.pod = pod
        self.told: Object | None = None
        """The status that is to be written; None: the API has it."""
        self.finished = False
        self.alive = True
        """Its kubelet still remembers it."""
        self.requests: Mapping[str, int] = requests_of(pod)
        self._host = host
        self._admitted = adopted
        self._outcome: Outcome | None = None
        self._ending = False
        self._grace_s: float | None = None
        """Until when (loop time) containers have to end."""
        self._deadline_s: float | None = None
        self._sandbox_retry_s: float | None = None
        self._timer: Timer | None = None
        self._starting = Starting(host)
        self._probing = Probing(host, adopted_s=loop_time() if adopted else None)

    @property
    def uid(self) -> str:
        uid: str = self.pod["metadata"]["uid"]
        return uid

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.pod["metadata"]

    # -- what is new

    def hear(self, pod: Object) -> bool:
        """Take a newer object; whether it says something new."""
        known = self.pod
        if int(pod["metadata"]["resourceVersion"]) < int(known["metadata"]["resourceVersion"]):
            return False
        self.pod = pod
        new: bool = pod["metadata"]["resourceVersion"] != known["metadata"]["resourceVersion"]
        if new and pod["spec"] != known["spec"]:
            self.requests = requests_of(pod)
        if new and pod["metadata"].get("annotations") != known["metadata"].get("annotations"):
            self.behave()
        return new

    def behave(self) -> None:
        """What was said of the containers' lives has changed."""
        self._probing.behave(self.pod, self._record())

    def written(self, told: Object, stored: Object | None) -> None:
        """`told` has been written; `stored`: the pod as it is now, if it was answered."""
        if stored is not None:
            self.hear(stored)
        if self.told is told:
            self.told = None

    def changes(self) -> Object | None:
        """The patch that makes the API's status what is told; None for none."""
        if self.told is None:
            return None
        return status_patch(self.uid, self.pod.get("status") or {}, self.told)

    @property
    def may_be_deleted(self) -> bool:
        """Everything has ended, and been written."""
        phase = (self.pod.get("status") or {}).get("phase")
        return bool(self.deleting and self.finished and phase in TERMINAL)

    def close(self) -> None:
        """No more looks."""
        self.alive = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- one look

    def sync(self) -> None:
        """See the module."""
        if not self._admitted and not self._admit():
            return
        record = self._record()
        if self.finished:
            if self.may_be_deleted:
                self._host.write(self)
            return
        restarting = False
        if not self._ending:
            self._judge_end()
        if not self._ending:
            restarting = self._go_on(record)
            record = self._record()
        if self._ending:
            self._end(record)
            record = self._record()
        self._say(record, restarting=restarting)
        self._rearm()

    def _record(self) -> PodRecord:
        return self._host.runtime.pods.get(self.uid) or PodRecord(self.uid)

    def _old(self) -> Object:
        return self.told if self.told is not None else self.pod.get("status") or _NO_CHANGE

    def _admit(self) -> bool:
        self._admitted = True
        if (self.pod.get("status") or {}).get("phase") in TERMINAL or self.deleting:
            return True
        refusal = self._host.admit(self)
        if refusal is None:
            return True
        self._host.tell(self.pod, "", WARNING, refusal.reason, refusal.message)
        self.finished = True
        self.told = refused_status(self.pod, refusal, now=self._now())
        self._host.write(self)
        return False

    def _now(self) -> str:
        return format_time(self._host.clock.now())

    # -- going on

    def _go_on(self, record: PodRecord) -> bool:
        """Whether all containers are about to begin anew."""
        pod, host = self.pod, self._host
        failed = self._probing.ask(pod, record, self._old())
        steps = plan(pod, record, Probed(failed, lambda name: self._probing.started(record, name)))
        if steps.over:
            self._ending = True
            return False
        if steps.make_sandbox:
            self._make_sandbox(record)
        for stop in steps.stop:
            if stop.name not in record.stopping:
                host.tell(pod, stop.name, NORMAL, "Killing", stop.message)
                host.runtime.stop_container(pod, stop.name, grace_s=self._grace(stop.name, stop.probe))
        if steps.reset:
            self._reset(steps, record)
        else:
            self._starting.start(pod, record, steps.start, self._old())
        return bool(steps.reset)

    def _make_sandbox(self, record: PodRecord) -> None:
        pod, host, now = self.pod, self._host, loop_time()
        if record.sandbox_error:
            if self._sandbox_retry_s is None:
                self._sandbox_retry_s = now + SANDBOX_RETRY_S
                why = f"Failed to create pod sandbox: {record.sandbox_error}"
                host.tell(pod, "", WARNING, "FailedCreatePodSandBox", why)
            if now < self._sandbox_retry_s:
                return
            self._sandbox_retry_s = None
        elif record.sandbox_attempt:
            changed = "Pod sandbox changed, it will be killed and re-created."
            host.tell(pod, "", NORMAL, "SandboxChanged", changed)
        host.runtime.run_sandbox(pod)

    def _reset(self, steps: Plan, record: PodRecord) -> None:
        """All containers begin anew: once none runs any more they are forgotten, and the next look starts them."""
        runtime = self._host.runtime
        for run in record.running:
            if run.name not in record.stopping:
                self._host.tell(self.pod, run.name, NORMAL, "Killing", f"Stopping container {run.name}")
                runtime.stop_container(self.pod, run.name, grace_s=self._grace(run.name, ""))
        if not record.running:
            runtime.remove_containers(self.uid, steps.reset)
            self._host.look_again(self)

    def _grace(self, name: str, probe: str) -> float:
        spec = self.pod["spec"]
        seconds = spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
        if probe:
            container = next(each for each in _all_containers(spec) if each["name"] == name)
            seconds = container[f"{probe}Probe"].get("terminationGracePeriodSeconds", seconds)
        return max(float(seconds), GRACE_S_MIN)

    # -- ending

    def _judge_end(self) -> None:
        """Whether it has to end though its containers could go on."""
        if self.deleting or (self.pod.get("status") or {}).get("phase") in TERMINAL:
            self._ending = True
            return
        limit_s = self.pod["spec"].get("activeDeadlineSeconds")
        started = self._old().get("startTime")
        if limit_s is None or not started:
            return
        left_s = limit_s - (self._host.clock.now() - parse_time(started)).total_seconds()
        if left_s > 0:
            self._deadline_s = loop_time() + left_s
            return
        self._host.tell(self.pod, "", NORMAL, _DEADLINE.reason, _DEADLINE.message)
        self._outcome, self._ending = _DEADLINE, True

    def _end(self, record: PodRecord) -> None:
        pod, runtime, now = self.pod, self._host.runtime, loop_time()
        if self._grace_s is None:
            self._grace_s = now + pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
            self._starting.forget()
        if self.deleting:
            deletion_s = now + (pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            self._grace_s = min(self._grace_s, deletion_s) if record.stopping else deletion_s
        for name in stop_order(pod["spec"], record):
            if name not in record.stopping:
                self._host.tell(pod, name, NORMAL, "Killing", f"Stopping container {name}")
            runtime.stop_container(pod, name, grace_s=max(self._grace_s - now, GRACE_S_MIN))
        if not record.running and not record.making_sandbox:
            runtime.stop_sandbox(self.uid)
            self.finished = True
        elif record.making_sandbox:
            runtime.remove_pod(self.uid)  # nothing was started in it
            self.finished = True

    # -- saying

    def _say(self, record: PodRecord, *, restarting: bool) -> None:
        facts = Facts(
            record=record,
            verdicts={container["name"]: self._verdict(container, record) for container in self._judged()},
            waiting=self._waiting(record),
            host_ips=self._host.host_ips,
            terminated=self.finished,
            restarting_all=restarting,
            outcome=self._outcome if self.finished else None,
        )
        status = compute_status(self.pod, facts, old=self._old(), now=self._now())
        if status["phase"] in TERMINAL and not self._ending:
            self._ending = True  # by what only the API remembers: its runs are lost
            self._host.look_again(self)
        if self.told is not None:
            if status != self.told:
                self.told = status
                self._host.write(self)
            return
        self.told = status
        if self.may_be_deleted or self.changes() is not None:
            self._host.write(self)
        else:
            self.told = None

    def _judged(self) -> Iterator[Object]:
        return _all_containers(self.pod["spec"])

    def _verdict(self, container: Object, record: PodRecord) -> Verdict:
        run = record.containers.get(container["name"])
        if run is None or not run.running:
            return NOTHING
        name = container["name"]
        started = self._probing.started(record, name)
        return Verdict(started, started and self._probing.ready(record, name))

    def _waiting(self, record: PodRecord) -> Mapping[str, Waiting]:
        return {} if self._ending else self._starting.waiting(record)

    def _rearm(self) -> None:
        dues = [self._starting.due_s, self._probing.due_s, self._deadline_s, self._sandbox_retry_s]
        due_s = min((due for due in dues if due is not None), default=None)
        if self._timer is not None:
            if self._timer.call is not None and self._timer.due_s == due_s and not self.finished:
                return
            self._timer.cancel()
            self._timer = None
        if due_s is not None and not self.finished:
            self._timer = self._host.timers.at(due_s, self._look_again())

    def _look_again(self) -> Callable[[], None]:
        return lambda: self._host.look_again(self)


def _all_containers(spec: Object) -> Iterator[Object]:
    yield from spec.get("initContainers") or ()
    yield from spec["containers"]
    yield from spec.get("ephemeralContainers") or ()
