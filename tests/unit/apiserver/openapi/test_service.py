from __future__ import annotations

import asyncio
import random
import zlib
from dataclasses import dataclass
from typing import Any

import pytest

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.apiserver.aggregation.aggregation import Aggregation
from steersman.apiserver.authn.user import User
from steersman.apiserver.documents import Documents
from steersman.apiserver.openapi.descriptions import Descriptions
from steersman.apiserver.openapi.service import OpenAPI
from steersman.apiserver.outbound.resolver import ServiceResolver
from steersman.apiserver.reader import CacheReader
from steersman.apiserver.resources import ResourceTable
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.message import Request, Response
from steersman.lib.metrics import Registry
from steersman.store.drivers.memory import MemoryStore
from steersman.store.watchcache import WatchCache
from steersman.testing.in_process import InProcessClient, Reply

from .widgets import widgets

PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


@dataclass(frozen=True, slots=True)
class _Api:
    table: ResourceTable
    client: InProcessClient

    async def get(self, path: str, *, query: dict[str, str] | None = None, **headers: str) -> Reply:
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        reply = await self.client.request("GET", path, query=query or {}, headers=pairs)
        assert isinstance(reply, Reply)
        return reply

    async def index(self) -> dict[str, str]:
        paths = (await self.get("/openapi/v3")).json()["paths"]
        return {path: entry["serverRelativeURL"].partition("?hash=")[2] for path, entry in paths.items()}


@pytest.fixture
def api() -> _Api:
    clock = ManualClock()
    table = ResourceTable(WatchCache(store=MemoryStore(clock=clock)))
    table.add([CONFIG_MAPS])
    documents = Documents()
    others = ResourceTable(WatchCache(store=MemoryStore(clock=clock)))
    others.add([API_SERVICES])
    reader, client = CacheReader(others), HttpClient()
    resolver = ServiceResolver(reader, rng=random.Random(1))
    aggregation = Aggregation(resources=others, reader=reader, client=client, resolver=resolver, registry=Registry())
    extensions = aggregation.openapi
    OpenAPI(resources=table, descriptions=Descriptions(None), clock=clock, extensions=extensions).register(documents)
    user = User("test")

    def handle(request: Request) -> Any:
        return documents.serve(request, user) or Response(404)

    return _Api(table, InProcessClient(handle))


async def test_the_hash_in_the_index_is_the_etag_of_the_document(api: _Api) -> None:
    fingerprint = (await api.index())["api/v1"]
    reply = await api.get("/openapi/v3/api/v1")
    assert reply.header("etag") == [f'"{fingerprint}"']
    assert reply.header("cache-control") == ["no-cache, private"]
    assert reply.json()["openapi"] == "3.0.0"


async def test_the_right_hash_may_be_kept_for_good(api: _Api) -> None:
    fingerprint = (await api.index())["api/v1"]
    reply = await api.get("/openapi/v3/api/v1", query={"hash": fingerprint})
    assert reply.header("cache-control") == ["public, immutable"]
    assert reply.header("vary") == ["Accept"]
    assert reply.header("expires") == ["Fri, 01 Jan 2027 00:00:00 GMT"]


async def test_a_stale_hash_leads_to_the_right_one(api: _Api) -> None:
    fingerprint = (await api.index())["api/v1"]
    reply = await api.get("/openapi/v3/api/v1", query={"hash": "AB"})
    assert (reply.status, reply.header("location")) == (301, [f"/openapi/v3/api/v1?hash={fingerprint}"])


async def test_who_has_the_document_is_told_so(api: _Api) -> None:
    etag = (await api.get("/openapi/v2")).header("etag")[0]
    assert (await api.get("/openapi/v2", if_none_match=f'"x", {etag}')).status == 304
    assert (await api.get("/openapi/v2", if_none_match='"x"')).status == 200


async def test_gzip_carries_the_same_document(api: _Api) -> None:
    plain = await api.get("/openapi/v3/api/v1")
    packed = await api.get("/openapi/v3/api/v1", accept_encoding="gzip")
    assert packed.header("content-encoding") == ["gzip"]
    assert "Accept-Encoding" in packed.header("vary")
    assert zlib.decompress(packed.body, 31) == plain.body


@pytest.mark.parametrize(
    ("path", "accept", "media"),
    [
        ("/openapi/v2", "application/json", "application/json"),
        ("/openapi/v2", f"{PROTOBUF}, application/json;q=0.5", PROTOBUF.replace("@", ".")),
        ("/openapi/v2", "*/*", "application/json"),
        ("/openapi/v3/api/v1", "application/json", "application/json"),
        ("/openapi/v3/api/v1", PROTOBUF.replace("v2", "v3"), PROTOBUF.replace("v2@", "v3.")),
    ],
)
async def test_the_form_is_negotiated(api: _Api, path: str, accept: str, media: str) -> None:
    reply = await api.get(path, accept=accept)
    assert (reply.status, reply.content_type) == (200, media)


async def test_forms_that_do_not_exist_are_refused(api: _Api) -> None:
    assert (await api.get("/openapi/v2", accept="text/html")).status == 406
    assert (await api.get("/openapi/v3/api/v1", accept="text/html")).status == 406
    assert (await api.get("/openapi/v3/apis/nosuch/v1")).status == 404


async def test_custom_resources_come_change_and_go_at_once(api: _Api) -> None:
    before = await api.index()
    old = widgets({"type": "object", "properties": {"a": {"type": "string"}}})
    api.table.add([old])
    reply = await api.get("/openapi/v3/apis/example.com/v1")
    assert "a" in reply.json()["components"]["schemas"]["com.example.v1.Widget"]["properties"]
    first = (await api.index())["apis/example.com/v1"]
    new = widgets({"type": "object", "properties": {"b": {"type": "string"}}})
    api.table.add([new])
    reply = await api.get("/openapi/v3/apis/example.com/v1")
    assert "b" in reply.json()["components"]["schemas"]["com.example.v1.Widget"]["properties"]
    assert (await api.index())["apis/example.com/v1"] != first
    api.table.remove([new])
    assert (await api.get("/openapi/v3/apis/example.com/v1")).status == 404
    assert await api.index() == before


async def test_who_asks_at_the_same_time_gets_the_same(api: _Api) -> None:
    replies = await asyncio.gather(*(api.get("/openapi/v3/api/v1") for _ in range(3)))
    assert len({reply.body for reply in replies}) == 1
