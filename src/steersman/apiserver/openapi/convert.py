"""OpenAPI 2.0 of a server that knows nothing newer, as version 3: what it says, not more. Pure.

The rules are upstream's (kube-openapi: pkg/openapiconv). Parameters that are named once in version 2 are written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steersman.apiserver.openapi import v3
from steersman.apiserver.openapi.merge import DEFINITIONS, PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.openapi.merge import Spec

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_KEPT: Final = ("description", "externalDocs", "tags", "summary", "deprecated", "operationId")
_OF_PARAMETER: Final = ("name", "in", "description", "required", "allowEmptyValue")
_SIMPLE: Final = ("type", "format", "uniqueItems")


def converted_parts(spec: Spec) -> Iterator[tuple[str, str, Object]]:
    """Section, name and value of everything in the document, as `documents.parts_v3` gives them."""
    for path, item in spec.paths.items():
        yield "paths", path, _path_item(item, spec.parameters)
    for name, definition in spec.definitions.items():
        yield "schemas", name, _schema(definition)


def _path_item(item: Object, named: Object) -> Object:
    out: Object = {method: _operation(item[method], named) for method in _METHODS if method in item}
    if item.get("parameters"):
        out["parameters"] = [_parameter(each) for each in _written_out(item["parameters"], named)]
    return out | _extensions(item)


def _operation(operation: Object, named: Object) -> Object:
    out: Object = {key: operation[key] for key in _KEPT if key in operation}
    parameters = []
    for each in _written_out(operation.get("parameters") or [], named):
        if each.get("in") == "body":
            schema = _schema(each.get("schema") or {})
            out["requestBody"] = {"content": {media: {"schema": schema} for media in operation.get("consumes") or ()}}
            if each.get("required"):
                out["requestBody"]["required"] = True
        else:
            parameters.append(_parameter(each))
    if parameters:
        out["parameters"] = parameters
    produces = operation.get("produces") or ()
    responses = (operation.get("responses") or {}).items()
    out["responses"] = {code: _response(response, produces) for code, response in responses}
    return out | _extensions(operation)


def _written_out(parameters: list[Object], named: Object) -> list[Object]:
    found = []
    for each in parameters:
        target = each.get("$ref")
        found.append(named.get(target.removeprefix(PARAMETERS), {}) if isinstance(target, str) else each)
    return [each for each in found if each]


def _parameter(parameter: Object) -> Object:
    out: Object = {key: parameter[key] for key in _OF_PARAMETER if key in parameter}
    schema = parameter.get("schema")
    simple = {key: parameter[key] for key in _SIMPLE if key in parameter}
    out["schema"] = _schema(schema) if schema is not None else simple
    return out | _extensions(parameter)


def _response(response: Object, produces: Any) -> Object:
    out: Object = {"description": response.get("description") or ""}
    if "schema" in response:
        schema = _schema(response["schema"])
        content = {media: {"schema": schema} for media in produces}
        if content:
            out["content"] = content
    return out | _extensions(response)


def _schema(value: Any, *, by_name: bool = False) -> Any:
    """References lead elsewhere, and have no siblings. `by_name`: keys are names that mean nothing here."""
    if isinstance(value, list):
        return [_schema(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    out = {key: _schema(inner, by_name=key == "properties" and not by_name) for key, inner in value.items()}
    target = out.get("$ref")
    if by_name or not isinstance(target, str):
        return out
    reference = {"$ref": v3.REFERENCE + target.removeprefix(DEFINITIONS)}
    del out["$ref"]
    return {**out, "allOf": [reference]} if out else reference


def _extensions(value: Object) -> Object:
    return {key: inner for key, inner in value.items() if key.startswith("x-")}
