"""Makes an API server out of its parts. Nothing is started here but what is asked to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.catalog import BUILTIN
from steersman.api.core.service import SERVICES
from steersman.api.networking.service_cidr import family_of_cidr
from steersman.apiserver.about import About
from steersman.apiserver.admission.catalog import chain
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.resource_quota.ledger import Ledger
from steersman.apiserver.admission.webhook.match_conditions import Unevaluated
from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
from steersman.apiserver.admission.webhook.plugin import WebhookParts
from steersman.apiserver.aggregation.aggregation import Aggregation
from steersman.apiserver.allocation.addresses import AddressBook
from steersman.apiserver.allocation.hook import PortFollower, ServiceAllocation
from steersman.apiserver.allocation.ports import PortLedger, PortRange
from steersman.apiserver.allocation.repair import Repair
from steersman.apiserver.app import Application
from steersman.apiserver.authn.catalog import authenticator
from steersman.apiserver.authz.catalog import authorizers
from steersman.apiserver.authz.escalation import EscalationCheck
from steersman.apiserver.authz.grants import GrantHook
from steersman.apiserver.codec.negotiate import Negotiator
from steersman.apiserver.codec.protobuf import Protobuf
from steersman.apiserver.conversion.webhook import ConversionMetrics, ConversionWebhooks
from steersman.apiserver.crd import CustomResources
from steersman.apiserver.discovery import Discovery
from steersman.apiserver.documents import Documents
from steersman.apiserver.health import Health
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.keepers.catalog import keepers
from steersman.apiserver.keepers.cluster_authentication_trust import Trust
from steersman.apiserver.kinds import Kinds
from steersman.apiserver.measured_store import MeasuredStore
from steersman.apiserver.metrics import HealthMetrics, ServerMetrics
from steersman.apiserver.openapi.descriptions import installed
from steersman.apiserver.openapi.service import OpenAPI
from steersman.apiserver.pipeline import Pipeline
from steersman.apiserver.reader import CacheReader
from steersman.apiserver.resources import ResourceTable
from steersman.apiserver.service import Service
from steersman.apiserver.subresources.catalog import connectors
from steersman.apiserver.subresources.component_statuses import Health as ComponentHealth
from steersman.apiserver.subresources.component_statuses import LocalHealthz
from steersman.apiserver.zpages import ZPages
from steersman.cluster.outbound import Outbound, outbound
from steersman.cluster.sources import RBAC_RESOURCES, CachedObjects, NodePods, RoleFeed
from steersman.lib.metrics import Registry
from steersman.store.watchcache import WatchCache

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from pathlib import Path

    from steersman.api.resource import Resource
    from steersman.apiserver.authn.authenticator import Authenticator
    from steersman.apiserver.authn.service_account_issuer import TokenIssuer
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.health import State
    from steersman.apiserver.hooks import Hook
    from steersman.apiserver.keepers.base import Keeper
    from steersman.apiserver.outbound.hook_client import HookClient
    from steersman.apiserver.outbound.kubelet import KubeletTls
    from steersman.apiserver.subresources.component_statuses import Check
    from steersman.cluster.config import ServerConfig
    from steersman.lib.clock import Clock
    from steersman.store.interface import Store

CONTROLLER_MANAGER_PORT, SCHEDULER_PORT = 10257, 10259


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How the server tells who asks, and what it signs with."""

    issuer: TokenIssuer
    token_users: Mapping[str, User]
    client_ca_pem: str = ""
    front_proxy_ca_pem: str = ""
    front_proxy_client: tuple[Path, Path] | None = None
    """Certificate and key that extension servers are shown, PEM files."""
    kubelets: KubeletTls | None = None
    """What kubelets are shown, and how they are checked; None: nothing, and not at all."""
    anonymous: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A wired API server. `start` in `run` brings it to life."""

    service: Service
    application: Application
    documents: Documents
    reader: CacheReader
    health: Health
    custom_resources: CustomResources
    address_repair: Repair
    aggregation: Aggregation
    keepers: tuple[Keeper, ...]
    outbound: Outbound

    async def start(self) -> None:
        """After the cache is loaded, before anything is served."""
        await self.custom_resources.start()
        await self.address_repair.start()
        for keeper in self.keepers:
            await keeper.start()
        self.aggregation.start()

    async def settle(self) -> None:
        """After the cluster's first objects are written: until the server has said what it says about them."""
        for keeper in self.keepers:
            await keeper.caught_up()

    async def stop(self) -> None:
        """After the last request, before the store ends."""
        await self.aggregation.stop()
        for keeper in reversed(self.keepers):
            await keeper.stop()
        await self.custom_resources.stop()
        await self.outbound.client.close()


def wire(
    *,
    store: Store,
    clock: Clock,
    rng: random.Random,
    identity: Identity,
    config: ServerConfig,
    state: State,
    address: str = "",
) -> Parts:
    """Everything between the store and the HTTP server. `address`: host and port under which clients reach it."""
    registry = Registry()
    metrics = ServerMetrics(registry=registry)
    store = measured = MeasuredStore(store=store, registry=registry)
    cache = WatchCache(store=store)
    resources = ResourceTable(cache)
    metrics.follow(resources)
    measured.follow(resources)
    resources.add(BUILTIN)
    reader = CacheReader(resources)
    roles = RoleFeed(resources)
    relations = NodePods(resources, reader)
    authorizer, rbac = authorizers(roles=roles.table, relations=relations)
    grants = GrantHook(check=EscalationCheck(authorizer=authorizer, rbac=rbac))
    identifiers = Identifiers(clock=clock, rng=rng)
    ledger = _quota_ledger(cache, resources, identifiers)
    others = outbound(reader=reader, rng=rng, kubelets=identity.kubelets, config=config, registry=registry)
    webhooks = _webhooks(others.hooks, reader, resources, identifiers, registry)
    admission = chain(reader=reader, authorizer=authorizer, ledger=ledger, rng=rng, webhooks=webhooks)
    hooks: dict[Resource, Hook] = dict.fromkeys(RBAC_RESOURCES, grants)
    pipeline = Pipeline(store=store, cache=cache, chain=admission, identifiers=identifiers, hooks=hooks)
    hooks[SERVICES], address_repair = _addresses(pipeline, resources, reader, config=config, clock=clock, rng=rng)
    service = Service(
        store=store,
        cache=cache,
        resources=resources,
        pipeline=pipeline,
        chain=admission,
        negotiator=Negotiator(),
        protobuf=Protobuf(),
        kinds=Kinds(frozenset(kind for r in BUILTIN for kind in _kinds(r.group, r.version, r.kind))),
        identifiers=identifiers,
        clock=clock,
        rng=rng,
        metrics=metrics,
    )
    who = _authenticator(identity, CachedObjects(resources, reader))
    aggregation = Aggregation(
        resources=resources,
        reader=reader,
        client=others.client,
        resolver=others.resolver,
        certificate=identity.front_proxy_client,
        registry=registry,
    )
    documents, health = _documents(
        service, aggregation, issuer=identity.issuer, config=config, state=state, address=address
    )
    application = Application(
        service=service,
        authenticator=who,
        authorizer=authorizer,
        documents=documents,
        connectors=connectors(
            reader=reader,
            authorizer=authorizer,
            authenticator=who,
            issuer=identity.issuer,
            components=_components(state),
            streams=others.streams,
            proxy=others.proxy,
        ),
        extensions=aggregation.proxy,
    )
    conversions = _conversions(others.hooks, identifiers, registry)
    custom_resources = CustomResources(
        resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers, webhooks=conversions
    )
    return Parts(
        service=service,
        application=application,
        documents=documents,
        reader=reader,
        health=health,
        custom_resources=custom_resources,
        address_repair=address_repair,
        aggregation=aggregation,
        keepers=keepers(
            resources=resources,
            reader=reader,
            pipeline=pipeline,
            identifiers=identifiers,
            check=aggregation.check.problem,
            trust=Trust(client_ca_pem=identity.client_ca_pem, front_proxy_ca_pem=identity.front_proxy_ca_pem),
        ),
        outbound=others,
    )


def _webhooks(
    client: HookClient, reader: CacheReader, resources: ResourceTable, identifiers: Identifiers, registry: Registry
) -> WebhookParts:
    """What admission's webhooks are called with."""
    return WebhookParts(
        reader=reader,
        resources=resources,
        client=client,
        conditions=Unevaluated(),
        metrics=WebhookMetrics(registry=registry),
        new_uid=identifiers.uid,
    )


def _conversions(client: HookClient, identifiers: Identifiers, registry: Registry) -> ConversionWebhooks:
    """What converts custom resources."""
    metrics = ConversionMetrics(registry=registry)
    return ConversionWebhooks(client=client, identifiers=identifiers, metrics=metrics)


def _addresses(
    pipeline: Pipeline,
    resources: ResourceTable,
    reader: CacheReader,
    *,
    config: ServerConfig,
    clock: Clock,
    rng: random.Random,
) -> tuple[ServiceAllocation, Repair]:
    """The hook that gives Services addresses and ports, and what mends its books.

    Addresses are objects, which are written as any other: the hook needs the pipeline that it is part of.
    """
    book = AddressBook(pipeline=pipeline, resources=resources, reader=reader, clock=clock, rng=rng)
    ports = PortRange(*config.node_ports)
    node_ports = PortLedger(ports)
    PortFollower(node_ports, resources)
    families = [family_of_cidr(cidr) for cidr in config.service_cidrs]
    repair = Repair(
        book=book,
        ports=ports,
        pipeline=pipeline,
        resources=resources,
        reader=reader,
        clock=clock,
        rng=rng,
        alone=resources.cache.embedded,
    )
    return ServiceAllocation(book=book, ledger=node_ports, families=families, rng=rng), repair


def _authenticator(identity: Identity, objects: CachedObjects) -> Authenticator:
    return authenticator(
        audiences=(identity.issuer.issuer,),
        issuers=(identity.issuer.issuer,),
        keys=identity.issuer.keys,
        objects=objects,
        token_users=identity.token_users,
        client_ca_pem=identity.client_ca_pem,
        front_proxy_ca_pem=identity.front_proxy_ca_pem,
        anonymous=identity.anonymous,
    )


def _documents(
    service: Service,
    aggregation: Aggregation,
    *,
    issuer: TokenIssuer,
    config: ServerConfig,
    state: State,
    address: str,
) -> tuple[Documents, Health]:
    """Everything that is served beside resources."""
    documents = Documents()
    checks = HealthMetrics(registry=Registry())
    health = Health(state=state, observe=checks.observe)
    discovery = Discovery(
        resources=service.resources,
        negotiator=service.negotiator,
        protobuf=service.protobuf,
        registrations=aggregation.registrations,
        extensions=aggregation.discovery,
        address=address,
    )
    openapi = OpenAPI(
        resources=service.resources,
        descriptions=installed(),
        clock=service.clock,
        extensions=aggregation.openapi,
    )

    def paths() -> list[str]:
        return [*documents.paths(), *discovery.paths(), *openapi.paths(), *health.paths()]

    about = About(negotiator=service.negotiator, issuer=issuer, paths=paths)
    pages = ZPages(clock=service.clock, negotiator=service.negotiator, paths=paths, settings=config.settings())
    for unit in (health, checks, service.metrics, discovery, openapi, about, pages):
        unit.register(documents)
    return documents, health


def _components(state: State) -> dict[str, Check]:
    """The other components, where they listen by default, and the store under the name that clients know."""

    async def store() -> ComponentHealth:
        problem = state.store()
        return ComponentHealth(healthy=problem is None, message="" if problem else "ok", error=problem or "")

    return {
        "controller-manager": LocalHealthz(port=CONTROLLER_MANAGER_PORT),
        "scheduler": LocalHealthz(port=SCHEDULER_PORT),
        "etcd-0": store,
    }


def _quota_ledger(cache: WatchCache, resources: ResourceTable, identifiers: Identifiers) -> Ledger:
    """What admission itself writes is not admitted in turn: that has a pipeline without a chain."""
    nobody = Chain(mutating=(), validating=())
    unreviewed = Pipeline(store=cache.store, cache=cache, chain=nobody, identifiers=identifiers, hooks={})
    return Ledger(pipeline=unreviewed, resources=resources, clock=identifiers.clock)


def _kinds(group: str, version: str, kind: str) -> tuple[tuple[str, str, str], ...]:
    return (group, version, kind), (group, version, f"{kind}List")
