"""OpenAPI 3.0 as protobuf, in the schema that gnostic defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.apiserver.openapi import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object

_INFO: wire.Fields = {"title": (1, wire.text), "description": (2, wire.text), "version": (6, wire.text)}
_SECURITY_SCHEME: wire.Fields = {
    "type": (1, wire.text),
    "description": (2, wire.text),
    "name": (3, wire.text),
    "in": (4, wire.text),
}


def document(info: Object, sections: Mapping[str, bytes]) -> bytes:
    """A Document. `sections` holds the encoded entries (`entry`) of paths, schemas and securitySchemes."""
    components = b"".join(
        wire.framed(number, sections[name])
        for name, number in (("schemas", 1), ("securitySchemes", 7))
        if sections[name]
    )
    return b"".join(
        (
            wire.framed(1, b"3.0.0"),
            wire.framed(2, wire.message(info, _INFO, 7)),
            wire.framed(4, sections["paths"]),
            wire.framed(5, components),
        )
    )


def entry(section: str, name: str, value: Object) -> bytes:
    """One path, schema or security scheme, as `document` wants them joined."""
    if section == "paths":
        return wire.named(1, name, wire.message(value, _PATH_ITEM, 14))
    if section == "schemas":
        return wire.named(1, name, schema_or_reference(value))
    return wire.named(1, name, wire.framed(1, wire.message(value, _SECURITY_SCHEME, 9)))


def schema_or_reference(value: Object) -> bytes:
    """A SchemaOrReference; a reference has no siblings in version 3."""
    if "$ref" in value:
        return wire.framed(2, wire.text(1, value["$ref"]))
    return wire.framed(1, schema(value))


def schema(value: Object) -> bytes:
    """A Schema message."""
    return wire.message(value, _SCHEMA, 36)


def _either(number: int, value: Object) -> bytes:
    return wire.framed(number, schema_or_reference(value))


def _eithers(number: int, value: list[Object]) -> bytes:
    return b"".join(_either(number, item) for item in value)


def _not(number: int, value: Object) -> bytes:
    return wire.framed(number, schema(value))


def _items(number: int, value: Object) -> bytes:
    return wire.framed(number, _either(1, value))


def _properties(number: int, value: Object) -> bytes:
    return wire.framed(number, b"".join(wire.named(1, name, schema_or_reference(v)) for name, v in value.items()))


def _additional(number: int, value: Any) -> bytes:
    inner = wire.varint(2 << 3) + bytes((value,)) if isinstance(value, bool) else _either(1, value)
    return wire.framed(number, inner)


def _default(number: int, value: Any) -> bytes:
    """Gnostic has no place for lists and maps; their default is an empty message."""
    if isinstance(value, bool):
        return wire.framed(number, wire.varint(2 << 3) + bytes((value,)))
    if isinstance(value, (int, float)):
        return wire.framed(number, wire.double(1, value) or b"\x09" + bytes(8))
    return wire.framed(number, wire.text(3, value) if isinstance(value, str) else b"")


def _documentation(number: int, value: Object) -> bytes:
    return wire.framed(number, wire.message(value, {"description": (1, wire.text), "url": (2, wire.text)}, 3))


def _operation(number: int, value: Object) -> bytes:
    return wire.framed(number, wire.message(value, _OPERATION, 13))


def _parameters(number: int, value: list[Object]) -> bytes:
    return b"".join(wire.framed(number, wire.framed(1, wire.message(item, _PARAMETER, 14))) for item in value)


def _body(number: int, value: Object) -> bytes:
    return wire.framed(
        number, wire.framed(1, wire.message(value, {"content": (2, _content), "required": (3, wire.flag)}, 4))
    )


def _content(number: int, value: Object) -> bytes:
    entries = (wire.named(1, media, wire.message(v, {"schema": (1, _either)}, 5)) for media, v in value.items())
    return wire.framed(number, b"".join(entries))


def _responses(number: int, value: Object) -> bytes:
    entries = (wire.named(2, code, wire.framed(1, wire.message(v, _RESPONSE, 5))) for code, v in value.items())
    return wire.framed(number, b"".join(entries))


_RESPONSE: wire.Fields = {"description": (1, wire.text), "content": (3, _content)}
_PARAMETER: wire.Fields = {
    "name": (1, wire.text),
    "in": (2, wire.text),
    "description": (3, wire.text),
    "required": (4, wire.flag),
    "schema": (10, _either),
}
_OPERATION: wire.Fields = {
    "tags": (1, wire.texts),
    "description": (3, wire.text),
    "operationId": (5, wire.text),
    "parameters": (6, _parameters),
    "requestBody": (7, _body),
    "responses": (8, _responses),
}
_PATH_ITEM: wire.Fields = {
    "get": (4, _operation),
    "put": (5, _operation),
    "post": (6, _operation),
    "delete": (7, _operation),
    "options": (8, _operation),
    "head": (9, _operation),
    "patch": (10, _operation),
    "parameters": (13, _parameters),
}
_SCHEMA: wire.Fields = {
    "nullable": (1, wire.flag),
    "externalDocs": (6, _documentation),
    "example": (7, wire.any_value),
    "title": (9, wire.text),
    "multipleOf": (10, wire.double),
    "maximum": (11, wire.double),
    "exclusiveMaximum": (12, wire.flag),
    "minimum": (13, wire.double),
    "exclusiveMinimum": (14, wire.flag),
    "maxLength": (15, wire.integer),
    "minLength": (16, wire.integer),
    "pattern": (17, wire.text),
    "maxItems": (18, wire.integer),
    "minItems": (19, wire.integer),
    "uniqueItems": (20, wire.flag),
    "maxProperties": (21, wire.integer),
    "minProperties": (22, wire.integer),
    "required": (23, wire.texts),
    "enum": (24, wire.anys),
    "type": (25, wire.text),
    "allOf": (26, _eithers),
    "oneOf": (27, _eithers),
    "anyOf": (28, _eithers),
    "not": (29, _not),
    "items": (30, _items),
    "properties": (31, _properties),
    "additionalProperties": (32, _additional),
    "default": (33, _default),
    "description": (34, wire.text),
    "format": (35, wire.text),
}
