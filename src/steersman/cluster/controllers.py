"""The controllers of a control plane, beside the API server in its process or in one of their own.

Each comes as its own service account, with what that may do; what they all read is read once, as
system:kube-controller-manager.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.client.discovery import Discovery
from steersman.client.events import Recorder
from steersman.client.informer import Informers
from steersman.client.leader import LeaderElection
from steersman.client.queue_metrics import QueueFamilies
from steersman.client.request import Key
from steersman.cluster.controller_settings import settings_from
from steersman.controllers.base import Tools
from steersman.controllers.catalog import load_controller
from steersman.controllers.certificatesigningrequest_signing import CertificateSigning
from steersman.controllers.kube_apiserver_serving_clustertrustbundle_publisher import (
    ServingCA,
    ServingClusterTrustBundlePublisher,
)
from steersman.controllers.roles import account_of, component_of
from steersman.controllers.root_ca_certificate_publisher import RootCA
from steersman.controllers.serviceaccount_token import TokenSigning
from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

    from steersman.client.client import Client
    from steersman.cluster.clients import Clients
    from steersman.cluster.config import ServerConfig
    from steersman.cluster.pki import PKI
    from steersman.controllers.base import Controller
    from steersman.lib.clock import Clock
    from steersman.lib.metrics import Registry

MANAGER = "system:kube-controller-manager"
LEASE = Key("kube-system", "kube-controller-manager")
_NAMESPACE = "kube-system"
_log = logging.getLogger(__name__)
EVENT_WRITERS = 4
"""Of each controller: one commit after another, on a slow disk, its events would come seconds late."""


class ControllerManager:
    """Started after the API server answers, stopped before it drains."""

    def __init__(
        self,
        *,
        names: Iterable[str],
        settings: Mapping[str, object],
        clients: Clients,
        clock: Clock,
        rng: Random,
        registry: Registry,
        on_crash: Callable[[str, BaseException], None],
        informers: Informers | None = None,
        detect_mutations: bool = False,
    ) -> None:
        """`names`: of the catalog; `settings`: what some of them are given, see `controller_settings`. `clients`:
        closed by `stop`. `on_crash(name, error)`: something ended for good. `informers`: of all parts of this process,
        if it has any.
        """
        self._names = tuple(names)
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._registry = registry
        self._queues = QueueFamilies(registry=registry)
        self._on_crash = on_crash
        self._tasks = Tasks(on_crash=on_crash)
        self._election = Tasks(on_crash=on_crash)
        self._clients = clients
        client = self._client(MANAGER, ())
        own = Informers(client=client, rng=rng, detect_mutations=detect_mutations)
        self.informers = own if informers is None else informers.share()
        self._discovery = Discovery(client=client, informers=self.informers)
        self.controllers: list[Controller] = []

    async def start(self) -> None:
        """Returns when all caches are filled and every controller works."""
        for name in await self._possible():
            self.controllers.append(self._make(name))
        await self.informers.start(on_crash=self._on_crash)
        self._tasks.start(self._discovery.run(), name="discovery")
        for controller in self.controllers:
            self._tasks.start(controller.run(), name=f"controller {controller.name}")

    async def _possible(self) -> list[str]:
        """Those whose APIs are served."""
        needs = {name: load_controller(name).needs for name in self._names}
        served = (await self._discovery.fetch()).resources if any(needs.values()) else ()
        known = {(each.group, each.version, each.plural) for each in served}
        missing = {
            name: [each.plural for each in needed if (each.group, each.version, each.plural) not in known]
            for name, needed in needs.items()
        }
        for name, plurals in missing.items():
            if plurals:
                _log.debug("controller %s does not run: %s are not served", name, ", ".join(plurals))
        return [name for name, plurals in missing.items() if not plurals]

    def elect(self, identity: str) -> None:
        """Work only while this process holds the lease: of several API servers over one store one does.

        Losing it counts as a crash: the process should end, as its caches are full of what it may no longer act on.
        """
        self._election.start(self._run_elected(identity), name="controllers")

    async def stop(self) -> None:
        await self._election.close()  # with which the lease is given back, after the work has ended
        await self._halt()
        await self._clients.close()

    async def _run_elected(self, identity: str) -> None:
        manager = self._client(MANAGER, ())
        election = LeaderElection(client=manager, lease=LEASE, identity=identity, clock=self._clock, rng=self._rng)
        await election.run(self._lead)

    async def _lead(self) -> None:
        try:
            await self.start()
            await asyncio.get_running_loop().create_future()
        finally:
            await self._halt()

    async def _halt(self) -> None:
        await self._tasks.close()
        await self.informers.stop()

    def _make(self, name: str) -> Controller:
        kind = load_controller(name)
        client = self._client(*_identity(account_of(kind)))
        recorder = Recorder(client=client, component=component_of(kind), clock=self._clock, rng=self._rng)
        for _ in range(EVENT_WRITERS):
            self._tasks.start(recorder.run(), name=f"events of {name}")
        tools = Tools(
            client=client,
            informers=self.informers,
            recorder=recorder,
            clock=self._clock,
            rng=self._rng,
            queues=self._queues,
            discovery=self._discovery,
            registry=self._registry,
        )
        given = {"settings": self._settings[name]} if name in self._settings else {}
        return kind(tools, **given)

    def _client(self, user: str, groups: tuple[str, ...]) -> Client:
        return self._clients.client(user, groups)


def _identity(account: str) -> tuple[str, tuple[str, ...]]:
    """User and groups of a service account, or of a user, whose name has a colon."""
    if ":" in account:
        return account, ()
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{_NAMESPACE}")
    return f"system:serviceaccount:{_NAMESPACE}:{account}", groups


def controller_settings(pki: PKI, config: ServerConfig) -> dict[str, object]:
    """By controller, what those are given that need keys, certificates or choices of the cluster's."""
    ca_pem = pki.ca_pem()
    options = config.controllers
    signing = CertificateSigning(
        ca_pem=ca_pem.encode(),
        key_pem=pki.key("ca").read_bytes(),
        lifetime=timedelta(seconds=options.cluster_signing_duration),
    )
    return settings_from(options, service_cidrs=config.service_cidrs) | {
        "certificatesigningrequest_signing": signing,
        ServingClusterTrustBundlePublisher.name: ServingCA(ca_pem=ca_pem),
        "root_ca_certificate_publisher": RootCA(ca_pem=ca_pem),
        "serviceaccount_token": TokenSigning(sign=pki.signing_key().sign, ca_pem=ca_pem),
    }
