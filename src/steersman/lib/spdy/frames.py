"""SPDY/3 frames to bytes and back. No I/O.

Control frame   1 | version (15 bits) | type (16) | flags (8) | length (24) | payload
Data frame      0 | stream (31 bits)              | flags (8) | length (24) | data

Header blocks share one compressor per direction for the life of the connection, so an `Encoder` or `Decoder` belongs to
one connection, and frames must leave in the order in which they were made.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from steersman.lib.spdy.dictionary import header_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]

VERSION = 3
FIN = 0x01
DATA_BYTES_MAX = (1 << 24) - 1
STREAM_MAX = (1 << 31) - 1

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9

# Why a stream is reset.
PROTOCOL_ERROR, INVALID_STREAM, REFUSED_STREAM, CANCEL = 1, 2, 3, 5

_HEAD = struct.Struct(">II")
_WORD = struct.Struct(">I")
_PAIR = struct.Struct(">II")
_SYN_HEAD = struct.Struct(">IIH")
_CONTROL = 0x8000_0000 | VERSION << 16


class ProtocolError(Exception):
    """The peer sent what is no SPDY/3: the connection cannot go on."""


class SynStream(NamedTuple):
    """A stream is opened."""

    stream: int
    headers: HeaderPairs
    fin: bool = False


class SynReply(NamedTuple):
    """A stream is accepted."""

    stream: int
    headers: HeaderPairs
    fin: bool = False


class Headers(NamedTuple):
    """More headers of an open stream."""

    stream: int
    headers: HeaderPairs
    fin: bool = False


class Data(NamedTuple):
    """Bytes of a stream, possibly a part of a frame; `fin` with the last of them: the sender's half is closed."""

    stream: int
    data: bytes
    fin: bool = False


class RstStream(NamedTuple):
    """A stream is torn down, both ways."""

    stream: int
    status: int


class Ping(NamedTuple):
    """To be sent back if the id is of the other side's kind (clients: odd, servers: even)."""

    id: int


class GoAway(NamedTuple):
    """No more streams are accepted."""

    last_stream: int
    status: int


class Ignored(NamedTuple):
    """A control frame that changes nothing here: settings, window updates, what is unknown."""

    type: int


Frame: TypeAlias = SynStream | SynReply | Headers | Data | RstStream | Ping | GoAway | Ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is taken from a peer."""

    control_bytes_max: int = 256 << 10
    headers_bytes_max: int = 256 << 10
    """Of a header block, decompressed."""
    headers_max: int = 1000


class Encoder:
    """Frames of one direction of one connection, as bytes."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(level=9, zdict=header_dictionary())

    def syn_stream(self, stream: int, headers: Iterable[tuple[str, str]], *, fin: bool = False) -> bytes:
        return self._control(SYN_STREAM, _SYN_HEAD.pack(stream, 0, 0) + self._block(headers), fin=fin)

    def syn_reply(self, stream: int, headers: Iterable[tuple[str, str]] = (), *, fin: bool = False) -> bytes:
        return self._control(SYN_REPLY, _WORD.pack(stream) + self._block(headers), fin=fin)

    def headers(self, stream: int, headers: Iterable[tuple[str, str]], *, fin: bool = False) -> bytes:
        return self._control(HEADERS, _WORD.pack(stream) + self._block(headers), fin=fin)

    def rst_stream(self, stream: int, status: int) -> bytes:
        return self._control(RST_STREAM, _PAIR.pack(stream, status))

    def ping(self, id_: int) -> bytes:
        return self._control(PING, _WORD.pack(id_))

    def go_away(self, last_stream: int, status: int = 0) -> bytes:
        return self._control(GOAWAY, _PAIR.pack(last_stream, status))

    @staticmethod
    def data_head(stream: int, size: int, *, fin: bool = False) -> bytes:
        """What stands before `size` bytes (at most DATA_BYTES_MAX) of data."""
        return _HEAD.pack(stream, FIN << 24 | size if fin else size)

    def data(self, stream: int, data: bytes, *, fin: bool = False) -> bytes:
        return self.data_head(stream, len(data), fin=fin) + data

    @staticmethod
    def _control(type_: int, payload: bytes, *, fin: bool = False) -> bytes:
        return _HEAD.pack(_CONTROL | type_, (FIN << 24 if fin else 0) | len(payload)) + payload

    def _block(self, headers: Iterable[tuple[str, str]]) -> bytes:
        values: dict[str, list[str]] = {}
        for name, value in headers:
            values.setdefault(name.lower(), []).append(value)
        parts = [_WORD.pack(len(values))]
        for name, several in values.items():
            for text in (name, "\0".join(several)):
                raw = text.encode()
                parts += (_WORD.pack(len(raw)), raw)
        return self._zlib.compress(b"".join(parts)) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


class Decoder:
    """Bytes of one direction of one connection, as frames."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._zlib = zlib.decompressobj(zdict=header_dictionary())
        self._buffer = bytearray()
        self._stream = 0
        self._left = 0
        """Bytes of the current data frame that have not arrived."""
        self._fin = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now, and what has arrived of a data frame. Raises ProtocolError."""
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        position, end = 0, len(buffer)
        try:
            while True:
                if self._left:
                    if position == end:
                        break
                    size = min(self._left, end - position)
                    self._left -= size
                    fin = self._fin and not self._left
                    frames.append(Data(self._stream, bytes(buffer[position : position + size]), fin))
                    position += size
                    continue
                if end - position < _HEAD.size:
                    break
                first, second = _HEAD.unpack_from(buffer, position)
                size = second & 0xFF_FFFF
                if not first & 0x8000_0000:
                    position += _HEAD.size
                    self._start_data(first, size, bool(second >> 24 & FIN))
                    if not size:
                        frames.append(Data(first, b"", self._fin))
                    continue
                if size > self._limits.control_bytes_max:
                    raise ProtocolError(f"control frame of {size} bytes; limit is {self._limits.control_bytes_max}")
                if end - position < _HEAD.size + size:
                    break
                position += _HEAD.size
                payload = bytes(buffer[position : position + size])
                position += size
                frames.append(self._control(first, bool(second >> 24 & FIN), payload))
        finally:
            del buffer[:position]
        return frames

    def _start_data(self, stream: int, size: int, fin: bool) -> None:
        if not stream:
            raise ProtocolError("data of stream 0")
        self._stream, self._left, self._fin = stream, size, fin

    def _control(self, first: int, fin: bool, payload: bytes) -> Frame:
        version, type_ = first >> 16 & 0x7FFF, first & 0xFFFF
        if version != VERSION:
            raise ProtocolError(f"control frame of version {version}")
        match type_:
            case 1:
                _check_size(payload, _SYN_HEAD.size, exactly=False)
                return SynStream(_stream(payload), self._headers(payload[_SYN_HEAD.size :]), fin)
            case 2 | 8:
                _check_size(payload, _WORD.size, exactly=False)
                make = SynReply if type_ == SYN_REPLY else Headers
                return make(_stream(payload), self._headers(payload[_WORD.size :]), fin)
            case 3:
                _check_size(payload, _PAIR.size)
                return RstStream(_stream(payload), _PAIR.unpack(payload)[1])
            case 6:
                _check_size(payload, _WORD.size)
                return Ping(*_WORD.unpack(payload))
            case 7:
                _check_size(payload, _PAIR.size)
                return GoAway(*_PAIR.unpack(payload))
            case _:
                return Ignored(type_)

    def _headers(self, block: bytes) -> HeaderPairs:
        limits = self._limits
        try:
            plain = self._zlib.decompress(block, limits.headers_bytes_max + 1)
        except zlib.error as error:
            raise ProtocolError(f"header block: {error}") from None
        if self._zlib.unconsumed_tail or len(plain) > limits.headers_bytes_max:
            raise ProtocolError(f"header block is larger than {limits.headers_bytes_max} bytes")
        fields = _fields(plain, limits.headers_max)
        names = [name for name, _ in fields]
        if len(set(names)) < len(names) or any(name != name.lower() for name in names):
            raise ProtocolError("header block repeats a name, or has one that is not lower case")
        return tuple((name, value) for name, values in fields for value in values.split("\0"))


def _fields(plain: bytes, headers_max: int) -> list[tuple[str, str]]:
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        piece = plain[position : position + size]
        if len(piece) < size:
            raise ProtocolError("header block ends too early")
        position += size
        return piece

    (count,) = _WORD.unpack(take(_WORD.size))
    if count > headers_max:
        raise ProtocolError(f"{count} headers; limit is {headers_max}")
    texts = [take(*_WORD.unpack(take(_WORD.size))).decode(errors="replace") for _ in range(2 * count)]
    if position != len(plain):
        raise ProtocolError("header block has more than its headers")
    return list(zip(texts[::2], texts[1::2], strict=True))


def _stream(payload: bytes) -> int:
    stream = int(_WORD.unpack_from(payload)[0]) & STREAM_MAX
    if not stream:
        raise ProtocolError("control frame for stream 0")
    return stream


def _check_size(payload: bytes, size: int, *, exactly: bool = True) -> None:
    if len(payload) < size or (exactly and len(payload) != size):
        raise ProtocolError(f"control frame with {len(payload)} bytes of payload")
