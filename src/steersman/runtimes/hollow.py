"""hollow: a runtime without containers. Sandboxes, images and containers are records, time does the rest.

Reads: pods that it is asked to run, and their lives (`life`). Writes: nothing; its records are its state, all of which
`dump` and `load` carry from process to process.
Invariants: one timer per pod; whatever takes no time happens within the request; draws come from one generator, in the
order of events.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from steersman.api.meta.times import format_time
from steersman.lib.aio import loop_time
from steersman.runtimes.interface import ContainerRecord, ContainerState, PodRecord, PullRecord, PullState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.lib.clock import Clock
    from steersman.runtimes.life import Exit, Life
    from steersman.runtimes.timers import Timer, Timers

SCHEME = "hollow://"
EXIT_KILLED, EXIT_LOST = 137, 255
SANDBOX_RETRY_S = 1.0
_SANDBOX, _PULL, _EXIT, _STOP = "sandbox", "pull", "exit", "stop"
_MIB = 1024 * 1024


@dataclass(slots=True)
class _Due:
    """Something that will happen to a container, or to the sandbox (no name)."""

    what: str
    name: str
    at_s: float
    code: int = 0
    text: str = ""
    """Why a container ends, or what goes wrong."""
    message: str = ""


@dataclass(slots=True)
class _Pod:
    record: PodRecord
    dues: list[_Due] = field(default_factory=list)
    timer: Timer | None = None
    scripts: dict[str, Exit | None] = field(default_factory=dict)
    """By which script the present run of a container ends."""


class HollowRuntime:
    """See Runtime. Of one node."""

    def __init__(
        self,
        *,
        timers: Timers,
        clock: Clock,
        rng: Random,
        life: Callable[[Object, Object], Life],
        acquire: Callable[[], tuple[str, ...]],
        release: Callable[[tuple[str, ...]], None],
    ) -> None:
        """`life(pod, container)`. `acquire`, `release`: addresses of a pod."""
        self.images: dict[str, int] = {}
        self._timers = timers
        self._clock = clock
        self._rng = rng
        self._life = life
        self._acquire = acquire
        self._release = release
        self._pods: dict[str, _Pod] = {}
        self.pods: dict[str, PodRecord] = {}
        self._listener: Callable[[str], None] | None = None

    def listen(self, listener: Callable[[str], None] | None) -> None:
        """See Runtime."""
        self._listener = listener

    # -- what a kubelet asks for

    def run_sandbox(self, pod: Object) -> None:
        """See Runtime."""
        mine = self._of(pod["metadata"]["uid"])
        record = mine.record
        if record.making_sandbox or record.sandbox_ready:
            return
        life = self._life(pod, pod["spec"]["containers"][0])
        record.making_sandbox = True
        if life.sandbox_error:
            self._plan(mine, _Due(_SANDBOX, "", loop_time() + SANDBOX_RETRY_S, text=life.sandbox_error))
        else:
            host_network = bool(pod["spec"].get("hostNetwork"))
            self._plan(mine, _Due(_SANDBOX, "", loop_time() + life.start.draw_s(self._rng), code=int(host_network)))

    def pull_image(self, pod: Object, container: Object) -> None:
        """See Runtime."""
        mine = self._of(pod["metadata"]["uid"])
        name, image = container["name"], container.get("image", "")
        known = mine.record.pulls.get(name)
        if known is not None and known.image == image and known.state is not PullState.FAILED:
            return
        life = self._life(pod, container)
        took_s = life.pull.draw_s(self._rng)
        pull = mine.record.pulls[name] = PullRecord(image, PullState.PULLING, took_s)
        if life.pull_error is not None:
            pull.error = life.pull_error or _not_found(image)
        if took_s:
            self._plan(mine, _Due(_PULL, name, loop_time() + took_s))
        else:
            self._end_pull(pull)

    def start_container(self, pod: Object, container: Object, *, attempt: int) -> None:
        """See Runtime."""
        mine = self._of(pod["metadata"]["uid"])
        record, name = mine.record, container["name"]
        known = record.containers.get(name)
        if known is not None:
            if not known.exited:
                return
            record.previous[name] = known
        image, now = container.get("image", ""), loop_time()
        digest = sha256(image.encode()).hexdigest()
        record.containers[name] = ContainerRecord(
            name=name,
            id=f"{SCHEME}{self._rng.getrandbits(256):064x}",
            spec_image=image,
            image=image,
            image_id=f"{image.partition('@')[0].rpartition(':')[0] or image}@sha256:{digest}",
            attempt=attempt,
            sandbox_attempt=record.sandbox_attempt,
            state=ContainerState.RUNNING,
            started_at=format_time(self._clock.now()),
            started_s=now,
        )
        record.pulls.pop(name, None)
        self._script(mine, name, self._life(pod, container))

    def stop_container(self, pod: Object, name: str, *, grace_s: float) -> None:
        """See Runtime. A preStop hook that sleeps takes its time first."""
        mine = self._of(pod["metadata"]["uid"])
        run = mine.record.containers.get(name)
        if run is None or not run.running:
            return
        killed = _Due(_STOP, name, loop_time() + grace_s, EXIT_KILLED)
        if name in mine.record.stopping:
            present = next((due for due in mine.dues if due.what == _STOP and due.name == name), None)
            if present is None or present.at_s > killed.at_s:
                self._replace(mine, killed)
            return
        mine.record.stopping.add(name)
        container = _container_named(pod, name)
        life = self._life(pod, container)
        if life.stop is not None:
            end_s = loop_time() + _pre_stop_s(container) + life.stop.draw_s(self._rng)
            if end_s <= killed.at_s:
                killed = _Due(_STOP, name, end_s, life.stop_code, message=life.message)
        self._replace(mine, killed)

    def stop_sandbox(self, uid: str) -> None:
        """See Runtime."""
        mine = self._pods.get(uid)
        if mine is not None:
            self._drop_sandbox(mine)

    def remove_containers(self, uid: str, names: Collection[str]) -> None:
        """See Runtime."""
        mine = self._pods.get(uid)
        for name in names if mine is not None else ():
            assert mine is not None
            mine.record.containers.pop(name, None)
            mine.record.previous.pop(name, None)

    def remove_pod(self, uid: str) -> None:
        """See Runtime."""
        mine = self._pods.pop(uid, None)
        if mine is None:
            return
        del self.pods[uid]
        self._drop_sandbox(mine)
        if mine.timer is not None:
            mine.timer.cancel()

    # -- what happens to the machine

    def end_container(self, uid: str, name: str, *, code: int, reason: str = "") -> None:
        """A running container ends now. Raises KeyError when there is none."""
        mine = self._pods[uid]
        if not mine.record.containers[name].running:
            raise KeyError(name)
        self._finish(mine, name, code, reason, "")
        self._rearm(mine)
        self._tell(uid)

    def behave(self, pod: Object) -> None:
        """What was said of the lives of a pod's containers may have changed: scripts that did begin now."""
        mine = self._pods.get(pod["metadata"]["uid"])
        if mine is None:
            return
        for run in mine.record.running:
            if run.name not in mine.record.stopping:
                life = self._life(pod, _container_named(pod, run.name))
                if run.name not in mine.scripts or mine.scripts[run.name] != life.exit:
                    self._script(mine, run.name, life)

    def power_off(self) -> None:
        """All that ran is gone; what was written to disk is not."""
        at, now = format_time(self._clock.now()), loop_time()
        for mine in self._pods.values():
            mine.dues.clear()
            mine.record.stopping.clear()
            mine.record.pulls.clear()
            self._drop_sandbox(mine)
            for run in mine.record.running:
                run.state, run.exit_code, run.reason = ContainerState.EXITED, EXIT_LOST, "Unknown"
                run.finished_at, run.finished_s = at, now
            self._rearm(mine)

    def close(self) -> None:
        """Nothing happens any more."""
        for mine in self._pods.values():
            if mine.timer is not None:
                mine.timer.cancel()

    # -- carried from process to process

    def dump(self) -> Any:
        """A JSON value. Times are relative."""
        now = loop_time()
        return {"images": dict(self.images), "pods": [_dumped(mine, now) for mine in self._pods.values()]}

    def load(self, value: Any) -> None:
        """Go on from what `dump` gave, as if no time had passed; before anything was asked for."""
        now = loop_time()
        self.images = dict(value["images"])
        for each in value["pods"]:
            mine = _loaded(each, now)
            self._pods[mine.record.uid] = mine
            self.pods[mine.record.uid] = mine.record
            self._rearm(mine)

    # -- inside

    def _of(self, uid: str) -> _Pod:
        mine = self._pods.get(uid)
        if mine is None:
            mine = self._pods[uid] = _Pod(PodRecord(uid))
            self.pods[uid] = mine.record
        return mine

    def _script(self, mine: _Pod, name: str, life: Life) -> None:
        """Plan the end that a container's present run comes to by itself."""
        script = life.exit
        mine.scripts[name] = script
        mine.dues = [due for due in mine.dues if due.what != _EXIT or due.name != name]
        end = script.of_run(mine.record.containers[name].attempt) if script is not None else None
        if end is not None:
            at_s = loop_time() + end.after.draw_s(self._rng)
            mine.dues.append(_Due(_EXIT, name, at_s, end.code, end.reason, life.message))
        self._rearm(mine)

    def _plan(self, mine: _Pod, due: _Due) -> None:
        mine.dues.append(due)
        self._rearm(mine)

    def _replace(self, mine: _Pod, due: _Due) -> None:
        mine.dues = [each for each in mine.dues if (each.what, each.name) != (due.what, due.name)]
        self._plan(mine, due)

    def _rearm(self, mine: _Pod) -> None:
        next_s = min((due.at_s for due in mine.dues), default=None)
        timer = mine.timer
        if timer is not None and timer.call is not None:
            if timer.due_s == next_s:
                return
            timer.cancel()
        uid = mine.record.uid
        mine.timer = None if next_s is None else self._timers.at(next_s, lambda: self._happen(uid))

    def _happen(self, uid: str) -> None:
        mine, now = self._pods[uid], loop_time()
        mine.timer = None
        due = sorted((each for each in mine.dues if each.at_s <= now), key=lambda each: each.at_s)
        mine.dues = [each for each in mine.dues if each.at_s > now]
        for each in due:
            if each.what == _SANDBOX:
                self._end_sandbox(mine, each)
            elif each.what == _PULL:
                pull = mine.record.pulls.get(each.name)
                if pull is not None:
                    self._end_pull(pull)
            elif mine.record.containers[each.name].running:
                self._finish(mine, each.name, each.code, each.text, each.message)
        self._rearm(mine)
        self._tell(uid)

    def _tell(self, uid: str) -> None:
        if self._listener is not None:
            self._listener(uid)

    def _end_sandbox(self, mine: _Pod, due: _Due) -> None:
        record = mine.record
        record.making_sandbox = False
        record.sandbox_error = due.text
        if due.text:
            return
        record.sandbox_id = f"{self._rng.getrandbits(256):064x}"
        record.sandbox_ready = True
        record.sandbox_attempt += 1
        record.ips = () if due.code else self._acquire()

    def _drop_sandbox(self, mine: _Pod) -> None:
        record = mine.record
        record.sandbox_ready = record.making_sandbox = False
        if record.ips:
            self._release(record.ips)
            record.ips = ()

    def _end_pull(self, pull: PullRecord) -> None:
        if pull.error:
            pull.state = PullState.FAILED
            return
        pull.state = PullState.PULLED
        size = self.images.get(pull.image)
        if size is None:
            # of its name, so that all nodes say the same
            seed = int.from_bytes(sha256(pull.image.encode()).digest()[:4], "big")
            size = self.images[pull.image] = (5 + seed % 195) * _MIB + seed % _MIB
        pull.size_bytes = size

    def _finish(self, mine: _Pod, name: str, code: int, reason: str, message: str) -> None:
        run = mine.record.containers[name]
        run.state, run.exit_code, run.message = ContainerState.EXITED, code, message
        run.reason = reason or ("Error" if code else "Completed")
        run.finished_at, run.finished_s = format_time(self._clock.now()), loop_time()
        mine.record.stopping.discard(name)
        mine.scripts.pop(name, None)
        mine.dues = [due for due in mine.dues if due.name != name or due.what == _PULL]


def _not_found(image: str) -> str:
    """What containerd says."""
    first, slash, _ = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        image = f"docker.io/{image}" if slash else f"docker.io/library/{image}"
    if ":" not in image.rpartition("/")[2] and "@" not in image:
        image = f"{image}:latest"
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )


def _container_named(pod: Object, name: str) -> Object:
    spec = pod["spec"]
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            if container["name"] == name:
                found: Object = container
                return found
    raise KeyError(name)


def _pre_stop_s(container: Object) -> float:
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    return float((hook.get("sleep") or {}).get("seconds") or 0)


def _dumped(mine: _Pod, now: float) -> Any:
    record = asdict(mine.record)
    record["stopping"] = sorted(record["stopping"])
    for runs in (record["containers"], record["previous"]):
        for run in runs.values():
            run["started_s"] -= now
            run["finished_s"] -= now
    dues = [asdict(due) | {"at_s": due.at_s - now} for due in mine.dues]
    return {"record": record, "dues": dues}


def _loaded(value: Any, now: float) -> _Pod:
    record = dict(value["record"])
    for kind in ("containers", "previous"):
        record[kind] = {name: _loaded_run(run, now) for name, run in record[kind].items()}
    record["pulls"] = {
        name: PullRecord(**(pull | {"state": PullState(pull["state"])})) for name, pull in record["pulls"].items()
    }
    record["stopping"], record["ips"] = set(record["stopping"]), tuple(record["ips"])
    return _Pod(PodRecord(**record), [_Due(**(due | {"at_s": due["at_s"] + now})) for due in value["dues"]])


def _loaded_run(value: Any, now: float) -> ContainerRecord:
    moved = {name: value[name] + now for name in ("started_s", "finished_s")}
    return ContainerRecord(**(value | moved | {"state": ContainerState(value["state"])}))
