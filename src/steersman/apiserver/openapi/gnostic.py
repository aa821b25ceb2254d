"""OpenAPI 2.0 as protobuf, in the schema that gnostic defines: what older clients of kubectl's family ask for.

The tables say under which number each JSON key of a message is written, and how. What has no place of its own goes, as
text, into the message's vendor extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.openapi import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object


def schema(value: Object) -> bytes:
    """A Schema message."""
    return wire.message(value, _SCHEMA, 31)


def path_item(value: Object) -> bytes:
    """A PathItem message."""
    return wire.message(value, _PATH_ITEM, 10)


def parameter(value: Object) -> bytes:
    """A Parameter message: of the body, or a QueryParameterSubSchema or PathParameterSubSchema."""
    where = value["in"]
    if where == "body":
        return wire.framed(1, wire.message(value, _BODY, 6))
    if where == "path":
        return wire.framed(2, wire.framed(4, wire.message(value, _PATH_PARAMETER, 22)))
    return wire.framed(2, wire.framed(3, wire.message(value, _QUERY_PARAMETER, 23)))


def document(info: Object, sections: Mapping[str, bytes], security: Object) -> bytes:
    """A Document. `sections` holds the encoded entries (`entry`) of paths, definitions and parameters."""
    definitions = b"".join(
        wire.named(1, name, wire.framed(2, wire.message(inner, _API_KEY, 5)))
        for name, inner in security["securityDefinitions"].items()
    )
    requirements = b"".join(
        wire.framed(12, b"".join(wire.named(1, name, wire.texts(1, scopes)) for name, scopes in requirement.items()))
        for requirement in security["security"]
    )
    return b"".join(
        (
            wire.framed(1, b"2.0"),
            wire.framed(2, wire.message(info, {"title": (1, wire.text), "version": (2, wire.text)}, 7)),
            wire.framed(8, sections["paths"]),
            wire.framed(9, sections["definitions"]),
            wire.framed(10, sections["parameters"]),
            requirements,
            wire.framed(13, definitions),
        )
    )


def entry(section: str, name: str, value: Object) -> bytes:
    """One path, definition or parameter, as `document` wants them joined."""
    if section == "paths":
        return wire.named(2, name, path_item(value))
    return wire.named(1, name, schema(value) if section == "definitions" else parameter(value))


def _schema(number: int, value: Object) -> bytes:
    return wire.framed(number, schema(value))


def _schemas(number: int, value: list[Object]) -> bytes:
    return b"".join(_schema(number, item) for item in value)


def _properties(number: int, value: Object) -> bytes:
    return wire.framed(number, b"".join(wire.named(1, name, schema(inner)) for name, inner in value.items()))


def _items(number: int, value: Object) -> bytes:
    return wire.framed(number, _schema(1, value))


def _type(number: int, value: str) -> bytes:
    return wire.framed(number, wire.text(1, value))


def _additional(number: int, value: Any) -> bytes:
    return wire.framed(number, wire.varint(2 << 3) + bytes((value,)) if isinstance(value, bool) else _schema(1, value))


def _documentation(number: int, value: Object) -> bytes:
    return wire.framed(number, wire.message(value, {"description": (1, wire.text), "url": (2, wire.text)}, 3))


def _operation(number: int, value: Object) -> bytes:
    return wire.framed(number, wire.message(value, _OPERATION, 13))


def _parameters(number: int, value: list[Object]) -> bytes:
    return b"".join(
        wire.framed(
            number, wire.framed(2, wire.text(1, item["$ref"])) if "$ref" in item else wire.framed(1, parameter(item))
        )
        for item in value
    )


def _responses(number: int, value: Object) -> bytes:
    return wire.framed(
        number,
        b"".join(wire.named(1, code, wire.framed(1, wire.message(r, _RESPONSE, 5))) for code, r in value.items()),
    )


_SCHEMA: wire.Fields = {
    "$ref": (1, wire.text),
    "format": (2, wire.text),
    "title": (3, wire.text),
    "description": (4, wire.text),
    "default": (5, wire.any_value),
    "multipleOf": (6, wire.double),
    "maximum": (7, wire.double),
    "exclusiveMaximum": (8, wire.flag),
    "minimum": (9, wire.double),
    "exclusiveMinimum": (10, wire.flag),
    "maxLength": (11, wire.integer),
    "minLength": (12, wire.integer),
    "pattern": (13, wire.text),
    "maxItems": (14, wire.integer),
    "minItems": (15, wire.integer),
    "uniqueItems": (16, wire.flag),
    "maxProperties": (17, wire.integer),
    "minProperties": (18, wire.integer),
    "required": (19, wire.texts),
    "enum": (20, wire.anys),
    "additionalProperties": (21, _additional),
    "type": (22, _type),
    "items": (23, _items),
    "allOf": (24, _schemas),
    "properties": (25, _properties),
    "externalDocs": (29, _documentation),
    "example": (30, wire.any_value),
}
_BODY: wire.Fields = {
    "description": (1, wire.text),
    "name": (2, wire.text),
    "in": (3, wire.text),
    "required": (4, wire.flag),
    "schema": (5, _schema),
}
_PATH_PARAMETER: wire.Fields = {
    "required": (1, wire.flag),
    "in": (2, wire.text),
    "description": (3, wire.text),
    "name": (4, wire.text),
    "type": (5, wire.text),
    "uniqueItems": (19, wire.flag),
}
_QUERY_PARAMETER: wire.Fields = {
    "required": (1, wire.flag),
    "in": (2, wire.text),
    "description": (3, wire.text),
    "name": (4, wire.text),
    "type": (6, wire.text),
    "uniqueItems": (20, wire.flag),
}
_RESPONSE: wire.Fields = {
    "description": (1, wire.text),
    "schema": (2, lambda number, value: wire.framed(number, _schema(1, value))),
}
_OPERATION: wire.Fields = {
    "tags": (1, wire.texts),
    "description": (3, wire.text),
    "operationId": (5, wire.text),
    "produces": (6, wire.texts),
    "consumes": (7, wire.texts),
    "parameters": (8, _parameters),
    "responses": (9, _responses),
    "schemes": (10, wire.texts),
}
_PATH_ITEM: wire.Fields = {
    "get": (2, _operation),
    "put": (3, _operation),
    "post": (4, _operation),
    "delete": (5, _operation),
    "options": (6, _operation),
    "head": (7, _operation),
    "patch": (8, _operation),
    "parameters": (9, _parameters),
}
_API_KEY: wire.Fields = {
    "type": (1, wire.text),
    "name": (2, wire.text),
    "in": (3, wire.text),
    "description": (4, wire.text),
}
