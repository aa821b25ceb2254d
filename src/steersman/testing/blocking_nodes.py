"""The simulated nodes of a cluster, for tests that do not await."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.client.request import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from steersman.kubelet.hollow.node_spec import NodeSpec
    from steersman.testing.async_cluster import AsyncCluster


class BlockingNodes:
    """What HollowNodes does, for those who do not await."""

    def __init__(self, cluster: AsyncCluster, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        async def at_once(method: Callable[..., Any], *args: Any) -> Any:
            return method(*args)

        def now(method: Callable[..., Any], *args: Any) -> Any:
            return run(at_once(method, *args))

        self._nodes = cluster.nodes
        self._run = run
        self._now = now

    @property
    def names(self) -> tuple[str, ...]:
        """Of all nodes, in the order in which they were added."""
        return self._nodes.names

    def add(self, *specs: NodeSpec) -> None:
        """Returns when all are registered. Raises ValueError for a name that is taken."""
        self._run(self._nodes.add(*specs))

    def remove(self, name: str) -> None:
        """Take a machine away, and its Node too."""
        self._run(self._nodes.remove(name))

    def fail(self, name: str) -> None:
        """Its machine dies: no heartbeat, no status, and its containers are gone."""
        self._now(self._nodes.fail, name)

    def partition(self, name: str) -> None:
        """Nothing gets from it to the API, or back; its containers go on."""
        self._now(self._nodes.partition, name)

    def heal(self, name: str) -> None:
        """The network is back, or the machine has booted."""
        self._now(self._nodes.heal, name)

    def restart(self, name: str) -> None:
        """Its kubelet ends and begins anew; containers go on."""
        self._now(self._nodes.restart, name)

    def press(self, name: str, *conditions: str) -> None:
        """It is short of something: MemoryPressure, DiskPressure, PIDPressure; none: of nothing."""
        self._now(self._nodes.press, name, *conditions)

    def command(self, pod: str, settings: Mapping[str, str], *, namespace: str = "default") -> None:
        """What a pod's annotations could say, from now on: `{"readiness": "fail"}`."""
        self._now(self._nodes.command, Key(namespace, pod), settings)

    def end_container(
        self, pod: str, container: str, *, namespace: str = "default", code: int = 1, reason: str = ""
    ) -> None:
        """It exits with this code; `reason`: OOMKilled."""

        def end() -> None:
            self._nodes.end_container(Key(namespace, pod), container, code=code, reason=reason)

        self._now(end)
