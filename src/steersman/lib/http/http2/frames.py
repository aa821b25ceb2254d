"""The wire format of HTTP/2: frames, settings and error codes (RFC 9113 sections 4, 6 and 7)."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

FRAME_HEAD = Struct(">LBL")
"""24 bits of length and 8 of type in the first number, then flags, then the stream."""
FRAME_HEAD_BYTES = 9
_NUMBER = Struct(">L")
_TWO_NUMBERS = Struct(">LL")
_SETTING = Struct(">HL")

STREAM_MASK = 0x7FFFFFFF
WINDOW_MAX = 0x7FFFFFFF
FRAME_BYTES_MIN = 16_384
FRAME_BYTES_MAX = 0xFFFFFF
WINDOW_BYTES = 65_535
"""Of a connection, and of streams until a SETTINGS frame says otherwise."""


class Setting(IntEnum):
    """What a SETTINGS frame tells of its sender."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class ErrorCode(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class ConnectionFault(Exception):
    """The peer broke a rule that concerns the connection: it ends with GOAWAY."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class StreamFault(Exception):
    """The peer broke a rule that concerns one stream: it ends with RST_STREAM."""

    def __init__(self, stream_id: int, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.stream_id = stream_id
        self.code = code


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """A whole frame."""
    return FRAME_HEAD.pack(len(payload) << 8 | kind, flags, stream_id) + payload


def settings_frame(settings: dict[Setting, int]) -> bytes:
    """Tells the peer what it may do."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(name, value) for name, value in settings.items()))


def reset_frame(stream_id: int, code: ErrorCode) -> bytes:
    """Ends a stream at once."""
    return frame(RST_STREAM, 0, stream_id, _NUMBER.pack(code))


def goaway_frame(last_id: int, code: ErrorCode, message: str = "") -> bytes:
    """Streams above `last_id` were not and will not be looked at."""
    return frame(GOAWAY, 0, 0, _TWO_NUMBERS.pack(last_id, code) + message.encode())


def window_frame(stream_id: int, increment: int) -> bytes:
    """The peer may send `increment` bytes more: on a stream, or (0) on the connection."""
    return frame(WINDOW_UPDATE, 0, stream_id, _NUMBER.pack(increment))


def parse_number(payload: bytes) -> int:
    """The payload of RST_STREAM and WINDOW_UPDATE. Raises ConnectionFault when it is none."""
    if len(payload) != 4:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "payload is not 4 bytes")
    number: int = _NUMBER.unpack(payload)[0]
    return number


def parse_settings(payload: bytes) -> list[tuple[int, int]]:
    """Names and values, unknown ones included; raises ConnectionFault for values that are out of range."""
    if len(payload) % _SETTING.size:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of a wrong size")
    settings = list(_SETTING.iter_unpack(payload))
    for name, value in settings:
        if name == Setting.ENABLE_PUSH and value > 1:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "ENABLE_PUSH is neither 0 nor 1")
        if name == Setting.INITIAL_WINDOW_SIZE and value > WINDOW_MAX:
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE is too large")
        if name == Setting.MAX_FRAME_SIZE and not FRAME_BYTES_MIN <= value <= FRAME_BYTES_MAX:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of range")
    return settings


def without_padding(flags: int, payload: bytes) -> bytes:
    """The content of a DATA or HEADERS payload. Raises ConnectionFault when it is all padding and more."""
    if not flags & PADDED:
        return payload
    if not payload:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "padded frame without a length of padding")
    end = len(payload) - payload[0]
    if end < 1:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "more padding than payload")
    return payload[1:end]
