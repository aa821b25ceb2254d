"""Protobuf by hand, for gnostic's documents: messages are written straight from JSON values, by tables that say under
which number each key is written, and how.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object

    Encoder = Callable[[int, Any], bytes]
    Fields = Mapping[str, tuple[int, Encoder]]


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


def text(number: int, value: str) -> bytes:
    """A field of text."""
    return framed(number, value.encode())


def texts(number: int, value: list[str]) -> bytes:
    """A repeated field of text."""
    return b"".join(framed(number, item.encode()) for item in value)


def flag(number: int, value: bool) -> bytes:
    """A boolean, which is not written if it is false."""
    return varint(number << 3) + b"\x01" if value else b""


def integer(number: int, value: int) -> bytes:
    """An int64, which is not written if it is 0."""
    return varint(number << 3) + varint(int(value)) if value else b""


def double(number: int, value: float) -> bytes:
    """A double, which is not written if it is 0."""
    return varint(number << 3 | 1) + struct.pack("<d", value) if value else b""


def any_payload(value: Any) -> bytes:
    """Gnostic's Any: the value as YAML, which JSON is."""
    return framed(2, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def any_value(number: int, value: Any) -> bytes:
    """A field of type Any."""
    return framed(number, any_payload(value))


def anys(number: int, value: list[Any]) -> bytes:
    """A repeated field of type Any."""
    return b"".join(any_value(number, item) for item in value)


def message(value: Object, fields: Fields, extension: int) -> bytes:
    """The fields of a message. What begins with `x-` goes into the list of named values with number `extension`."""
    out = []
    for key, inner in value.items():
        known = fields.get(key)
        if known is not None:
            out.append(known[1](known[0], inner))
        elif key.startswith("x-"):
            out.append(named(extension, key, any_payload(inner)))
    return b"".join(out)
