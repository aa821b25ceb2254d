"""Containers that are to be started: back-off, image, mounts, creation, start; and why those wait that do.

Upstream: SyncPod's start, doBackOff and startContainer of kuberuntime, the image manager's EnsureImageExists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.kubelet.backoff import Backoff, go_duration
from steersman.kubelet.container_status import Waiting
from steersman.kubelet.subpaths import bad_subpath
from steersman.lib.aio import loop_time
from steersman.runtimes.interface import PullState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from steersman.api.meta.types import Object
    from steersman.kubelet.hollow.pod_worker import Host
    from steersman.runtimes.interface import ContainerRecord, PodRecord, PullRecord

NORMAL, WARNING = "Normal", "Warning"
PULL_RETRY_S = 5.0
"""After a pull has failed it is tried again at the next look, which then finds it backing off."""
CONFIG_RETRY_S = 10.0


class Starting:
    """Of one pod. `due_s`: when something that waits may be tried again."""

    __slots__ = ("_backoffs", "_host", "_pull_backoffs", "_pull_failed", "_told_of", "_waiting", "due_s")

    def __init__(self, host: Host) -> None:
        self.due_s: float | None = None
        self._host = host
        self._waiting: dict[str, Waiting] = {}
        self._backoffs: dict[str, Backoff] = {}
        self._pull_backoffs: dict[str, Backoff] = {}
        self._pull_failed: dict[str, float] = {}
        """By container: when the pull failed that is backed off from."""
        self._told_of: dict[str, str] = {}
        """By container: the run for whose failure the back-off has been told."""

    def start(self, pod: Object, record: PodRecord, containers: Iterable[Object], old: Object) -> None:
        """Start those that may be; `old`: the last status, which has counts of runs that are forgotten."""
        self.due_s = None
        if self._waiting:
            self._waiting.clear()
        for container in containers:
            self._start(pod, record, container, old)

    def waiting(self, record: PodRecord) -> Mapping[str, Waiting]:
        """Why containers do not run."""
        return {
            name: why
            for name, why in self._waiting.items()
            if (run := record.containers.get(name)) is None or not run.running
        }

    def forget(self) -> None:
        """Nothing is started any more."""
        self.due_s = None
        self._waiting.clear()

    # -- inside

    def _start(self, pod: Object, record: PodRecord, container: Object, old: Object) -> None:
        name, host = container["name"], self._host
        run = record.containers.get(name)
        if run is not None and not run.exited:
            return
        if run is not None and self._backs_off(pod, name, run):
            return
        if not self._has_image(pod, record, container):
            return
        if problem := bad_subpath(pod, container):
            host.tell(pod, name, WARNING, "Failed", f"Error: {problem}")
            self._wait(name, "CreateContainerConfigError", problem, loop_time() + CONFIG_RETRY_S)
            return
        if run is not None:
            self._backoffs.setdefault(name, Backoff()).next(run.finished_s, loop_time())
        attempt = run.attempt + 1 if run is not None else _count_of(old, name)
        host.runtime.start_container(pod, container, attempt=attempt)
        host.tell(pod, name, NORMAL, "Created", "Container created")
        host.tell(pod, name, NORMAL, "Started", "Container started")

    def _wait(self, name: str, reason: str, message: str, due_s: float | None) -> None:
        self._waiting[name] = Waiting(reason, message)
        if due_s is not None and (self.due_s is None or due_s < self.due_s):
            self.due_s = due_s

    def _backs_off(self, pod: Object, name: str, run: ContainerRecord) -> bool:
        backoff = self._backoffs.get(name)
        until_s = backoff.waits_until(run.finished_s) if backoff is not None else None
        if backoff is None or until_s is None or loop_time() >= until_s:
            return False
        metadata = pod["metadata"]
        called = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        if self._told_of.get(name) != run.id:
            self._told_of[name] = run.id
            message = f"Back-off restarting failed container {name} in pod {called}"
            self._host.tell(pod, name, WARNING, "BackOff", message)
        message = f"back-off {go_duration(backoff.delay_s)} restarting failed container={name} pod={called}"
        self._wait(name, "CrashLoopBackOff", message, until_s)
        return True

    def _has_image(self, pod: Object, record: PodRecord, container: Object) -> bool:
        """Whether a container's image is there; if not, it is on its way, or the container waits."""
        host, name, image = self._host, container["name"], container.get("image", "")
        policy = container.get("imagePullPolicy", "IfNotPresent")
        pull = record.pulls.get(name)
        if pull is not None and pull.image != image:
            pull = None  # the container has been given another image, which has not failed yet
            self._pull_failed.pop(name, None)
            self._pull_backoffs.pop(name, None)
        if pull is None and image in host.runtime.images and policy != "Always":
            message = f'Container image "{image}" already present on machine and can be accessed by the pod'
            host.tell(pod, name, NORMAL, "Pulled", message)
            return True
        if pull is None and policy == "Never":
            message = f'Container image "{image}" is not present with pull policy of Never'
            host.tell(pod, name, WARNING, "ErrImageNeverPull", message)
            host.tell(pod, name, WARNING, "Failed", "Error: ErrImageNeverPull")
            self._wait(name, "ErrImageNeverPull", message, None)
            return False
        if pull is not None and pull.state is PullState.FAILED and not self._may_pull_again(pod, name, pull):
            return False
        if pull is None or pull.state is PullState.FAILED:
            host.tell(pod, name, NORMAL, "Pulling", f'Pulling image "{image}"')
            host.runtime.pull_image(pod, container)
            pull = self._host.runtime.pods[record.uid].pulls[name]
        if pull.state is PullState.FAILED:
            return self._may_pull_again(pod, name, pull)
        if pull.state is PullState.PULLING:
            return False
        took = _pull_time(pull.took_s)
        size = f"Image size: {pull.size_bytes} bytes."
        message = f'Successfully pulled image "{image}" in {took} ({took} including waiting). {size}'
        host.tell(pod, name, NORMAL, "Pulled", message)
        self._pull_backoffs.pop(name, None)
        return True

    def _may_pull_again(self, pod: Object, name: str, pull: PullRecord) -> bool:
        """After a failed pull: tell of it, then of backing off, then try again."""
        host, now = self._host, loop_time()
        failed_s = self._pull_failed.get(name)
        if failed_s is None:
            self._pull_failed[name] = now
            self._pull_backoffs.setdefault(name, Backoff()).next(now, now)
            host.tell(pod, name, WARNING, "Failed", f'Failed to pull image "{pull.image}": {pull.error}')
            host.tell(pod, name, WARNING, "Failed", "Error: ErrImagePull")
            self._told_of[name] = ""
            self._wait(name, "ErrImagePull", pull.error, now + PULL_RETRY_S)
            return False
        backoff = self._pull_backoffs[name]
        if now >= failed_s + backoff.delay_s:
            del self._pull_failed[name]
            return True
        if now < failed_s + PULL_RETRY_S:
            self._wait(name, "ErrImagePull", pull.error, failed_s + PULL_RETRY_S)
            return False
        message = f'Back-off pulling image "{pull.image}"'
        if self._told_of.get(name) != message:
            self._told_of[name] = message
            host.tell(pod, name, NORMAL, "BackOff", message)
            host.tell(pod, name, WARNING, "Failed", "Error: ImagePullBackOff")
        message = f"{message}: ErrImagePull: {pull.error}"
        self._wait(name, "ImagePullBackOff", message, failed_s + backoff.delay_s)
        return False


def _pull_time(seconds: float) -> str:
    """As Go writes a duration that was cut to milliseconds."""
    millis = int(seconds * 1000)
    if millis < 1000:
        return f"{millis}ms" if millis else "0s"
    rest = f"{millis % 1000:03d}".rstrip("0")
    whole = go_duration(millis // 1000)
    return f"{whole[:-1]}.{rest}s" if rest else whole


def _count_of(old: Object, name: str) -> int:
    """How often a container was restarted as far as the last status knows."""
    for kind in ("containerStatuses", "initContainerStatuses"):
        for status in old.get(kind) or ():
            if status["name"] == name:
                count: int = status.get("restartCount", 0)
                return count
    return 0
