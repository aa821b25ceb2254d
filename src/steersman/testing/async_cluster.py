"""The cluster that steersman.testing.cluster makes part of a test, for tests that await."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from steersman.apiserver import respond
from steersman.apiserver.authn.user import User
from steersman.client.client import Client
from steersman.cluster.config import ServerConfig
from steersman.cluster.control_plane import ControlPlane
from steersman.cluster.hollow import HollowPart
from steersman.cluster.kubeconfig import render_kubeconfig
from steersman.cluster.local_transport import LocalTransport
from steersman.kubelet.hollow.node_spec import NodeSpec
from steersman.lib.aio import loop_time
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.store.catalog import StoreAddress
from steersman.store.drivers.memory import MemoryStore
from steersman.testing.cluster_pki import cluster_pki
from steersman.testing.faults import Call, Faults
from steersman.testing.held_time import HeldTimeLoop
from steersman.testing.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from steersman.cluster.pki import PKI
    from steersman.kubelet.hollow.behaviours import Behaviours
    from steersman.kubelet.hollow.nodes import HollowNodes
    from steersman.lib.http.message import Answer, Request
    from steersman.store.drivers.memory import MemoryJournal
    from steersman.testing.cluster_pki import LastingIssuer

START = datetime(2026, 1, 1, tzinfo=UTC)
CALL_S = 120.0
"""No call waits longer than this, in the cluster's time."""
QUIET_S = 5.0
NODES = "nodes"
"""The part that the simulated nodes are."""
_ADMIN = "kubernetes-admin"
_UNNOTICED = frozenset((("leases", ""), ("events", ""), ("nodes", "status")))
"""What goes on for ever in a cluster in which nothing happens."""
_CHANGES = frozenset(("create", "update", "patch", "delete", "deletecollection"))


class NotSettled(AssertionError):
    """Things still happen; says what happened last."""


class ComponentFailed(RuntimeError):
    """A part of the cluster ended by an error of its own."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A cluster at one moment; belongs to no cluster, so that many can begin with it."""

    now: datetime
    journal: MemoryJournal
    seed: str
    nodes: Any
    """What runs on the simulated nodes (HollowNodes.dump); None where there have been none yet."""


class ClusterClock:
    """Wall time that moves with the loop's, and may be set."""

    def __init__(self, now: datetime) -> None:
        self._base = now - timedelta(seconds=loop_time())

    def now(self) -> datetime:
        return self._base + timedelta(seconds=loop_time())

    def jump(self, seconds: float) -> None:
        """Set it forward or back; timers do not notice."""
        self._base += timedelta(seconds=seconds)


class AsyncCluster:
    """See the module. Entered when every part works; left when all have ended."""

    client: Objects
    clock: ClusterClock

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
        """`nodes`: simulated ones, called node-1 and so on, or what they are. `start`: the time at which the cluster
        begins. `behaviours`: of containers and nodes, beside what annotations say. `config`: of the API server and the
        controllers. `detect_mutations`: whether controllers that change what their caches hold are found out.
        """
        specs = [NodeSpec(name=f"node-{n}") for n in range(1, nodes + 1)] if isinstance(nodes, int) else nodes
        self._specs = tuple(specs)
        self._behaviours = behaviours
        self._node_state: Any = None
        self.faults = Faults()
        self._seed = str(seed)
        self._start = start
        self._detect_mutations = detect_mutations
        self._config = config
        self.token = secrets.token_hex(16)
        """An administrator's, for requests to `handle`."""
        self._crashes: list[tuple[str, BaseException]] = []
        self._changes = 0
        self._last: Call | None = None
        self._folder: TemporaryDirectory[str]
        self._pki: PKI
        self._issuer: LastingIssuer
        self._plane: ControlPlane
        self._store: MemoryStore
        self._transport: LocalTransport
        self._server: Server | None = None
        self._kubeconfig: Path | None = None
        self._forked: Snapshot | None = None
        self.faults.observers.append(self._noticed)

    async def __aenter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="steersman-test-")
        try:
            self._pki, self._issuer = cluster_pki(Path(self._folder.name) / "pki")
            await self._open(self._forked or Snapshot(self._start, MemoryStore.nothing(), self._seed, None))
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._server is not None:
                await self._server.drain(0)
            await self._close()
        finally:
            self._folder.cleanup()
        self.check()

    # -- time

    @property
    def now(self) -> datetime:
        """The cluster's time of day."""
        return self.clock.now()

    async def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let so much time pass, with all that is due in it."""
        await self._held().advance(3600 * hours + 60 * minutes + seconds)
        self.check()

    async def settle(self, *, quiet_s: float = QUIET_S, limit_s: float = 900.0) -> None:
        """Let time pass until nothing but heartbeats has been written for `quiet_s`. Raises NotSettled after
        `limit_s`.
        """
        end = self._held().time() + limit_s
        while True:
            before = self._changes
            await self.advance(seconds=quiet_s)
            if self._changes == before:
                return
            if self._held().time() >= end:
                raise NotSettled(f"still not settled after {limit_s:g} s; the last change was {_said(self._last)}")

    async def run_until(
        self, holds: Callable[[], Coroutine[Any, Any, bool]], *, step_s: float = 1.0, limit_s: float = 900.0
    ) -> None:
        """Let time pass until something holds, which is looked at every `step_s`. Raises NotSettled after `limit_s`."""
        end = self._held().time() + limit_s
        while not await holds():
            if self._held().time() >= end:
                raise NotSettled(f"not so after {limit_s:g} s; the last change was {_said(self._last)}")
            await self.advance(seconds=step_s)

    def jump_clock(self, seconds: float) -> None:
        """Set the time of day forward or back, as an administrator or a broken time server does. No timer notices."""
        self.clock.jump(seconds)

    async def drop_watches(self, *, resource: str = "", component: str = "") -> int:
        """Cut open watches of everybody's, or of a resource, or a component; how many there were."""
        return self.faults.drop_watches(resource=resource, component=component)

    def _held(self) -> HeldTimeLoop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, HeldTimeLoop):
            raise TypeError("time is real in this loop: run the test in a steersman.testing.held_time.HeldTimeLoop")
        return loop

    # -- the past

    async def snapshot(self) -> Snapshot:
        """Everything as it is now."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, HeldTimeLoop):
            await loop.drain()
        return Snapshot(self.now, self._store.copy(), self._seed, self.nodes.dump())

    async def restore(self, snapshot: Snapshot) -> None:
        """Become what a cluster was. Its components begin anew, as after a restart, and find what they left."""
        await self._close()
        await self._open(snapshot)

    def fork(self, snapshot: Snapshot) -> AsyncCluster:
        """Another cluster that begins there, to be entered."""
        other = AsyncCluster(
            seed=self._seed,
            behaviours=self._behaviours,
            config=self._config,
            detect_mutations=self._detect_mutations,
        )
        other._forked = snapshot
        return other

    # -- the parts

    @property
    def parts(self) -> tuple[str, ...]:
        """What can be restarted."""
        return self._plane.parts

    @property
    def nodes(self) -> HollowNodes:
        """The simulated nodes. Raises KeyError while the part `nodes` is stopped."""
        part = self._plane.running(NODES)
        assert isinstance(part, HollowPart)
        return part.nodes

    async def stop(self, part: str) -> None:
        """Stop one part; the others go on without it. Machines remember what runs on them."""
        if part == NODES:
            self._node_state = self.nodes.dump()
        await self._plane.stop(part)

    async def start(self, part: str) -> None:
        """Start one that was stopped."""
        await self._plane.start(part)

    async def restart(self, part: str) -> None:
        """Kill one part and start it: what it knew is lost."""
        await self.stop(part)
        await self.start(part)

    def check(self) -> None:
        """Raises ComponentFailed if a part of the cluster has ended by an error."""
        if self._crashes:
            name, error = self._crashes[0]
            raise ComponentFailed(f"{name}: {error!r}") from error

    # -- clients from outside

    async def serve(self) -> Path:
        """Listen on a port of this machine; the path of an administrator's kubeconfig."""
        if self._kubeconfig is None:
            context = server_context(
                certificate=self._pki.certificate("apiserver"),
                key=self._pki.key("apiserver"),
                client_ca=self._pki.certificate("ca"),
            )
            server = self._server = Server(
                handler=self.handle, tls=context, error=respond.transport_error, clock=self.clock
            )
            [(_, port)] = await server.start("127.0.0.1")
            path = Path(self._folder.name) / "kubeconfig"
            text = render_kubeconfig(
                server=f"https://127.0.0.1:{port}", ca_pem=self._pki.ca_pem(), token=self.token, name="steersman-test"
            )
            path.touch(mode=0o600)
            path.write_text(text)
            self._kubeconfig = path
        return self._kubeconfig

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """The API server's handler, behind the faults."""
        return self._plane.handle(request)

    # -- life

    async def _open(self, snapshot: Snapshot) -> None:
        self.clock = ClusterClock(snapshot.now)
        self._seed = snapshot.seed
        self._store = MemoryStore(clock=self.clock, journal=snapshot.journal.copy())
        await self._store.start()
        self._plane = ControlPlane(
            store=self._store,
            clock=self.clock,
            pki=self._pki,
            issuer=self._issuer,
            config=self._config or ServerConfig(data_dir=Path(self._folder.name), store=StoreAddress("memory")),
            seed=f"{self._seed} {snapshot.now.timestamp()}",
            tokens={self.token: User(name=_ADMIN, groups=("system:masters",))},
            through=self.faults.wrap,
            on_crash=lambda name, error: self._crashes.append((name, error)),
            detect_mutations=self._detect_mutations,
        )
        self._node_state = snapshot.nodes
        self._plane.add(NODES, self._make_nodes)
        await self._plane.start()
        self._transport = LocalTransport(
            handler=self._plane.handle, user_agent="steersman/administrator", token=self.token
        )
        client = Client(transport=self._transport, rng=self._plane.rng("client"), field_manager="administrator")
        self.client = Objects(client=client)

    def _make_nodes(self) -> HollowPart:
        return HollowPart(
            clients=self._plane.clients(NODES),
            specs=self._specs if self._node_state is None else (),
            clock=self.clock,
            rng=self._plane.rng(NODES),
            on_crash=lambda name, error: self._crashes.append((name, error)),
            behaviours=self._behaviours,
            state=self._node_state,
        )

    async def _close(self) -> None:
        await self._transport.close()
        await self._plane.stop()
        await self._store.stop()

    def _noticed(self, call: Call) -> None:
        if call.verb in _CHANGES and 0 < call.code < 400:
            info = call.info
            if (info.resource, info.subresource) not in _UNNOTICED:
                self._changes += 1
                self._last = call


def _said(call: Call | None) -> str:
    if call is None:
        return "none"
    info = call.info
    what = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    return f"{call.component}: {call.verb} {what} {info.namespace}/{info.name}"
