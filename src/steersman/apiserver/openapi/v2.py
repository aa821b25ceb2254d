"""OpenAPI 2.0 (Swagger): everything in one document, for clients that know nothing newer.

Parameters that many operations have are named once and referred to, except those that kubectl looks for in the
operation itself. Version 2 has no defaults, no enumerations of built-in types and no choices.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from steersman.apiserver.openapi.layout import by_path, shared_parameters
from steersman.apiserver.openapi.names import META
from steersman.apiserver.openapi.v3 import extensions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.openapi.operations import Operation, Parameter

REFERENCE = "#/definitions/"
_PARAMETERS = "#/parameters/"
_SHARED_BODIES = (f"{META}DeleteOptions", f"{META}Patch")
_UNSHARED = ("name", "dryRun", "fieldValidation")
_REASONS = {200: "OK", 201: "Created", 202: "Accepted"}
_DROPPED = ("default", "enum", "oneOf")
SECURITY: Object = {
    "securityDefinitions": {
        "BearerToken": {
            "description": "Bearer Token authentication",
            "type": "apiKey",
            "name": "authorization",
            "in": "header",
        }
    },
    "security": [{"BearerToken": []}],
}


def path_items(operations: Iterable[Operation], parameters: Object) -> Iterator[tuple[str, Object]]:
    """Paths, sorted, each with its operations. Parameters that are named once are added to `parameters`."""
    for path, group in by_path(operations):
        shared = shared_parameters(group)
        item: Object = {operation.method: _operation(operation, shared, parameters) for operation in group}
        if shared:
            item["parameters"] = [_parameter(p, parameters) for p in shared]
        yield path, item


def _operation(operation: Operation, shared: list[Parameter], parameters: Object) -> Object:
    out: Object = {
        "consumes": list(operation.consumes),
        "produces": list(operation.produces),
        "schemes": ["https"],
        "tags": [operation.tag],
        "operationId": operation.id,
    }
    own = sorted((p for p in operation.parameters if p not in shared), key=lambda p: (p.name, p.where))
    listed = [_parameter(p, parameters) for p in own]
    if operation.reads:
        listed.insert(0, _body(operation, parameters))
    if listed:
        out["parameters"] = listed
    result = {"$ref": REFERENCE + operation.result} if operation.result else {"type": "string"}
    responses: Object = {str(code): {"description": _REASONS[code], "schema": result} for code in operation.codes}
    responses["401"] = {"description": "Unauthorized"}
    out["responses"] = responses
    out.update(extensions(operation))
    return out


def _body(operation: Operation, parameters: Object) -> Object:
    body: Object = {"name": "body", "in": "body"}
    if operation.reads_required:
        body["required"] = True
    body["schema"] = {"$ref": REFERENCE + operation.reads}
    return _shared(body, parameters) if operation.reads in _SHARED_BODIES else body


def _parameter(parameter: Parameter, parameters: Object) -> Object:
    out: Object = {"uniqueItems": True, "type": parameter.type, "name": parameter.name, "in": parameter.where}
    if parameter.where == "path":
        out["required"] = True
    return out if parameter.name in _UNSHARED else _shared(out, parameters)


def _shared(value: Object, parameters: Object) -> Object:
    text = repr(sorted((key, str(inner)) for key, inner in value.items()))
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:6]).decode()
    name = f"{value['name']}-{digest}"
    parameters.setdefault(name, value)
    return {"$ref": _PARAMETERS + name}


def downgraded(schema: Object) -> Object:
    """A built-in definition of version 3 as version 2 says it; shares nothing with it that is changed later."""
    out: Object = {}
    for key, value in schema.items():
        if key == "$ref":
            out[key] = REFERENCE + value.rpartition("/")[2]
        elif key == "allOf":
            out.update(downgraded(value[0]))
        elif key == "properties":
            out[key] = {name: downgraded(inner) for name, inner in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            out[key] = downgraded(value)
        elif key not in _DROPPED:
            out[key] = value
    if "oneOf" in schema and "type" not in out:
        out["type"] = "string"
    return out
