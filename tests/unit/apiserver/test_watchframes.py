"""Watch events as bytes, in the forms that clients ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


async def events(api: Any, accept: str) -> list[dict[str, Any]]:
    """A creation and a deletion, as a watcher with this Accept header sees them."""
    answer = await api.client.request("GET", MAPS, query={"watch": "1"}, headers=[("accept", accept)])
    await api.ask("POST", MAPS, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}})
    await api.ask("DELETE", f"{MAPS}/a")
    await settle()
    return [json.loads(line) for line in answer.take_lines()]


async def test_objects(api: Any) -> None:
    added, deleted = await events(api, "application/json")
    assert (added["type"], added["object"]["kind"], added["object"]["data"]) == ("ADDED", "ConfigMap", {"k": "v"})
    assert (deleted["type"], deleted["object"]["data"]) == ("DELETED", {"k": "v"})


async def test_rows_whose_columns_are_named_once(api: Any) -> None:
    added, deleted = await events(api, "application/json;as=Table;g=meta.k8s.io;v=v1")
    assert added["object"]["columnDefinitions"][0]["name"] == "Name"
    assert added["object"]["rows"][0]["cells"][:2] == ["a", 1]
    assert deleted["object"]["columnDefinitions"] is None
    assert deleted["object"]["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_metadata_alone(api: Any) -> None:
    added, _ = await events(api, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    assert (added["object"]["kind"], added["object"]["metadata"]["labels"]) == ("PartialObjectMetadata", {"x": "y"})
    assert "data" not in added["object"]


async def test_protobuf_is_framed_by_length(api: Any) -> None:
    accept = "application/vnd.kubernetes.protobuf;stream=watch"
    answer = await api.client.request("GET", MAPS, query={"watch": "1"}, headers=[("accept", accept)])
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    await settle()
    data = answer.take()
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    assert b"k8s\x00" in data
