from __future__ import annotations

import pytest

from steersman.apiserver.openapi import gnostic
from steersman.apiserver.openapi.v2 import SECURITY

from .messages import fields


def test_schemas_keep_structure_and_put_extensions_aside_as_text() -> None:
    schema = fields(
        gnostic.schema(
            {
                "type": "object",
                "description": "d",
                "properties": {"a": {"$ref": "#/definitions/x"}, "l": {"type": "array", "items": {"type": "string"}}},
                "additionalProperties": False,
                "x-kubernetes-list-map-keys": ["k"],
            }
        )
    )
    assert fields(schema[22][0]) == {1: [b"object"]}
    first, second = (fields(entry) for entry in fields(schema[25][0])[1])
    assert (first[1], fields(first[2][0])) == ([b"a"], {1: [b"#/definitions/x"]})
    assert fields(fields(fields(second[2][0])[23][0])[1][0]).keys() == {22}
    assert fields(schema[21][0]) == {2: [0]}
    extension = fields(schema[31][0])
    assert (extension[1], fields(extension[2][0])[2]) == ([b"x-kubernetes-list-map-keys"], [b'["k"]\n'])


def test_parameters_say_where_they_are_by_their_type() -> None:
    body = fields(gnostic.parameter({"name": "body", "in": "body", "schema": {}}))
    path = fields(fields(gnostic.parameter({"name": "n", "in": "path", "required": True, "type": "string"}))[2][0])
    query = fields(fields(gnostic.parameter({"name": "n", "in": "query", "type": "string"}))[2][0])
    assert body.keys() == {1}
    assert path.keys() == {4}
    assert query.keys() == {3}


@pytest.mark.parametrize(("where", "message", "number"), [("path", 4, 19), ("query", 3, 20)])
def test_parameters_of_each_place_have_their_own_numbers(where: str, message: int, number: int) -> None:
    value = {"name": "n", "in": where, "type": "string", "uniqueItems": True}
    assert fields(fields(fields(gnostic.parameter(value))[2][0])[message][0])[number] == [1]


def test_the_document_holds_all_sections() -> None:
    item = {"get": {"operationId": "o", "responses": {"200": {"description": "OK", "schema": {"type": "string"}}}}}
    sections = {
        "paths": gnostic.entry("paths", "/a", item),
        "definitions": gnostic.entry("definitions", "d", {"type": "object"}),
        "parameters": gnostic.entry("parameters", "p", {"name": "p", "in": "query", "type": "string"}),
    }
    document = fields(gnostic.document({"title": "t", "version": "v"}, sections, SECURITY))
    assert document[1] == [b"2.0"]
    path = fields(fields(document[8][0])[2][0])
    operation = fields(fields(path[2][0])[2][0])
    assert (path[1], operation[5]) == ([b"/a"], [b"o"])
    assert fields(fields(operation[9][0])[1][0])[1] == [b"200"]
    assert document.keys() == {1, 2, 8, 9, 10, 12, 13}
