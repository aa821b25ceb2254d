"""What a server says in version 2 is said in version 3."""

from __future__ import annotations

from typing import Any

from steersman.apiserver.openapi.convert import converted_parts
from steersman.apiserver.openapi.merge import Spec

BODY = {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/A"}}
PRETTY = {"name": "pretty", "in": "query", "type": "string", "uniqueItems": True, "description": "Indented?"}
JSON, YAML = "application/json", "application/yaml"
REFERENCE = {"$ref": "#/components/schemas/A"}


def parts(spec: Spec) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for section, name, value in converted_parts(spec):
        found.setdefault(section, {})[name] = value
    return found


def operation(**fields: Any) -> dict[str, Any]:
    response = {"description": "OK", "schema": {"$ref": "#/definitions/A"}}
    return {"operationId": "a", "produces": [JSON, YAML], "responses": {"200": response, "401": {}}} | fields


def test_bodies_and_answers_have_a_schema_for_each_media_type() -> None:
    spec = Spec({"/a": {"post": operation(consumes=[JSON], parameters=[BODY])}})
    post = parts(spec)["paths"]["/a"]["post"]
    assert post["requestBody"] == {"required": True, "content": {JSON: {"schema": REFERENCE}}}
    content = {JSON: {"schema": REFERENCE}, YAML: {"schema": REFERENCE}}
    assert post["responses"] == {"200": {"description": "OK", "content": content}, "401": {"description": ""}}
    assert "parameters" not in post


def test_parameters_have_schemas_and_those_named_once_are_written_out() -> None:
    named = {"pretty-1": PRETTY, "body-1": BODY}
    item = {
        "get": operation(parameters=[{"$ref": "#/parameters/pretty-1"}, {"$ref": "#/parameters/unknown"}]),
        "put": operation(parameters=[{"$ref": "#/parameters/body-1"}], consumes=[JSON]),
        "parameters": [PRETTY],
    }
    found = parts(Spec({"/a": item}, {}, named))["paths"]["/a"]
    expected = {
        "name": "pretty",
        "in": "query",
        "description": "Indented?",
        "schema": {"type": "string", "uniqueItems": True},
    }
    assert found["parameters"] == found["get"]["parameters"] == [expected]
    assert found["put"]["requestBody"]["content"][JSON] == {"schema": REFERENCE}


def test_references_have_no_siblings() -> None:
    definition = {"properties": {"$ref": {"type": "string"}, "a": {"$ref": "#/definitions/A", "description": "An A"}}}
    found = parts(Spec({}, {"B": definition}))["schemas"]["B"]["properties"]
    assert found == {"$ref": {"type": "string"}, "a": {"description": "An A", "allOf": [REFERENCE]}}


def test_what_kubernetes_says_beyond_openapi_stays() -> None:
    spec = Spec({"/a": {"x-b": 1, "get": operation(**{"x-kubernetes-action": "get"})}})
    found = parts(spec)["paths"]["/a"]
    assert (found["x-b"], found["get"]["x-kubernetes-action"]) == (1, "get")
