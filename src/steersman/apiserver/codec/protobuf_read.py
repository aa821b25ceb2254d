"""Protobuf to JSON values: the reading half of the table-driven codec.

What Go's `omitempty` would hide vanishes: zero scalars of fields that are no pointers. Unknown fields are skipped.
Errors are Malformed, whatever the bytes.
"""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.meta.times import from_unix
from steersman.apiserver.codec.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.apiserver.codec.protobuf_tables import FieldTable, Message

_DEPTH_MAX = 200
_double = struct.Struct("<d")


class Reader:
    """Reads messages out of one buffer. `nested` reads an enveloped object (a RawExtension may hold one)."""

    __slots__ = ("_buf", "_depth", "_nested")

    def __init__(self, buf: bytes, nested: Callable[[bytes], Any]) -> None:
        self._buf = buf
        self._nested = nested
        self._depth = 0

    def read(self, message: Message, out: dict[str, Any]) -> dict[str, Any]:
        """Fill `out` with the fields of the whole buffer, read as `message`. Raises Malformed."""
        try:
            self._message(message, 0, len(self._buf), out)
        except (IndexError, struct.error):
            raise Malformed("unexpected EOF") from None
        except RecursionError:
            raise Malformed("exceeded max depth") from None
        except (UnicodeDecodeError, orjson.JSONDecodeError, ValueError) as err:
            raise err if isinstance(err, Malformed) else Malformed(f"proto: {message.name}: {err}") from None
        return out

    def _message(self, message: Message, pos: int, end: int, out: dict[str, Any]) -> None:
        buf = self._buf
        by_tag = message.by_tag
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise Malformed("exceeded max depth")
        while pos < end:
            tag = buf[pos]
            pos += 1
            if tag >= 0x80:
                tag, pos = self._varint(pos - 1)
            table = by_tag.get(tag)
            if table is None:
                pos = self._odd(message, tag, pos, end, out)
                continue
            if tag & 7 == 2:
                size = buf[pos]
                pos += 1
                if size >= 0x80:
                    size, pos = self._varint(pos - 1)
                stop = pos + size
                if stop > end:
                    raise Malformed("unexpected EOF")
                if table.is_map:
                    self._entry(table, pos, stop, out)
                elif table.kind == "s":
                    text = str(buf[pos:stop], "utf-8")
                    if table.repeated:
                        out.setdefault(table.name, []).append(text)
                    elif size or table.pointer or not table.omitempty:
                        out[table.name] = text
                elif table.kind == "m":
                    self._submessage(table, pos, stop, out)
                else:
                    value = base64.b64encode(buf[pos:stop]).decode()
                    if table.repeated:
                        out.setdefault(table.name, []).append(value)
                    elif size or not table.omitempty:
                        out[table.name] = value
                pos = stop
            else:
                pos = self._number(table, pos, out)
        if pos != end:
            raise Malformed("unexpected EOF")
        self._depth -= 1

    def _submessage(self, table: FieldTable, pos: int, stop: int, out: dict[str, Any]) -> None:
        message = table.message
        assert message is not None
        if message.special:
            value = self._special(message, pos, stop)
            if table.repeated:
                out.setdefault(table.name, []).append(value)
            elif value is not None or not (table.pointer or table.omitzero):
                out[table.name] = value
        elif table.inline:
            self._message(message, pos, stop, out)
        else:
            value = {}
            if table.repeated:
                out.setdefault(table.name, []).append(value)
            else:
                value = out.setdefault(table.name, value)
            self._message(message, pos, stop, value)

    def _number(self, table: FieldTable, pos: int, out: dict[str, Any]) -> int:
        value: Any
        if table.kind == "d":
            value = _double.unpack_from(self._buf, pos)[0]
            pos += 8
            value = int(value) if value.is_integer() and abs(value) < 1e15 else value
        else:
            value, pos = self._varint(pos)
            if table.kind == "b":
                value = value != 0
            elif value >= 1 << 63:
                value -= 1 << 64
        if table.repeated:
            out.setdefault(table.name, []).append(value)
        elif value or table.pointer or not table.omitempty:
            out[table.name] = value
        return pos

    def _entry(self, table: FieldTable, pos: int, end: int, out: dict[str, Any]) -> None:
        key = ""
        value: Any = None
        while pos < end:
            tag, pos = self._varint(pos)
            if tag not in (0x0A, 0x12):
                if tag == 0x10 and table.kind in "bi":
                    value, pos = self._varint(pos)
                    value = value != 0 if table.kind == "b" else value - (1 << 64) if value >= 1 << 63 else value
                else:
                    pos = self._skip(tag, pos, end)
                continue
            size, pos = self._varint(pos)
            stop = pos + size
            if stop > end:
                raise Malformed("unexpected EOF")
            if tag == 0x0A:
                key = str(self._buf[pos:stop], "utf-8")
            else:
                value = self._element(table, pos, stop)
            pos = stop
        if value is None:
            value = {"s": "", "y": "", "b": False, "i": 0, "d": 0}.get(table.kind)
            if table.kind == "m":
                value = self._element(table, end, end)
        out.setdefault(table.name, {})[key] = value

    def _element(self, table: FieldTable, pos: int, stop: int) -> Any:
        if table.kind == "s":
            return str(self._buf[pos:stop], "utf-8")
        if table.kind == "y":
            return base64.b64encode(self._buf[pos:stop]).decode()
        message = table.message
        assert message is not None
        if message.special:
            return self._special(message, pos, stop)
        value: dict[str, Any] = {}
        self._message(message, pos, stop, value)
        return value

    def _special(self, message: Message, pos: int, stop: int) -> Any:
        """A value whose JSON form is its own."""
        special = message.special
        if special == "items":
            items: dict[str, Any] = {}
            self._message(message, pos, stop, items)
            return items.get("items", [])
        if special.startswith("schema"):
            return self._schema_union(message, pos, stop)
        if special in ("raw", "bytes-json"):
            return self._raw(pos, stop)
        fields: dict[str, Any] = {}
        self._message(message, pos, stop, fields)
        if special == "quantity":
            return fields.get("string") or "0"
        if special == "int-or-string":
            return fields.get("strVal", "") if fields.get("type") == 1 else fields.get("intVal", 0)
        if special == "duration":
            return go_duration(fields.get("duration", 0))
        if pos == stop:
            return None
        return from_unix(fields.get("seconds", 0), fields.get("nanos", 0), micro=special == "microtime")

    def _raw(self, pos: int, stop: int) -> Any:
        """The one bytes field, holding JSON or an enveloped object."""
        raw = b""
        while pos < stop:
            tag, pos = self._varint(pos)
            if tag == 0x0A:
                size, pos = self._varint(pos)
                raw = self._buf[pos : pos + size]
                pos += size
            else:
                pos = self._skip(tag, pos, stop)
        if pos != stop:
            raise Malformed("unexpected EOF")
        if raw.startswith(b"k8s\0"):
            return self._nested(raw)
        return orjson.loads(raw) if raw else None

    def _schema_union(self, message: Message, pos: int, stop: int) -> Any:
        fields: dict[str, Any] = {}
        self._message(message, pos, stop, fields)
        if message.special == "schema-or-bool":
            return fields["schema"] if "schema" in fields else fields.get("allows", False)
        if message.special == "schema-or-array":
            return fields["jSONSchemas"] if "jSONSchemas" in fields else fields.get("schema")
        return fields["property"] if "property" in fields else fields.get("schema")

    def _odd(self, message: Message, tag: int, pos: int, end: int, out: dict[str, Any]) -> int:
        """An unknown field, or numbers of a repeated field packed into one."""
        if tag & 7 == 2:
            table = message.by_tag.get(tag & ~7) or message.by_tag.get(tag & ~7 | 1)
            if table is not None and table.repeated:
                size, pos = self._varint(pos)
                stop = pos + size
                while pos < stop:
                    pos = self._number(table, pos, out)
                return pos
        return self._skip(tag, pos, end)

    def _skip(self, tag: int, pos: int, end: int) -> int:
        wire = tag & 7
        if tag < 8 or wire in (3, 4, 6, 7):
            raise Malformed(f"proto: illegal tag {tag >> 3} (wire type {wire})")
        if wire == 0:
            return self._varint(pos)[1]
        if wire == 2:
            size, pos = self._varint(pos)
            pos += size
        else:
            pos += 8 if wire == 1 else 4
        if pos > end:
            raise Malformed("unexpected EOF")
        return pos

    def _varint(self, pos: int) -> tuple[int, int]:
        buf = self._buf
        byte = buf[pos]
        pos += 1
        if byte < 0x80:
            return byte, pos
        value, shift = byte & 0x7F, 7
        while True:
            byte = buf[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, pos
            shift += 7
            if shift > 63:
                raise Malformed("proto: integer overflow")


def go_duration(nanos: int) -> str:
    """Go's text of a duration: `1h0m0s`, `1.5s`, `0s`."""
    if nanos == 0:
        return "0s"
    sign, nanos = ("-", -nanos) if nanos < 0 else ("", nanos)
    if nanos < 1_000_000_000:
        for unit, length in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if nanos >= length:
                return f"{sign}{_fraction(nanos, length)}{unit}"
    seconds = _fraction(nanos % 60_000_000_000, 1_000_000_000)
    minutes = nanos // 60_000_000_000
    if minutes >= 60:
        return f"{sign}{minutes // 60}h{minutes % 60}m{seconds}s"
    return f"{sign}{minutes}m{seconds}s" if minutes else f"{sign}{seconds}s"


def _fraction(amount: int, length: int) -> str:
    whole, rest = divmod(amount, length)
    return f"{whole}.{str(rest).zfill(len(str(length)) - 1).rstrip('0')}" if rest else str(whole)
