"""OpenAPI 3.0: one document for each group version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.openapi.layout import by_path, shared_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.openapi.operations import Operation, Parameter

REFERENCE = "#/components/schemas/"
_TEXT = {"type": "string"}
_REASONS = {200: "OK", 201: "Created", 202: "Accepted"}
SECURITY: Object = {
    "BearerToken": {
        "type": "apiKey",
        "name": "authorization",
        "in": "header",
        "description": "Bearer Token authentication",
    }
}


def path_items(operations: Iterable[Operation]) -> Iterator[tuple[str, Object]]:
    """Paths, sorted, each with its operations; parameters that all of them have are the path's."""
    for path, group in by_path(operations):
        shared = shared_parameters(group)
        item: Object = {operation.method: _operation(operation, shared) for operation in group}
        if shared:
            item["parameters"] = [_parameter(p) for p in shared]
        yield path, item


def _operation(operation: Operation, shared: list[Parameter]) -> Object:
    result = {"$ref": REFERENCE + operation.result} if operation.result else _TEXT
    content = {media: {"schema": result} for media in sorted(operation.produces)}
    responses: Object = {
        str(code): {"description": _REASONS[code]} | ({"content": content} if content else {})
        for code in operation.codes
    }
    responses["401"] = {"description": "Unauthorized"}
    out: Object = {"tags": [operation.tag], "operationId": operation.id}
    own = sorted((p for p in operation.parameters if p not in shared), key=lambda p: (p.name, p.where))
    if own:
        out["parameters"] = [_parameter(p) for p in own]
    if operation.reads:
        schema = {"$ref": REFERENCE + operation.reads}
        body: Object = {"content": {media: {"schema": schema} for media in sorted(operation.consumes)}}
        out["requestBody"] = body | ({"required": True} if operation.reads_required else {})
    out["responses"] = responses
    out.update(extensions(operation))
    return out


def extensions(operation: Operation) -> Object:
    """What Kubernetes says of an operation beyond OpenAPI."""
    out: Object = {}
    if operation.action:
        out["x-kubernetes-action"] = operation.action
    if operation.kind is not None:
        group, version, kind = operation.kind
        out["x-kubernetes-group-version-kind"] = {"group": group, "version": version, "kind": kind}
    return out


def _parameter(parameter: Parameter) -> Object:
    out: Object = {"name": parameter.name, "in": parameter.where}
    if parameter.where == "path":
        out["required"] = True
    out["schema"] = {"type": parameter.type, "uniqueItems": True}
    return out


def references(schema: Any) -> Iterator[str]:
    """Names of the definitions that a schema refers to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            elif isinstance(value, (dict, list)):
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)
