"""Request bodies: what counts as an object of the kind, and how everything else is refused."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
YAML = {"content-type": "application/yaml"}


async def send(api: Any, body: bytes, **query: str) -> Any:
    headers = {"content-type": query.pop("content_type", "application/json")}
    return await api.ask("POST", MAPS, body, headers=headers, dryRun="All", **query)


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"kind":"ConfigMap"}'])
async def test_what_is_left_out_counts_as_right(api: Any, body: bytes) -> None:
    """Kind and version come from the URL; only the name is missing then."""
    reply = await send(api, body)
    assert (reply.status, reply.json()["reason"]) == (422, "Invalid")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"kind":"Pod","apiVersion":"v1"}', "converting (v1.Pod) to (core.ConfigMap): unknown conversion"),
        (b'{"kind":"Nosuch","apiVersion":"v1"}', 'no kind "Nosuch" is registered for version "v1"'),
        (
            b'{"metadata":{"name":1}}',
            "cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        (b"[]", "cannot unmarshal array into Go value"),
        (b"{", "unexpected end of JSON input"),
    ],
)
async def test_what_is_no_such_object_is_said_in_upstreams_words(api: Any, body: bytes, message: str) -> None:
    reply = await send(api, body)
    assert reply.status == 400
    assert message in reply.json()["message"]


async def test_yaml_is_yaml_1_1(api: Any) -> None:
    """An unquoted y is a boolean."""
    reply = await send(api, b"metadata: {name: y}\n", content_type="application/yaml")
    assert "cannot unmarshal bool" in reply.json()["message"]
    assert (await send(api, b"metadata: {name: 'y'}\n", content_type="application/yaml")).status == 201


async def test_names_are_case_sensitive(api: Any) -> None:
    reply = await send(api, b'{"metadata":{"name":"a"},"Data":{"k":"v"}}')
    assert reply.header("Warning") == ['299 - "unknown field \\"Data\\""']
    assert "data" not in reply.json()


async def test_duplicate_fields_are_told(api: Any) -> None:
    body = b'{"metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'
    reply = await send(api, body)
    assert reply.header("Warning") == ['299 - "duplicate field \\"data.k\\""']
    strict = await send(api, body, fieldValidation="Strict")
    assert (strict.status, 'duplicate field "data.k"' in strict.json()["message"]) == (400, True)


@pytest.mark.parametrize("media", ["application/cbor", "text/plain", "*/*"])
async def test_other_media_are_415(api: Any, media: str) -> None:
    reply = await send(api, b"{}", content_type=media)
    assert (reply.status, reply.json()["reason"]) == (415, "UnsupportedMediaType")
