"""The controllers of a control plane, beside the API server in its process.

Each comes as its own service account, with what that may do; what they all read is read once, as
system:kube-controller-manager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.client.client import Client
from steersman.client.discovery import Discovery
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.queue_metrics import QueueFamilies
from steersman.cluster.local_transport import LocalTransport
from steersman.controllers.base import Tools
from steersman.controllers.catalog import load_controller
from steersman.controllers.roles import account_of, component_of
from steersman.lib.aio import Tasks
from steersman.lib.pem import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from random import Random

    from steersman.controllers.base import Controller
    from steersman.lib.clock import Clock
    from steersman.lib.http.message import Handler
    from steersman.lib.metrics import Registry

MANAGER = "system:kube-controller-manager"
_NAMESPACE = "kube-system"


class Issuer(Protocol):
    """What issues identities: the cluster's PKI."""

    def issue_client(self, common_name: str, *, organizations: tuple[str, ...], now: datetime) -> tuple[str, str]:
        """(certificate, key), PEM."""


class ControllerManager:
    """Started after the API server answers, stopped before it drains."""

    def __init__(
        self,
        *,
        names: Iterable[str],
        handler: Handler,
        issuer: Issuer,
        clock: Clock,
        rng: Random,
        registry: Registry,
        on_crash: Callable[[str, BaseException], None],
        detect_mutations: bool = False,
    ) -> None:
        """`names`: of the catalog. `handler`: the API server's. `on_crash(name, error)`: something ended for good."""
        self._names = tuple(names)
        self._handler = handler
        self._issuer = issuer
        self._clock = clock
        self._rng = rng
        self._queues = QueueFamilies(registry=registry)
        self._on_crash = on_crash
        self._tasks = Tasks(on_crash=on_crash)
        self._transports: list[LocalTransport] = []
        client = self._client(MANAGER, ())
        self.informers = Informers(client=client, rng=rng, detect_mutations=detect_mutations)
        self._discovery = Discovery(client=client, informers=self.informers)
        self.controllers: list[Controller] = []

    async def start(self) -> None:
        """Returns when all caches are filled and every controller works."""
        for name in self._names:
            self.controllers.append(self._make(name))
        await self.informers.start(on_crash=self._on_crash)
        self._tasks.start(self._discovery.run(), name="discovery")
        for controller in self.controllers:
            self._tasks.start(controller.run(), name=f"controller {controller.name}")

    async def stop(self) -> None:
        await self._tasks.close()
        await self.informers.stop()
        for transport in self._transports:
            await transport.close()

    def _make(self, name: str) -> Controller:
        kind = load_controller(name)
        account = account_of(kind)
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{_NAMESPACE}")
        client = self._client(f"system:serviceaccount:{_NAMESPACE}:{account}", groups)
        recorder = Recorder(client=client, component=component_of(kind), clock=self._clock, rng=self._rng)
        self._tasks.start(recorder.run(), name=f"events of {name}")
        tools = Tools(
            client=client,
            informers=self.informers,
            recorder=recorder,
            clock=self._clock,
            rng=self._rng,
            queues=self._queues,
            discovery=self._discovery,
        )
        return kind(tools)

    def _client(self, user: str, groups: tuple[str, ...]) -> Client:
        certificate, _key = self._issuer.issue_client(user, organizations=groups, now=self._clock.now())
        (der,) = (block.content for block in blocks(certificate.encode()))
        transport = LocalTransport(
            handler=self._handler, user_agent=f"steersman/{user.rpartition(':')[2]}", certificate_der=der
        )
        self._transports.append(transport)
        return Client(transport=transport, rng=self._rng, field_manager=user.rpartition(":")[2])
