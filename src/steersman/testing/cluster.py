"""A whole cluster inside a test: API server, all controllers, scheduler and simulated nodes, in memory.

    from steersman.testing.cluster import Cluster

    with Cluster(nodes=3) as c:
        c.client.apply(DEPLOYMENT)
        c.settle()                                        # until nothing happens any more
        assert c.client.get("deployment", "web")["status"]["readyReplicas"] == 3
        c.nodes.fail("node-1")
        c.advance(minutes=10)                             # its pods have been replaced elsewhere by then

Time is virtual: it stands still between calls, and passes as fast as there is work to do. The same seed and the same
calls give the same cluster, down to the last name. `c.kubeconfig` is for clients of any kind, in this process or not;
as they cannot move the clock, let it flow for those that wait: `with c.flowing():`.

`AsyncCluster` is the same for tests that await. In a loop of steersman.testing.held_time its time is virtual, in any
other it is real.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from steersman.testing.async_cluster import (
    QUIET_S,
    START,
    AsyncCluster,
    ComponentFailed,
    NotSettled,
    Snapshot,
)
from steersman.testing.blocking_nodes import BlockingNodes
from steersman.testing.held_time import HeldTimeLoop
from steersman.testing.objects import BlockingObjects

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from steersman.cluster.config import ServerConfig
    from steersman.kubelet.hollow.behaviours import Behaviours
    from steersman.kubelet.hollow.node_spec import NodeSpec
    from steersman.testing.faults import Faults

__all__ = ["AsyncCluster", "Cluster", "ComponentFailed", "NotSettled", "Snapshot"]
_T = TypeVar("_T")
CALL_S = 120.0
"""No call waits longer than this, in the cluster's time."""


class Cluster:
    """See the module. Nothing happens in it but during calls, unless time flows."""

    client: BlockingObjects

    def __init__(
        self,
        *,
        nodes: int | Sequence[NodeSpec] = 0,
        seed: int | str = 0,
        start: datetime = START,
        behaviours: Behaviours | None = None,
        config: ServerConfig | None = None,
        detect_mutations: bool = True,
    ) -> None:
        """See AsyncCluster."""
        self._cluster = AsyncCluster(
            nodes=nodes,
            seed=seed,
            start=start,
            behaviours=behaviours,
            config=config,
            detect_mutations=detect_mutations,
        )
        self._loop: HeldTimeLoop
        self._thread: threading.Thread | None = None

    @property
    def faults(self) -> Faults:
        """What goes wrong between clients and the API server."""
        return self._cluster.faults

    def __enter__(self) -> Self:
        self._loop = HeldTimeLoop()
        try:
            self.run(self._cluster.__aenter__())
        except BaseException:
            self._end()
            raise
        self.client = BlockingObjects(self._cluster.client, self.run)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.run(self._cluster.__aexit__(None, None, None))
        finally:
            self._end()

    # -- time

    @property
    def now(self) -> datetime:
        """The cluster's time of day."""

        async def now() -> datetime:
            return self._cluster.now

        return self._now(now())

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let so much time pass, with all that is due in it."""
        self._now(self._cluster.advance(hours=hours, minutes=minutes, seconds=seconds))

    def settle(self, *, quiet_s: float = QUIET_S, limit_s: float = 900.0) -> None:
        """Let time pass until nothing but heartbeats has been written for `quiet_s`. Raises NotSettled after
        `limit_s`.
        """
        self._now(self._cluster.settle(quiet_s=quiet_s, limit_s=limit_s))

    def jump_clock(self, seconds: float) -> None:
        """Set the time of day forward or back; no timer notices."""

        async def jump() -> None:
            self._cluster.jump_clock(seconds)

        self._now(jump())

    def drop_watches(self, *, resource: str = "", component: str = "") -> int:
        """Cut open watches of everybody's, or of a resource, or a component; how many there were."""
        return self.run(self._cluster.drop_watches(resource=resource, component=component))

    @contextmanager
    def flowing(self, *, rate: float = 1.0) -> Iterator[Path]:
        """Let `rate` seconds of the cluster pass in each real second, for clients from outside that wait for
        something; gives their kubeconfig.
        """
        kubeconfig = self.kubeconfig
        self._loop.call_soon_threadsafe(self._loop.flow, rate)
        try:
            yield kubeconfig
        finally:
            self._loop.call_soon_threadsafe(self._loop.flow, 0.0)

    # -- the past

    def snapshot(self) -> Snapshot:
        """Everything as it is now."""
        return self._now(self._cluster.snapshot())

    def restore(self, snapshot: Snapshot) -> None:
        """Become what a cluster was. Its components begin anew, as after a restart, and find what they left."""
        self.run(self._cluster.restore(snapshot))
        self.client = BlockingObjects(self._cluster.client, self.run)

    def fork(self) -> Cluster:
        """Another cluster that begins with what is now here, to be entered: `with c.fork() as other`."""
        other = Cluster()
        other._cluster = self._cluster.fork(self.snapshot())
        return other

    # -- the parts

    @property
    def nodes(self) -> BlockingNodes:
        """The simulated nodes."""
        return BlockingNodes(self._cluster, self.run)

    @property
    def parts(self) -> tuple[str, ...]:
        """What can be restarted."""
        return self._cluster.parts

    def stop(self, part: str) -> None:
        """Stop one part; the others go on without it."""
        self.run(self._cluster.stop(part))

    def start(self, part: str) -> None:
        """Start one that was stopped."""
        self.run(self._cluster.start(part))

    def restart(self, part: str) -> None:
        """Kill one part and start it: what it knew is lost."""
        self.run(self._cluster.restart(part))

    # -- clients from outside

    @property
    def kubeconfig(self) -> Path:
        """Of an administrator, for any client of Kubernetes. From the first time on the cluster answers on a port of
        this machine, and a thread serves it.
        """
        path = self.run(self._cluster.serve())
        if self._thread is None:
            self._loop.share()
            self._thread = threading.Thread(target=self._loop.run_forever, name="steersman cluster", daemon=True)
            self._thread.start()
        return path

    # -- running

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of `work` in the cluster's loop, and of what follows from it without time passing. Time passes
        only as far as `work` has to wait for it.
        """

        async def steered() -> _T:
            result = await self._loop.let(work, limit_s=CALL_S)
            if not self._loop.rate:
                await self._loop.drain()
            return result

        return self._now(steered())

    def _now(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._thread is None:
            result = self._loop.run_until_complete(work)
        else:
            result = asyncio.run_coroutine_threadsafe(work, self._loop).result()
        self._cluster.check()
        return result

    def _end(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
