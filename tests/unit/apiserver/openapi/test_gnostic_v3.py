from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.openapi import gnostic_v3

from .messages import fields

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def test_schemas_and_references_are_told_apart() -> None:
    schema = fields(fields(gnostic_v3.schema_or_reference({"type": "array", "items": {"$ref": "#/x"}}))[1][0])
    assert schema[25] == [b"array"]
    assert fields(fields(fields(schema[30][0])[1][0])[2][0]) == {1: [b"#/x"]}


@pytest.mark.parametrize(
    ("value", "message"),
    [("a", {3: [b"a"]}), (True, {2: [1]}), (False, {2: [0]}), (0, {1: [bytes(8)]}), ({}, {}), (["a"], {})],
)
def test_defaults_keep_their_type(value: Any, message: dict[int, Any]) -> None:
    assert fields(fields(gnostic_v3.schema({"default": value}))[33][0]) == message


def test_the_document_holds_all_sections() -> None:
    content: Object = {"application/json": {"schema": {"type": "string"}}}
    operation: Object = {
        "operationId": "o",
        "parameters": [{"name": "p", "in": "query", "schema": {"type": "string"}}],
        "requestBody": {"content": content, "required": True},
        "responses": {"200": {"description": "OK", "content": content}},
    }
    sections = {
        "paths": gnostic_v3.entry("paths", "/a", {"post": operation}),
        "schemas": gnostic_v3.entry("schemas", "s", {"type": "object"}),
        "securitySchemes": gnostic_v3.entry("securitySchemes", "t", {"type": "apiKey", "name": "n", "in": "header"}),
    }
    document = fields(gnostic_v3.document({"title": "t", "version": "v"}, sections))
    assert document[1] == [b"3.0.0"]
    assert fields(document[2][0]) == {1: [b"t"], 6: [b"v"]}
    path = fields(fields(document[4][0])[1][0])
    post = fields(fields(path[2][0])[6][0])
    assert (path[1], post.keys()) == ([b"/a"], {5, 6, 7, 8})
    assert fields(document[5][0]).keys() == {1, 7}
