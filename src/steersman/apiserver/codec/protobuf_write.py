"""JSON values to protobuf: the writing half of the table-driven codec.

Bytes are those of upstream's encoder: fields in the order of their numbers, maps in the order of their keys, and what
is no pointer in Go written even when it is zero.
"""

from __future__ import annotations

import base64
import re
import struct
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.meta.times import to_unix
from steersman.apiserver.codec.protobuf_tables import varint

if TYPE_CHECKING:
    from steersman.apiserver.codec.protobuf_tables import FieldTable, Message

_double = struct.Struct("<d")
_SIZES = tuple(varint(size) for size in range(4096))
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_ESCAPES = tuple((letter.encode(), f"\\u{ord(letter):04x}".encode()) for letter in "<>&\u2028\u2029")


def write(message: Message, value: dict[str, Any]) -> bytes:
    """The bytes of a message. Values have the JSON types of their fields; null counts as absent."""
    parts: list[bytes] = []
    _fields(parts, message, value)
    return b"".join(parts)


def _fields(parts: list[bytes], message: Message, value: dict[str, Any]) -> None:
    get = value.get
    for table in message.fields:
        if table.inline:
            assert table.message is not None
            _sized(parts, table.tag, write(table.message, value))
            continue
        item = get(table.name)
        if item is None:
            if not (table.pointer or table.repeated or table.is_map or table.kind == "y"):
                _zero(parts, table)
        elif table.repeated:
            for one in item:
                _one(parts, table, one)
        elif table.is_map:
            _map(parts, table, item)
        elif table.kind == "s":
            raw = item.encode()
            size = len(raw)
            parts.append(table.tag + (_SIZES[size] if size < 4096 else varint(size)) + raw)
        else:
            _one(parts, table, item)


def _zero(parts: list[bytes], table: FieldTable) -> None:
    """What Go writes for a field that is no pointer and was not given."""
    if table.kind == "m":
        message = table.message
        assert message is not None
        if message.special == "items":
            return
        if message.zero is None:
            message.zero = special(message, None) if message.special else write(message, {})
        _sized(parts, table.tag, message.zero)
    elif table.kind == "d":
        parts.append(table.tag + bytes(8))
    else:
        parts.append(table.tag + b"\0")


def _one(parts: list[bytes], table: FieldTable, item: Any) -> None:
    kind = table.kind
    if kind == "m":
        message = table.message
        assert message is not None
        _sized(parts, table.tag, special(message, item) if message.special else write(message, item or {}))
    elif kind == "i":
        parts.append(table.tag + signed(int(item)))
    elif kind == "b":
        parts.append(table.tag + (b"\1" if item else b"\0"))
    elif kind == "s":
        _sized(parts, table.tag, item.encode())
    elif kind == "y":
        _sized(parts, table.tag, base64.b64decode(item))
    else:
        parts.append(table.tag + _double.pack(item))


def _map(parts: list[bytes], table: FieldTable, items: dict[str, Any]) -> None:
    message = table.message
    for key in sorted(items, key=str.encode) if len(items) > 1 else items:
        entry: list[bytes] = []
        _sized(entry, b"\x0a", key.encode())
        item = items[key]
        if table.kind == "s":
            _sized(entry, b"\x12", (item or "").encode())
        elif table.kind == "y":
            _sized(entry, b"\x12", base64.b64decode(item or ""))
        elif message is not None:
            _sized(entry, b"\x12", special(message, item) if message.special else write(message, item or {}))
        elif table.kind == "d":
            entry.append(b"\x11" + _double.pack(item or 0))
        else:
            entry.append(b"\x10" + signed(int(item or 0)))
        _sized(parts, table.tag, b"".join(entry))


def _sized(parts: list[bytes], tag: bytes, raw: bytes) -> None:
    size = len(raw)
    parts.append(tag + (_SIZES[size] if size < 4096 else varint(size)) + raw)


def signed(number: int) -> bytes:
    """A whole number as int32 and int64 fields carry it: negative ones in ten bytes."""
    return varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def special(message: Message, item: Any) -> bytes:
    """A value whose JSON form is its own; None is Go's zero value."""
    kind = message.special
    parts: list[bytes] = []
    if kind == "quantity":
        _sized(parts, b"\x0a", str(item if item is not None else "0").encode())
    elif kind in ("time", "microtime"):
        if item is None:
            return b""
        seconds, nanos = to_unix(item)
        parts = [b"\x08", signed(seconds), b"\x10", signed(nanos if kind == "microtime" else 0)]
    elif kind == "int-or-string":
        is_text = isinstance(item, str)
        parts = [b"\x08\1\x10\0" if is_text else b"\x08\0\x10" + signed(int(item or 0))]
        _sized(parts, b"\x1a", item.encode() if is_text else b"")
    elif kind == "items":
        for one in item or ():
            _sized(parts, b"\x0a", one.encode())
    elif kind == "raw":
        if item is not None:
            _sized(parts, b"\x0a", as_go_wrote(orjson.dumps(item)))
    elif kind == "bytes-json":
        if item is not None:
            _sized(parts, b"\x0a", orjson.dumps(item))
    elif kind == "duration":
        parts = [b"\x08", signed(parse_go_duration(item) if item else 0)]
    else:
        _schema_union(parts, message, item)
    return b"".join(parts)


def _schema_union(parts: list[bytes], message: Message, item: Any) -> None:
    schema = message.schema
    assert schema is not None
    if message.special == "schema-or-bool":
        parts.append(b"\x08\1" if item else b"\x08\0")
        if isinstance(item, dict):
            parts[0] = b"\x08\1"
            _sized(parts, b"\x12", write(schema, item))
    elif isinstance(item, dict):
        _sized(parts, b"\x0a", write(schema, item))
    else:
        for one in item or ():
            _sized(parts, b"\x12", one.encode() if isinstance(one, str) else write(schema, one))


def as_go_wrote(text: bytes) -> bytes:
    """JSON with the escapes that Go makes in strings: controllers compare the bytes of the revisions they wrote."""
    for plain, escaped in _ESCAPES:
        if plain in text:  # only strings can hold them
            text = text.replace(plain, escaped)
    return text


def parse_go_duration(text: str) -> int:
    """Nanoseconds of `1h30m`, `1.5s`, `-2m`, `0`. Raises ValueError."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    pos, total = 0, 0
    for match in _DURATION.finditer(rest):
        if match.start() != pos:
            break
        pos = match.end()
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS[match[2]]
        total += int(whole or 0) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
    if pos != len(rest) or not rest:
        raise ValueError(f"invalid duration {text!r}")
    return sign * total
