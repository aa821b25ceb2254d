"""Random faults in a cluster: what to do to it, drawn from a seed, and how to let it come to rest.

    chaos = Chaos(cluster, rng=Random(7))
    for _ in range(20):
        await chaos.round()
    await chaos.calm()
    assert await chaos.violations() == []

The same seed does the same to the same cluster, so that a run that ends badly can be replayed; `log` says what was
done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError, Conflict, NotFound
from steersman.client.errors import TransportError
from steersman.testing.convergence import KINDS, violations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from steersman.testing.cluster import AsyncCluster
    from steersman.testing.faults import Call

_CODES = (409, 429, 500, 503)
_SCALABLE = ("deployments", "statefulsets")
_REPLICAS_MAX = 6
_STARTS_MAX = 100
LEDGER = "ledger"
"""A ConfigMap into which every round writes a line of its own, as somebody who must not lose one."""


class Chaos:
    """See the module. `protected`: nodes that are left alone."""

    def __init__(self, cluster: AsyncCluster, *, rng: Random) -> None:
        self.log: list[str] = []
        """What was done, with the cluster's time."""
        self._cluster = cluster
        self._rng = rng
        self._asked: set[tuple[str, str]] = set()
        """What anybody has asked for so far: only that can go wrong."""
        cluster.faults.observers.append(self._heard)
        self._written: set[str] = set()
        self._maybe: set[str] = set()
        self._down: set[str] = set()
        self._deeds: tuple[Callable[[], Awaitable[str]], ...] = (
            self._drop_watches,
            self._fail_requests,
            self._fail_requests,
            self._delay_requests,
            self._lose_answers,
            self._restart_part,
            self._fail_node,
            self._partition_node,
            self._heal_nodes,
            self._restart_kubelet,
            self._jump_clock,
            self._scale,
            self._scale,
            self._roll_out,
            self._delete_pod,
            self._evict_pod,
        )

    async def round(self) -> None:
        """One deed or two, and some time for their consequences."""
        if not self._asked:
            await self._cluster.advance(seconds=60)  # somebody asks for something in a minute
        for _ in range(self._rng.choice((1, 1, 2))):
            deed = self._rng.choice(self._deeds)
            try:
                said = await deed()
            except (ApiError, TransportError) as error:
                said = f"{deed.__name__}: {error}"
            self.log.append(f"{self._cluster.now:%H:%M:%S} {said}")
        await self._enter_line()
        await self._cluster.advance(seconds=self._rng.choice((0.1, 1, 5, 20, 60, 180)))

    async def calm(self, *, limit_s: float = 7200.0) -> None:
        """End all faults, bring every node back, and wait until nothing happens any more."""
        self._cluster.faults.clear()
        await self._heal_nodes()
        # Longer than everything that is put off: back-offs of containers and of queues, evictions, deadlines.
        await self._cluster.advance(minutes=15)
        await self._cluster.settle(quiet_s=60, limit_s=limit_s)

    async def violations(self) -> list[str]:
        """What does not hold; see steersman.testing.convergence."""
        client = self._cluster.client
        found = violations({kind: await client.list(kind) for kind in KINDS})
        lines = set((await client.get("configmap", LEDGER)).get("data") or {})
        found += [f"the ledger has lost {line}" for line in sorted(self._written - lines)]
        found += [
            f"the ledger has {line}, which was never written" for line in sorted(lines - self._written - self._maybe)
        ]
        return found

    async def _enter_line(self) -> None:
        """Read, change, write back if nobody else has changed it meanwhile."""
        line, client = f"line-{len(self.log)}", self._cluster.client
        for _ in range(5):
            try:
                ledger = await client.get("configmap", LEDGER)
                ledger["data"] = {**(ledger.get("data") or {}), line: "written"}
                self._maybe.add(line)
                await client.replace(ledger)
            except Conflict:
                continue
            except (ApiError, TransportError):
                return  # perhaps it is written, perhaps not
            self._written.add(line)
            return

    # -- between clients and the API server

    def _heard(self, call: Call) -> None:
        if call.component != "administrator" and call.verb != "watch":
            info = call.info
            self._asked.add((call.verb, f"{info.resource}/{info.subresource}" if info.subresource else info.resource))

    async def _drop_watches(self) -> str:
        component = self._rng.choice(("", "kube-scheduler", "kube-controller-manager", "hollow-nodes"))
        cut = await self._cluster.drop_watches(component=component)
        return f"dropped {cut} watches of {component or 'everybody'}"

    async def _fail_requests(self) -> str:
        verb, resource = self._rng.choice(sorted(self._asked))
        code, times = self._rng.choice(_CODES), self._rng.randint(1, 5)
        self._cluster.faults.fail(verb=verb, resource=resource, code=code, times=times)
        return f"the next {times} requests to {verb} {resource} fail with {code}"

    async def _delay_requests(self) -> str:
        verb, resource = self._rng.choice(sorted(self._asked))
        seconds, times = self._rng.choice((0.5, 3, 20)), self._rng.randint(1, 5)
        self._cluster.faults.delay(seconds, verb=verb, resource=resource, times=times)
        return f"the next {times} requests to {verb} {resource} take {seconds} s longer"

    async def _lose_answers(self) -> str:
        verb, resource = self._rng.choice(sorted(self._asked))
        times = self._rng.randint(1, 3)
        self._cluster.faults.lose_answers(verb=verb, resource=resource, times=times)
        return f"the next {times} answers to {verb} {resource} are lost"

    # -- parts

    async def _restart_part(self) -> str:
        part = self._rng.choice(self._cluster.parts)
        await self._cluster.stop(part)
        for tries in range(1, _STARTS_MAX):  # as whatever supervises processes does
            try:
                await self._cluster.start(part)
            except (ApiError, TransportError):
                await self._cluster.advance(seconds=1)
            else:
                return f"restarted {part}, try {tries}"
        raise RuntimeError(f"{part} cannot be started")

    async def _jump_clock(self) -> str:
        seconds = self._rng.choice((-120, -5, 5, 120))
        self._cluster.jump_clock(seconds)
        return f"the clock jumps by {seconds} s"

    async def _fail_node(self) -> str:
        return self._some_node_goes("failed", self._cluster.nodes.fail)

    async def _partition_node(self) -> str:
        return self._some_node_goes("partitioned", self._cluster.nodes.partition)

    def _some_node_goes(self, what: str, do: Callable[[str], None]) -> str:
        up = [name for name in self._cluster.nodes.names if name not in self._down]
        if len(up) < 3:
            return "too few nodes are left to take one away"
        node = self._rng.choice(up)
        self._down.add(node)
        do(node)
        return f"{what} {node}"

    async def _heal_nodes(self) -> str:
        for node in sorted(self._down):
            self._cluster.nodes.heal(node)
        healed, self._down = sorted(self._down), set()
        return f"healed {healed}"

    async def _restart_kubelet(self) -> str:
        node = self._rng.choice(sorted(self._cluster.nodes.names))
        self._cluster.nodes.restart(node)
        return f"restarted the kubelet of {node}"

    # -- users

    async def _scale(self) -> str:
        kind = self._rng.choice(_SCALABLE)
        found = await self._cluster.client.list(kind)
        if not found:
            return f"no {kind} to scale"
        metadata, replicas = self._rng.choice(found)["metadata"], self._rng.randint(0, _REPLICAS_MAX)
        await self._cluster.client.scale(kind, metadata["name"], replicas, namespace=metadata["namespace"])
        return f"scaled {kind} {metadata['name']} to {replicas}"

    async def _roll_out(self) -> str:
        kind = self._rng.choice((*_SCALABLE, "daemonsets"))
        found = await self._cluster.client.list(kind)
        if not found:
            return f"no {kind} to change"
        metadata, version = self._rng.choice(found)["metadata"], str(self._rng.randint(0, 99))
        patch = {"spec": {"template": {"metadata": {"annotations": {"version": version}}}}}
        await self._cluster.client.patch(kind, metadata["name"], patch, namespace=metadata["namespace"])
        return f"changed {kind} {metadata['name']} to version {version}"

    async def _delete_pod(self) -> str:
        metadata = await self._some_pod()
        if metadata is None:
            return "no pod to delete"
        grace_s = self._rng.choice((None, 0))
        await self._cluster.client.delete("pod", metadata["name"], namespace=metadata["namespace"], grace_s=grace_s)
        return f"deleted pod {metadata['name']}, grace {grace_s}"

    async def _evict_pod(self) -> str:
        metadata = await self._some_pod()
        if metadata is None:
            return "no pod to evict"
        try:
            await self._cluster.client.evict(metadata["name"], namespace=metadata["namespace"])
        except NotFound:
            return f"pod {metadata['name']} was gone before it could be evicted"
        return f"evicted pod {metadata['name']}"

    async def _some_pod(self) -> dict[str, str] | None:
        pods = await self._cluster.client.list("pods")
        found: dict[str, str] | None = self._rng.choice(pods)["metadata"] if pods else None
        return found
