"""OpenAPI 2.0 as protobuf, in the schema that gnostic defines: what older clients of kubectl's family ask for.

The tables say under which number each JSON key of a message is written, and how. What has no place of its own goes, as
text, into the message's vendor extensions.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object

    Encoder = Callable[[int, Any], bytes]


def varint(value: int) -> bytes:
    """An unsigned number (a negative one as its 64-bit complement)."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def framed(number: int, payload: bytes) -> bytes:
    """A field of bytes: text, or a message."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def named(number: int, name: str, payload: bytes) -> bytes:
    """One entry of what is a map in JSON and a list of named values here."""
    return framed(number, framed(1, name.encode()) + framed(2, payload))


def _text(number: int, value: str) -> bytes:
    return framed(number, value.encode())


def _texts(number: int, value: list[str]) -> bytes:
    return b"".join(framed(number, item.encode()) for item in value)


def _flag(number: int, value: bool) -> bytes:
    return varint(number << 3) + b"\x01" if value else b""


def _integer(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(int(value)) if value else b""


def _double(number: int, value: float) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<d", value) if value else b""


def _any_payload(value: Any) -> bytes:
    return framed(2, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def _any(number: int, value: Any) -> bytes:
    return framed(number, _any_payload(value))


def _anys(number: int, value: list[Any]) -> bytes:
    return b"".join(_any(number, item) for item in value)


def _message(value: Object, fields: Mapping[str, tuple[int, Encoder]], extension: int) -> bytes:
    out = []
    for key, inner in value.items():
        known = fields.get(key)
        if known is not None:
            out.append(known[1](known[0], inner))
        elif key.startswith("x-"):
            out.append(named(extension, key, _any_payload(inner)))
    return b"".join(out)


def schema(value: Object) -> bytes:
    """A Schema message."""
    return _message(value, _SCHEMA, 31)


def path_item(value: Object) -> bytes:
    """A PathItem message."""
    return _message(value, _PATH_ITEM, 10)


def parameter(value: Object) -> bytes:
    """A Parameter message: of the body, or a QueryParameterSubSchema or PathParameterSubSchema."""
    where = value["in"]
    if where == "body":
        return framed(1, _message(value, _BODY, 6))
    if where == "path":
        return framed(2, framed(4, _message(value, _PATH_PARAMETER, 22)))
    return framed(2, framed(3, _message(value, _QUERY_PARAMETER, 23)))


def document(info: Object, sections: Mapping[str, bytes], security: Object) -> bytes:
    """A Document. `sections` holds the encoded entries (`entry`) of paths, definitions and parameters."""
    definitions = b"".join(
        named(1, name, framed(2, _message(inner, _API_KEY, 5)))
        for name, inner in security["securityDefinitions"].items()
    )
    requirements = b"".join(
        framed(12, b"".join(named(1, name, _texts(1, scopes)) for name, scopes in requirement.items()))
        for requirement in security["security"]
    )
    return b"".join(
        (
            framed(1, b"2.0"),
            framed(2, _message(info, {"title": (1, _text), "version": (2, _text)}, 7)),
            framed(8, sections["paths"]),
            framed(9, sections["definitions"]),
            framed(10, sections["parameters"]),
            requirements,
            framed(13, definitions),
        )
    )


def entry(section: str, name: str, value: Object) -> bytes:
    """One path, definition or parameter, as `document` wants them joined."""
    if section == "paths":
        return named(2, name, path_item(value))
    return named(1, name, schema(value) if section == "definitions" else parameter(value))


def _schema(number: int, value: Object) -> bytes:
    return framed(number, schema(value))


def _schemas(number: int, value: list[Object]) -> bytes:
    return b"".join(_schema(number, item) for item in value)


def _properties(number: int, value: Object) -> bytes:
    return framed(number, b"".join(named(1, name, schema(inner)) for name, inner in value.items()))


def _items(number: int, value: Object) -> bytes:
    return framed(number, _schema(1, value))


def _type(number: int, value: str) -> bytes:
    return framed(number, _text(1, value))


def _additional(number: int, value: Any) -> bytes:
    return framed(number, varint(2 << 3) + bytes((value,)) if isinstance(value, bool) else _schema(1, value))


def _documentation(number: int, value: Object) -> bytes:
    return framed(number, _message(value, {"description": (1, _text), "url": (2, _text)}, 3))


def _operation(number: int, value: Object) -> bytes:
    return framed(number, _message(value, _OPERATION, 13))


def _parameters(number: int, value: list[Object]) -> bytes:
    return b"".join(
        framed(number, framed(2, _text(1, item["$ref"])) if "$ref" in item else framed(1, parameter(item)))
        for item in value
    )


def _responses(number: int, value: Object) -> bytes:
    return framed(number, b"".join(named(1, code, framed(1, _message(r, _RESPONSE, 5))) for code, r in value.items()))


_SCHEMA: Mapping[str, tuple[int, Encoder]] = {
    "$ref": (1, _text),
    "format": (2, _text),
    "title": (3, _text),
    "description": (4, _text),
    "default": (5, _any),
    "multipleOf": (6, _double),
    "maximum": (7, _double),
    "exclusiveMaximum": (8, _flag),
    "minimum": (9, _double),
    "exclusiveMinimum": (10, _flag),
    "maxLength": (11, _integer),
    "minLength": (12, _integer),
    "pattern": (13, _text),
    "maxItems": (14, _integer),
    "minItems": (15, _integer),
    "uniqueItems": (16, _flag),
    "maxProperties": (17, _integer),
    "minProperties": (18, _integer),
    "required": (19, _texts),
    "enum": (20, _anys),
    "additionalProperties": (21, _additional),
    "type": (22, _type),
    "items": (23, _items),
    "allOf": (24, _schemas),
    "properties": (25, _properties),
    "externalDocs": (29, _documentation),
    "example": (30, _any),
}
_BODY: Mapping[str, tuple[int, Encoder]] = {
    "description": (1, _text),
    "name": (2, _text),
    "in": (3, _text),
    "required": (4, _flag),
    "schema": (5, _schema),
}
_PATH_PARAMETER: Mapping[str, tuple[int, Encoder]] = {
    "required": (1, _flag),
    "in": (2, _text),
    "description": (3, _text),
    "name": (4, _text),
    "type": (5, _text),
    "uniqueItems": (19, _flag),
}
_QUERY_PARAMETER: Mapping[str, tuple[int, Encoder]] = {
    "required": (1, _flag),
    "in": (2, _text),
    "description": (3, _text),
    "name": (4, _text),
    "type": (6, _text),
    "uniqueItems": (20, _flag),
}
_RESPONSE: Mapping[str, tuple[int, Encoder]] = {
    "description": (1, _text),
    "schema": (2, lambda number, value: framed(number, _schema(1, value))),
}
_OPERATION: Mapping[str, tuple[int, Encoder]] = {
    "tags": (1, _texts),
    "description": (3, _text),
    "operationId": (5, _text),
    "produces": (6, _texts),
    "consumes": (7, _texts),
    "parameters": (8, _parameters),
    "responses": (9, _responses),
    "schemes": (10, _texts),
}
_PATH_ITEM: Mapping[str, tuple[int, Encoder]] = {
    "get": (2, _operation),
    "put": (3, _operation),
    "post": (4, _operation),
    "delete": (5, _operation),
    "options": (6, _operation),
    "head": (7, _operation),
    "patch": (8, _operation),
    "parameters": (9, _parameters),
}
_API_KEY: Mapping[str, tuple[int, Encoder]] = {
    "type": (1, _text),
    "name": (2, _text),
    "in": (3, _text),
    "description": (4, _text),
}
