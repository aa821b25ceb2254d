"""A whole control plane inside one event loop, without sockets: an API server over a store, and its components.

What a process of its own has around it (certificates on disk, listening, signals) is `cluster.run`'s. Every part may
be stopped and started again by itself, as often as one likes, and finds its place from what the store holds.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from steersman.apiserver import respond
from steersman.apiserver.authn.service_account_issuer import TokenIssuer
from steersman.apiserver.identifiers import Identifiers
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.controllers import ControllerManager, controller_settings
from steersman.cluster.local_clients import LocalClients
from steersman.cluster.scheduler import SchedulerPart
from steersman.cluster.upkeep import compact
from steersman.cluster.wiring import Identity, Parts, wire
from steersman.lib.aio import Tasks
from steersman.lib.metrics import Registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import Protocol

    from steersman.apiserver.authn.user import User
    from steersman.cluster.config import ServerConfig
    from steersman.cluster.local_clients import Issuer
    from steersman.cluster.pki import PKI
    from steersman.lib.clock import Clock
    from steersman.lib.http.message import Answer, Handler, Request
    from steersman.store.interface import Store

    class Component(Protocol):
        """What is started after the API server answers, and stopped before it does no more."""

        async def start(self) -> None:
            """Returns when it works."""

        async def stop(self) -> None: ...


_HOST, _PORT = "127.0.0.1", 6443
"""What the API server says of itself; nobody can call there."""


class Gate:
    """Where every request arrives. While no API server stands behind it, clients are asked to come again."""

    def __init__(self) -> None:
        self.behind: Handler | None = None

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """A Handler."""
        if self.behind is None:
            refusal = respond.transport_error(503, "the API server is not running")
            refusal.headers = (*refusal.headers, ("Retry-After", "1"))
            return refusal
        return self.behind(request)


class ControlPlane:
    """API server, controllers, scheduler and whatever else is given: entered one after the other by `start`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        pki: PKI,
        issuer: Issuer,
        config: ServerConfig,
        seed: str,
        tokens: Mapping[str, User],
        through: Callable[[Handler], Handler],
        on_crash: Callable[[str, BaseException], None],
        controllers: Iterable[str] | None = None,
        detect_mutations: bool = False,
    ) -> None:
        """`store`: stopped by whoever made it. `issuer`: of the identities of components. `tokens`: users by their
        bearer tokens. `through(handler)`: what requests pass on their way to the API server.
        `on_crash(name, error)`: something ended for good. `controllers`: those that `config` names if none are given.
        """
        self.api: ApiServer
        self._store = store
        self._clock = clock
        self._pki = pki
        self._issuer = issuer
        self._config = config
        self._seed = seed
        self._tokens = tokens
        self._on_crash = on_crash
        self._controllers = tuple(config.controllers.names if controllers is None else controllers)
        self._detect_mutations = detect_mutations
        self._gate = Gate()
        self.handle = through(self._gate.handle)
        """The handler of the API server that is running now, or next."""
        self._parts: dict[str, Callable[[], Component]] = {
            "apiserver": self._make_api,
            "controllers": self._make_controllers,
            "scheduler": self._make_scheduler,
        }
        self._running: dict[str, Component] = {}
        self._starts = 0

    @property
    def parts(self) -> tuple[str, ...]:
        """Their names, in the order in which they start."""
        return tuple(self._parts)

    def add(self, name: str, make: Callable[[], Component]) -> None:
        """One more part, which starts last."""
        self._parts[name] = make

    def running(self, name: str) -> Component:
        """Raises KeyError for a part that is not running."""
        return self._running[name]

    async def start(self, *names: str) -> None:
        """Start these parts, or all, in their order; those that run already go on. Raises what a start raises; that
        part can be started again.
        """
        for name, make in self._parts.items():
            if (not names or name in names) and name not in self._running:
                self._starts += 1
                part = make()
                try:
                    await part.start()
                except BaseException:
                    await part.stop()  # so that it can be tried again
                    raise
                self._running[name] = part

    async def stop(self, *names: str) -> None:
        """Stop these parts, or all, the last first."""
        for name in reversed(self._parts):
            if (not names or name in names) and name in self._running:
                await self._running.pop(name).stop()

    def rng(self, name: str) -> random.Random:
        """A generator of a part's own, so that what others draw does not change what it draws."""
        return random.Random(f"{self._seed}/{name}/{self._starts}")  # noqa: S311 - repeatable on purpose

    def clients(self, name: str) -> LocalClients:
        """For a part that comes as somebody."""
        return LocalClients(handler=self.handle, issuer=self._issuer, clock=self._clock, rng=self.rng(f"{name} client"))

    # -- the parts

    def _make_api(self) -> Component:
        self.api = ApiServer(
            store=self._store,
            clock=self._clock,
            rng=self.rng("apiserver"),
            pki=self._pki,
            config=self._config,
            tokens=self._tokens,
            gate=self._gate,
            on_crash=self._on_crash,
        )
        return self.api

    def _make_controllers(self) -> Component:
        return ControllerManager(
            names=self._controllers,
            settings=controller_settings(self._pki, self._config),
            clients=self.clients("controllers"),
            clock=self._clock,
            rng=self.rng("controllers"),
            registry=Registry(),  # of their own: they may start more than once
            on_crash=self._on_crash,
            detect_mutations=self._detect_mutations,
        )

    def _make_scheduler(self) -> Component:
        return SchedulerPart(
            clients=self.clients("scheduler"), clock=self._clock, rng=self.rng("scheduler"), on_crash=self._on_crash
        )


class ApiServer:
    """Its parts over a store that runs already."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        rng: random.Random,
        pki: PKI,
        config: ServerConfig,
        tokens: Mapping[str, User],
        gate: Gate,
        on_crash: Callable[[str, BaseException], None],
    ) -> None:
        issuer = TokenIssuer(
            key=pki.signing_key(),
            issuer=config.issuer,
            new_id=Identifiers(clock=clock, rng=rng).uid,
            retired_keys=pki.verification_keys(),
            jwks_uri=f"https://{_HOST}:{_PORT}/openid/v1/jwks",
        )
        identity = Identity(issuer=issuer, token_users=tokens, client_ca_pem=pki.ca_pem())
        self.parts: Parts = wire(
            store=store, clock=clock, rng=rng, identity=identity, config=config, state=self, address=f"{_HOST}:{_PORT}"
        )
        self._store = store
        self._config = config
        self._gate = gate
        self._on_crash = on_crash
        self._tasks = Tasks(on_crash=on_crash)

    async def start(self) -> None:
        """See Component."""
        parts = self.parts
        await parts.service.cache.start(lambda error: self._on_crash("the feed of the store", error))
        await parts.start()
        addresses = Addresses(host=_HOST, port=_PORT, service_cidrs=self._config.service_cidrs)
        await Bootstrap(service=parts.service, reader=parts.reader, addresses=addresses).run()
        await parts.settle()
        self._tasks.start(compact(self._store, self._config.compaction_s), name="compaction")
        self._tasks.start(parts.address_repair.run(), name="address repair")
        self._gate.behind = parts.application.handle

    async def stop(self) -> None:
        """See Component."""
        self._gate.behind = None
        self.parts.service.end_watches()
        await self._tasks.close()
        await self.parts.stop()
        self.parts.service.cache.stop()

    # How it is, for its health checks.

    def store(self) -> str | None:
        return None

    def synced(self) -> str | None:
        return None

    def started(self) -> str | None:
        return None

    def stopping(self) -> str | None:
        return None
