"""Protobuf bodies, answers and watch frames (application/vnd.kubernetes.protobuf).

An object travels in an envelope: four magic bytes, then runtime.Unknown with its apiVersion, kind and bytes. Clients
leave the envelope's type empty where the path says it. Custom resources and Tables have no protobuf form.

Upstream differences: none known. (Objects are the same values as in JSON: null and empty lists come back as absent.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.codec.declared_order import DeclaredOrder
from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.protobuf_read import Reader
from steersman.apiserver.codec.protobuf_tables import Message, Tables, varint
from steersman.apiserver.codec.protobuf_write import write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

MAGIC = b"k8s\0"
_NESTED_MAX = 8


class Protobuf:
    """The codec. Holds the tables of the types met so far and nothing else."""

    def __init__(self) -> None:
        self._tables = Tables()
        self.declared_order = DeclaredOrder(self._tables)

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether a kind has a protobuf form."""
        return self._tables.of_kind(*_split(api_version), kind) is not None

    def decode(self, raw: bytes, group: str, version: str, kind: str) -> Object:
        """The object of an enveloped body. What the envelope does not say about its type is taken from the path.

        `apiVersion` and `kind` are always set. Raises Malformed with upstream's reason.
        """
        if not raw:
            raise Malformed("empty data")
        return self._decode(raw, group, version, kind, 0)

    def _decode(self, raw: bytes, group: str, version: str, kind: str, nesting: int) -> Object:
        if not raw.startswith(MAGIC):
            raise Malformed(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
            )
        if len(raw) == len(MAGIC):
            raise Malformed("empty body")
        if nesting > _NESTED_MAX:
            raise Malformed("exceeded max depth")
        given_version, given_kind, body = _open_envelope(raw)
        api_version = given_version or (f"{group}/{version}" if group else version)
        kind = given_kind or kind
        message = self._tables.of_kind(*_split(api_version), kind)
        if message is None:
            raise Malformed(
                f'no kind "{kind}" is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:111"'
            )
        reader = Reader(body, lambda inner: self._decode(inner, "", "", "", nesting + 1))
        return reader.read(message, {"apiVersion": api_version, "kind": kind})

    def encode(self, obj: Object) -> bytes:
        """An object in its envelope. Raises KeyError for a kind that has no protobuf form (see `knows`)."""
        api_version, kind = obj["apiVersion"], obj["kind"]
        return envelope(api_version, kind, self.encode_item(obj, api_version, kind))

    def encode_item(self, obj: Object, api_version: str, kind: str) -> bytes:
        """An object without envelope, as an item of a list; its kind need not be in it."""
        message = self._message(api_version, kind)
        try:
            return write(message, obj)
        except RecursionError:
            raise Malformed("exceeded max depth") from None
        except (AttributeError, TypeError, ValueError) as err:
            raise Malformed(f"{kind} cannot be encoded as protobuf: {err}") from err

    def encode_list(self, api_version: str, kind: str, metadata: Object, items: Iterable[bytes]) -> bytes:
        """A list (`kind` is the list's) in its envelope; the items come from `encode_item`."""
        message = self._message(api_version, kind)
        parts = [write(message, {"metadata": metadata})]
        for item in items:
            parts += (b"\x12", varint(len(item)), item)
        return envelope(api_version, kind, b"".join(parts))

    def _message(self, api_version: str, kind: str) -> Message:
        message = self._tables.of_kind(*_split(api_version), kind)
        if message is None:
            raise KeyError(f"{api_version} {kind} has no protobuf form")
        return message


def envelope(api_version: str, kind: str, body: bytes) -> bytes:
    """Magic bytes and runtime.Unknown around a message."""
    type_meta = _field(b"\x0a", api_version.encode()) + _field(b"\x12", kind.encode())
    return b"".join((MAGIC, _field(b"\x0a", type_meta), b"\x12", varint(len(body)), body, b"\x1a\0\x22\0"))


def watch_frame(event_type: str, enveloped: bytes) -> bytes:
    """One event of a watch: four bytes of length, then a WatchEvent around an enveloped object."""
    event = b"".join((_field(b"\x0a", event_type.encode()), _field(b"\x12", _field(b"\x0a", enveloped))))
    return len(event).to_bytes(4, "big") + event


def _field(tag: bytes, raw: bytes) -> bytes:
    return tag + varint(len(raw)) + raw


def _split(api_version: str) -> tuple[str, str]:
    group, _, version = api_version.rpartition("/")
    return group, version


def _open_envelope(raw: bytes) -> tuple[str, str, bytes]:
    """`(apiVersion, kind, message bytes)`, empty where the envelope leaves them out."""
    api_version = kind = ""
    body = b""
    for number, value in _chunks(raw, len(MAGIC)):
        if number == 1:
            for inner, text in _chunks(value, 0):
                try:
                    if inner == 1:
                        api_version = text.decode()
                    elif inner == 2:
                        kind = text.decode()
                except UnicodeDecodeError:
                    raise Malformed("proto: TypeMeta: invalid UTF-8") from None
        elif number == 2:
            body = value
    return api_version, kind, body


def _chunks(raw: bytes, pos: int) -> list[tuple[int, bytes]]:
    """The length-delimited fields of a message that has no others."""
    found: list[tuple[int, bytes]] = []
    end = len(raw)
    while pos < end:
        tag = raw[pos]
        pos += 1
        if tag & 7 != 2 or tag >= 0x80 or tag < 8:
            raise Malformed(f"proto: illegal tag {tag >> 3} (wire type {tag & 7})")
        size = shift = 0
        while True:
            if pos >= end or shift > 63:
                raise Malformed("unexpected EOF")
            byte = raw[pos]
            pos += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if pos + size > end:
            raise Malformed("unexpected EOF")
        found.append((tag >> 3, raw[pos : pos + size]))
        pos += size
    return found
