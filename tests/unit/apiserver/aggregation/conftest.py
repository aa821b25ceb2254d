"""An extension server behind a Service, and everything that reaches it; real sockets on loopback, nothing waits."""

from __future__ import annotations

import asyncio
import base64
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.apiserver.aggregation.aggregation import Aggregation
from steersman.apiserver.outbound.resolver import ServiceResolver
from steersman.apiserver.reader import CacheReader
from steersman.apiserver.resources import ResourceTable
from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.clock import SystemClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.metrics import Registry
from steersman.store.drivers.memory import MemoryStore
from steersman.store.interface import Event, Record
from steersman.store.watchcache import WatchCache
from steersman.testing.extension_server import ExtensionServer
from steersman.testing.in_process import Reply, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from steersman.apiserver.aggregation.registrations import Registration

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """Files in PEM form."""

    folder: Path
    serving_ca: bytes

    def pair(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    @property
    def front_proxy_ca(self) -> Path:
        return self.folder / "front-proxy-ca.crt"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """A front proxy, and an extension server that is `ext.default.svc`."""
    folder = tmp_path_factory.mktemp("keys")
    times: Any = {"not_before": BEGIN, "not_after": END}
    authorities = {}
    for name in ("front-proxy-ca", "serving-ca"):
        certificate, key = issue_authority(name, **times)
        authorities[name] = load_authority(certificate, key)
        (folder / f"{name}.crt").write_bytes(certificate)
    leaves = {
        "front-proxy-client": issue_leaf(
            authorities["front-proxy-ca"], common_name="front-proxy-client", server_names=(), **times
        ),
        "serving": issue_leaf(authorities["serving-ca"], common_name="ext", server_names=("ext.default.svc",), **times),
    }
    for name, pems in leaves.items():
        for path, pem in zip(Keys(folder, b"").pair(name), pems, strict=True):
            path.write_bytes(pem)
    return Keys(folder, (folder / "serving-ca.crt").read_bytes())


@dataclass
class World:
    """An aggregator without a server around it. Objects are put in as the cache would bring them."""

    server: ExtensionServer
    keys: Keys
    aggregation: Aggregation
    resources: ResourceTable
    registry: Registry
    revision: int = 0

    def put(self, resource: Any, obj: dict[str, Any]) -> None:
        served = self.resources.of(resource)
        assert served.collection is not None
        self.revision += 1
        key = served.key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        body = {"kind": resource.kind, "apiVersion": resource.api_version} | obj
        record = Record(key=key, value=orjson.dumps(body), create_revision=1, mod_revision=self.revision, version=1)
        event = Event(key=key, record=record, previous=None, revision=self.revision)
        change = served.collection.apply(event)
        assert change is not None
        served.collection.publish(change)

    def remove(self, resource: Any, namespace: str, name: str) -> None:
        served = self.resources.of(resource)
        assert served.collection is not None
        self.revision += 1
        event = Event(key=served.key(namespace, name), record=None, previous=None, revision=self.revision)
        change = served.collection.apply(event)
        assert change is not None
        served.collection.publish(change)

    @staticmethod
    async def whole(answer: Reply | Stream) -> Reply:
        """An answer with its body, however it came."""
        if isinstance(answer, Reply):
            return answer
        async with asyncio.timeout(10):
            while not answer.ended:
                await asyncio.sleep(0)
        return Reply(answer.status, answer.take(), (), "")

    def register(self, *, available: bool = True, service: str = "ext", **spec: Any) -> Registration:
        """The APIService of the extension server."""
        group, version = self.server.group, self.server.version
        condition = {"type": "Available", "status": "True" if available else "False", "reason": "Said"}
        trusted = {} if spec.get("insecureSkipTLSVerify") else {"caBundle": self.bundle(self.keys.serving_ca)}
        self.put(
            API_SERVICES,
            {
                "metadata": {"name": f"{version}.{group}"},
                "spec": {
                    "group": group,
                    "version": version,
                    "groupPriorityMinimum": 2000,
                    "versionPriority": 15,
                    "service": {"namespace": "default", "name": service, "port": 443},
                    **trusted,
                    **spec,
                },
                "status": {"conditions": [condition]},
            },
        )
        found = self.aggregation.registrations.get(f"{version}.{group}")
        assert found is not None
        return found

    @staticmethod
    def bundle(pem: bytes) -> str:
        return base64.b64encode(pem).decode()

    def endpoints(self, *, port: int | None = None, ready: bool = True, service: str = "ext") -> None:
        """Where the Service leads."""
        labels = {"kubernetes.io/service-name": service}
        self.put(
            ENDPOINT_SLICES,
            {
                "metadata": {"namespace": "default", "name": service, "labels": labels},
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": ready}}],
                "ports": [{"name": "https", "port": self.server.port if port is None else port}],
            },
        )

    def service(self, name: str) -> None:
        """A Service with one endpoint, the extension server."""
        port = {"name": "https", "port": 443, "protocol": "TCP"}
        spec = {"type": "ClusterIP", "clusterIP": "10.96.0.9", "ports": [port], "ipFamilies": ["IPv4"]}
        self.put(SERVICES, {"metadata": {"namespace": "default", "name": name}, "spec": spec})
        self.endpoints(service=name)


@pytest.fixture(scope="session")
def open_world(keys: Keys) -> Callable[[], AbstractAsyncContextManager[World]]:
    return lambda: _world(keys)


@asynccontextmanager
async def _world(keys: Keys) -> AsyncIterator[World]:
    certificate, key = keys.pair("serving")
    resources = ResourceTable(WatchCache(store=MemoryStore(clock=SystemClock())))
    resources.add([API_SERVICES, SERVICES, ENDPOINT_SLICES])
    reader, client = CacheReader(resources), HttpClient()
    registry = Registry()
    aggregation = Aggregation(
        resources=resources,
        reader=reader,
        client=client,
        resolver=ServiceResolver(reader, rng=random.Random(1)),
        registry=registry,
        certificate=keys.pair("front-proxy-client"),
    )
    async with ExtensionServer(certificate=certificate, key=key, client_ca=keys.front_proxy_ca) as server:
        world = World(server, keys, aggregation, resources, registry)
        world.service("ext")
        yield world
        await aggregation.stop()
        await client.close()


@pytest.fixture
async def world(open_world: Callable[[], AbstractAsyncContextManager[World]]) -> AsyncIterator[World]:
    async with open_world() as world:
        yield world
