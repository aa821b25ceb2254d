"""Long lists come piece by piece, and are what they would be in one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from steersman.apiserver.respond import SHORT_MAX
from steersman.testing.in_process import Reply, Stream
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
COUNT = SHORT_MAX + 30
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@pytest.fixture
async def filled(api: Any) -> Any:
    for number in range(COUNT):
        await api.ask("POST", MAPS, {"metadata": {"name": f"c{number:03}"}, "data": {"rows": '"rows":[]', "k": "é"}})
    return api


async def whole(api: Any, accept: str, **query: str) -> tuple[bytes, bool]:
    """The body, and whether it came in pieces."""
    answer = await api.client.request("GET", MAPS, query=query, headers=[("accept", accept)])
    if isinstance(answer, Reply):
        return answer.body, False
    assert isinstance(answer, Stream)
    body = b""
    while not answer.ended:
        await asyncio.sleep(0)
        body += answer.take()
    await settle()
    return body + answer.take(), True


@pytest.mark.parametrize(("accept", "items"), [(TABLE, "rows"), (METADATA, "items")])
@pytest.mark.parametrize("include", [{}, {"includeObject": "Object"}, {"includeObject": "None"}])
async def test_all_at_once_is_page_by_page(filled: Any, accept: str, items: str, include: dict[str, str]) -> None:
    body, streamed = await whole(filled, accept, **include)
    document = json.loads(body)
    assert streamed
    paged: list[Any] = []
    token = ""
    while token or not paged:
        body, streamed = await whole(filled, accept, limit="50", **include, **({"continue": token} if token else {}))
        assert not streamed
        page = json.loads(body)
        paged += page[items]
        token = page["metadata"].get("continue", "")
    assert len(document[items]) == COUNT
    assert document[items] == paged
    rest = {name: value for name, value in document.items() if name not in (items, "metadata")}
    assert rest == {name: page[name] for name in rest}
    assert document["metadata"] == {"resourceVersion": page["metadata"]["resourceVersion"]}


async def test_as_protobuf_each_object_is_what_it_is_alone(filled: Any) -> None:
    accept = "application/vnd.kubernetes.protobuf"
    body, _ = await whole(filled, accept)
    short, _ = await whole(filled, accept, labelSelector="none=such")
    protobuf = filled.parts.service.protobuf
    items = (await filled.ask("GET", MAPS)).json()["items"]
    encoded = [protobuf.encode_item(item, "v1", "ConfigMap") for item in items]
    metadata = {"resourceVersion": str(filled.parts.service.cache.revision)}
    assert body == protobuf.encode_list("v1", "ConfigMapList", metadata, encoded)
    assert short == protobuf.encode_list("v1", "ConfigMapList", metadata, [])


async def test_others_are_served_meanwhile(filled: Any) -> None:
    answer = await filled.client.request("GET", MAPS, headers=[("accept", TABLE)])
    assert isinstance(answer, Stream)
    assert (await filled.ask("GET", f"{MAPS}/c000")).status == 200
    assert (await filled.ask("DELETE", f"{MAPS}/c129")).status == 200
    while not answer.ended:
        await asyncio.sleep(0)
    rows = json.loads(answer.take())["rows"]
    assert rows[-1]["cells"][0] == "c129", "the list is of one moment"
