"""The seam: pods' sandboxes, containers and images, in the words of CRI.

A kubelet asks for something and goes on; a runtime does it in its own time and calls `listener(uid)`, upon which the
kubelet reads the pod's records again. Whatever became of a request is found there, so nothing is lost when a kubelet
restarts: it reads the records and goes on from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from steersman.api.meta.types import Object


class ContainerState(StrEnum):
    """Of a container that exists; the value is what CRI calls it in lower case."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


class PullState(StrEnum):
    """Of an image that a container waits for."""

    PULLING = "pulling"
    PULLED = "pulled"
    FAILED = "failed"


@dataclass(slots=True)
class ContainerRecord:
    """One run of a container. Times ending in `_at` are as the API writes them, those in `_s` monotonic seconds."""

    name: str
    id: str
    """With the runtime's scheme: `containerd://...`."""
    spec_image: str
    """As the pod asked for it when this run began."""
    image: str
    image_id: str
    attempt: int
    """How many runs were before."""
    sandbox_attempt: int
    """In which of the pod's sandboxes."""
    state: ContainerState = ContainerState.CREATED
    started_at: str = ""
    started_s: float = 0.0
    finished_at: str = ""
    finished_s: float = 0.0
    exit_code: int = 0
    reason: str = ""
    """Why it ended: Completed, Error, OOMKilled ..."""
    message: str = ""

    @property
    def running(self) -> bool:
        return self.state is ContainerState.RUNNING

    @property
    def exited(self) -> bool:
        return self.state is ContainerState.EXITED


@dataclass(slots=True)
class PullRecord:
    """The image that a container needs."""

    image: str
    state: PullState
    took_s: float = 0.0
    size_bytes: int = 0
    error: str = ""


@dataclass(slots=True)
class PodRecord:
    """What a runtime knows of a pod. Read-only for whoever asked."""

    uid: str
    sandbox_id: str = ""
    """Empty: there never was one, or it is being made."""
    sandbox_ready: bool = False
    sandbox_attempt: int = 0
    making_sandbox: bool = False
    sandbox_error: str = ""
    """Why the last attempt to make one failed; empty again once there is one."""
    ips: tuple[str, ...] = ()
    containers: dict[str, ContainerRecord] = field(default_factory=dict)
    """The newest run of each, by name."""
    previous: dict[str, ContainerRecord] = field(default_factory=dict)
    """The run before that."""
    stopping: set[str] = field(default_factory=set)
    """Names of containers that were told to stop and still run."""
    pulls: dict[str, PullRecord] = field(default_factory=dict)
    """By name of container: the image for its next run; gone once that has been created."""

    @property
    def running(self) -> list[ContainerRecord]:
        return [record for record in self.containers.values() if record.running]


class Runtime(Protocol):
    """Of one node. Requests for what is under way, or done, change nothing."""

    @property
    def pods(self) -> Mapping[str, PodRecord]:
        """By uid: all of which something is left."""

    @property
    def images(self) -> Mapping[str, int]:
        """What is present, and its size in bytes."""

    def listen(self, listener: Callable[[str], None] | None) -> None:
        """Call `listener(uid)` whenever records of a pod have changed; None: nobody cares any more."""

    def run_sandbox(self, pod: Object) -> None:
        """Make the pod's sandbox: namespaces, network, addresses."""

    def pull_image(self, pod: Object, container: Object) -> None:
        """Have the image for a container's next run; a failed pull is tried again."""

    def start_container(self, pod: Object, container: Object, *, attempt: int) -> None:
        """Create and start a container in the pod's sandbox, its image being present."""

    def stop_container(self, pod: Object, name: str, *, grace_s: float) -> None:
        """Ask a container to end, and make it end after `grace_s`; a shorter grace replaces a longer one."""

    def stop_sandbox(self, uid: str) -> None:
        """Give up network and addresses; all containers have ended."""

    def remove_containers(self, uid: str, names: Collection[str]) -> None:
        """Forget these containers that have ended, and their runs before."""

    def remove_pod(self, uid: str) -> None:
        """Forget the pod, ending at once whatever still runs."""
