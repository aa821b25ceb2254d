"""Services in whole API servers: whatever happens, what is taken is what the Services have."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.service import SERVICES
from steersman.api.networking.ip_address import IP_ADDRESSES
from steersman.api.networking.service_cidr import SERVICE_CIDRS
from steersman.apiserver.allocation.hook import PortFollower
from steersman.apiserver.allocation.node_ports import all_ports_of
from steersman.apiserver.authn.service_account_issuer import TokenIssuer
from steersman.apiserver.authn.user import User
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.write import Write
from steersman.cluster.config import ServerConfig
from steersman.cluster.wiring import Identity, wire
from steersman.lib.clock import ManualClock
from steersman.store.catalog import StoreAddress, load_driver
from steersman.store.interface import Delete
from steersman.testing.in_process import InProcessClient, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.apiserver.allocation.ports import PortLedger
    from steersman.cluster.pki import PKI
    from steersman.cluster.wiring import Parts

USER = User(name="admin", groups=("system:masters",))
COLLECTION = "/api/v1/namespaces/default/services"
NAMES = ("a", "b", "c")


class _Healthy:
    def store(self) -> None:
        return None

    def synced(self) -> None:
        return None

    def started(self) -> None:
        return None

    def stopping(self) -> None:
        return None


class World:
    """A server on a store that outlives it, with few addresses and ports."""

    def __init__(self, pki: PKI, folder: Path) -> None:
        self._pki = pki
        self._clock = ManualClock()
        self._config = ServerConfig(
            data_dir=folder,
            store=StoreAddress("memory"),
            service_cidrs=("10.0.0.0/29", "fd00::/125"),
            node_ports=(30000, 30004),
        )
        self._store = load_driver("memory")(clock=self._clock)
        self._rng = random.Random(1)
        self.parts: Parts
        self._client: InProcessClient

    async def begin(self) -> None:
        await self._store.start()
        await self._wire()
        await self._make(NAMESPACES, {"metadata": {"name": "default"}})
        await self._make(
            SERVICE_CIDRS, {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": list(self._config.service_cidrs)}}
        )

    async def _wire(self) -> None:
        issuer = TokenIssuer(
            key=self._pki.signing_key(),
            issuer=self._config.issuer,
            new_id=Identifiers(clock=self._clock, rng=self._rng).uid,
            retired_keys=(),
            jwks_uri="https://127.0.0.1/openid/v1/jwks",
        )
        identity = Identity(issuer=issuer, token_users={"admin-token": USER})
        self.parts = wire(
            store=self._store,
            clock=self._clock,
            rng=self._rng,
            identity=identity,
            config=self._config,
            state=_Healthy(),
        )
        await self.parts.service.cache.start(lambda error: pytest.fail(f"the feed ended: {error}"))
        await self.parts.start()
        self._client = InProcessClient(
            self.parts.application.handle,
            headers=[("authorization", "Bearer admin-token")],
        )

    async def restart(self) -> None:
        await self._stop()
        await self._wire()

    async def _stop(self) -> None:
        await self._client.close()
        await self.parts.stop()
        self.parts.service.cache.stop()

    async def end(self) -> None:
        await self._stop()
        await self._store.stop()

    async def _make(self, resource: Any, obj: dict[str, Any]) -> None:
        service = self.parts.service
        name = obj["metadata"]["name"]
        write = Write(served=service.resources.of(resource), namespace="", name=name, user=USER, now=self._clock.now())
        await service.pipeline.create(write, service.normal_form(resource, obj))

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> Reply:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = [("content-type", kind)]
        answer = await self._client.request(method, COLLECTION + path, body=body, query=query, headers=headers)
        assert isinstance(answer, Reply)
        return answer

    async def lose(self, key: str) -> None:
        """As a crash between two writes would."""
        if await self._store.get(key) is not None:
            await self._store.commit((), (Delete(key),))

    @property
    def node_ports(self) -> PortLedger:
        collection = self.parts.service.resources.of(SERVICES).collection
        assert collection is not None
        return next(follower.ledger for follower in collection.followers if isinstance(follower, PortFollower))

    def check(self) -> None:
        """What is taken is what the Services have."""
        services = self.parts.reader.list(SERVICES)
        ips = {
            address: (service["metadata"]["namespace"], service["metadata"]["name"])
            for service in services
            for address in service["spec"].get("clusterIPs") or ()
            if address != "None"
        }
        taken = {
            obj["metadata"]["name"]: (obj["spec"]["parentRef"]["namespace"], obj["spec"]["parentRef"]["name"])
            for obj in self.parts.reader.list(IP_ADDRESSES)
        }
        assert taken == ips
        held = [port for service in services for port in all_ports_of(service)]
        assert len(held) == len(set(held))
        ledger = self.node_ports
        assert {port for port in range(30000, 30005) if port in ledger} == set(held)
        assert len(ledger) == len(held)


EXTERNAL = {"type": "ExternalName", "externalName": "a.b"}
USUAL: list[dict[str, Any]] = [
    {"type": "ClusterIP"},
    {"type": "ClusterIP", "ipFamilyPolicy": "RequireDualStack"},
    {"type": "NodePort"},
    {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30001}]},
    {"type": "NodePort", "ports": [{"name": "u", "port": 53, "protocol": "UDP"}, {"name": "t", "port": 53}]},
    {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
    {"type": "LoadBalancer", "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": False},
    EXTERNAL,
]
REMOVALS = [
    {"ipFamilyPolicy": "SingleStack"},
    {"clusterIP": None, "clusterIPs": None, "ipFamilies": None, "ipFamilyPolicy": None},
    {"ports": [{"port": 81}]},
    {"externalName": None},
]
ODD = st.fixed_dictionaries(
    {},
    optional={
        "clusterIP": st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::3", "None", "10.9.9.9"]),
        "ports": st.sampled_from([[], [{"port": 80, "nodePort": 29999}], [{"port": 80, "nodePort": 30002}]]),
        "healthCheckNodePort": st.sampled_from([30002, 30003]),
        "sessionAffinity": st.just("Odd"),
    },
)
SPECS = st.one_of(
    st.sampled_from(USUAL),
    st.sampled_from(USUAL),
    st.builds(lambda usual, odd: usual | odd, st.sampled_from(USUAL), ODD),
)
NAME = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("create"), NAME, SPECS),
    st.tuples(st.just("update"), NAME, SPECS),
    st.tuples(st.just("update"), NAME, st.sampled_from(REMOVALS)),
    st.tuples(st.just("delete"), NAME, st.none()),
    st.tuples(st.sampled_from(["create", "dry-run"]), st.sampled_from((*NAMES, "Bad")), SPECS),
    st.tuples(st.sampled_from(["restart", "lose service"]), NAME, st.none()),
    st.tuples(st.just("lose address"), st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::3"]), st.none()),
)


async def _step(world: World, kind: str, name: Any, spec: dict[str, Any] | None) -> None:
    match kind:
        case "create" | "dry-run":
            body = {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | (spec or {})}
            await world.ask("POST", "", body, **({"dryRun": "All"} if kind == "dry-run" else {}))
        case "update":
            await world.ask("PATCH", f"/{name}", {"spec": spec})
        case "delete":
            await world.ask("DELETE", f"/{name}")
        case "restart":
            await world.restart()
        case "lose service":
            await world.lose(f"/registry/services/specs/default/{name}")
            await world.restart()
        case "lose address":
            await world.lose(f"/registry/ipaddresses/{name}")
            await world.restart()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=16))
def test_what_is_taken_is_what_services_have(
    pki: PKI, tmp_path: Path, steps: list[tuple[str, Any, dict[str, Any] | None]]
) -> None:
    async def story() -> None:
        world = World(pki, tmp_path)
        await world.begin()
        for name in NAMES[:2]:
            await _step(world, "create", name, {})
        for kind, name, spec in steps:
            await _step(world, kind, name, spec)
            world.check()
        await world.restart()
        world.check()
        await world.end()

    asyncio.run(story())


@pytest.fixture
async def world(pki: PKI, tmp_path: Path) -> Any:
    world = World(pki, tmp_path)
    await world.begin()
    yield world
    world.check()
    await world.end()


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec}


async def test_two_families_come_and_the_second_goes(world: World) -> None:
    first = (await world.ask("POST", "", service("a"))).json()["spec"]
    assert len(first["clusterIPs"]) == 1
    both = (await world.ask("PATCH", "/a", {"spec": {"ipFamilyPolicy": "RequireDualStack"}})).json()["spec"]
    assert both["clusterIPs"][0] == first["clusterIP"]
    assert both["clusterIPs"][1].startswith("fd00::")
    world.check()
    less = (await world.ask("PATCH", "/a", {"spec": {"ipFamilyPolicy": "SingleStack"}})).json()["spec"]
    assert less["clusterIPs"] == first["clusterIPs"]


async def test_external_name_gives_all_back_and_gets_all_anew(world: World) -> None:
    await world.ask("POST", "", service("a", type="LoadBalancer", externalTrafficPolicy="Local"))
    gone = await world.ask("PATCH", "/a", {"spec": {"type": "ExternalName", "externalName": "a.b"}})
    assert gone.status == 200
    assert "clusterIP" not in gone.json()["spec"]
    world.check()
    back = await world.ask("PATCH", "/a", {"spec": {"type": "NodePort", "externalName": None}})
    assert back.json()["spec"]["clusterIP"]


async def test_a_finalizer_keeps_what_is_held_until_it_goes(world: World) -> None:
    held = service("a", type="NodePort") | {"metadata": {"name": "a", "finalizers": ["x.y/z"]}}
    await world.ask("POST", "", held)
    await world.ask("DELETE", "/a")
    world.check()
    assert len(world.node_ports) == 1
    await world.ask("PATCH", "/a", {"metadata": {"finalizers": None}, "spec": {"type": "LoadBalancer"}})
    assert len(world.node_ports) == 0


async def test_many_at_once_share_without_doubles(world: World) -> None:
    answers = await asyncio.gather(*(world.ask("POST", "", service(f"s{n}", type="NodePort")) for n in range(9)))
    made = [answer.json()["spec"]["clusterIP"] for answer in answers if answer.status == 201]
    assert len(made) == len(set(made)) == 5  # as many as there are ports
    assert {orjson.loads(answer.body)["code"] for answer in answers if answer.status != 201} == {500}
