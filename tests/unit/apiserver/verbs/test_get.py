"""get: one object, in the representation that was asked for, at least as new as was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def version(api: Any) -> str:
    made = await api.ask("POST", MAPS, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}})
    return made.json()["metadata"]["resourceVersion"]


async def test_yaml_and_partial_metadata_and_a_table(api: Any, version: str) -> None:
    as_yaml = await api.ask("GET", f"{MAPS}/a", headers={"accept": "application/yaml"})
    assert as_yaml.content_type == "application/yaml"
    assert yaml.safe_load(as_yaml.body)["data"] == {"k": "v"}
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    partial = (await api.ask("GET", f"{MAPS}/a", headers={"accept": accept})).json()
    assert (partial["kind"], partial["metadata"]["labels"]) == ("PartialObjectMetadata", {"x": "y"})
    assert "data" not in partial
    accept = "application/json;as=Table;g=meta.k8s.io;v=v1"
    table = (await api.ask("GET", f"{MAPS}/a", headers={"accept": accept})).json()
    assert table["kind"] == "Table"
    assert table["rows"][0]["cells"][:2] == ["a", 1]
    assert table["metadata"]["resourceVersion"] == version


async def test_an_unacceptable_representation_is_406(api: Any, version: str) -> None:
    del version
    reply = await api.ask("GET", f"{MAPS}/a", headers={"accept": "text/html"})
    assert reply.status == 406


async def test_a_version_of_the_future_is_waited_for_and_then_refused(api: Any, version: str) -> None:
    assert (await api.ask("GET", f"{MAPS}/a", resourceVersion=version)).status == 200
    assert (await api.ask("GET", f"{MAPS}/a", resourceVersion="0")).status == 200
    late = await api.ask("GET", f"{MAPS}/a", resourceVersion=str(int(version) + 1000))
    assert (late.status, late.json()["reason"]) == (504, "Timeout")
    assert late.json()["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


async def test_what_is_not_there(api: Any) -> None:
    reply = await api.ask("GET", f"{MAPS}/none")
    assert reply.status == 404
    assert reply.json()["details"] == {"name": "none", "kind": "configmaps"}
    assert (await api.ask("GET", "/api/v1/namespaces/default/nothings/x")).status == 404
    assert (await api.ask("GET", "/apis/none.example/v1/things")).body == b"404 page not found\n"


async def test_methods_that_an_object_does_not_have(api: Any, version: str) -> None:
    del version
    for method in ("POST", "HEAD", "OPTIONS", "FOO"):
        reply = await api.ask(method, f"{MAPS}/a")
        assert (reply.status, reply.json()["reason"]) == (405, "MethodNotAllowed")
