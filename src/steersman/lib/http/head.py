"""Response heads: rendered once for each (status, content type, headers), and the Date line once a second."""

from __future__ import annotations

import re
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.lib.http.message import HeaderPairs

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

_PHRASES: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE_BAD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BLOCKS_MAX = 4096


class InvalidHeader(ValueError):
    """A response header that would break the message."""


def render_header(name: str, value: str) -> bytes:
    """One header line. Raises InvalidHeader for names and values that could split the head."""
    if not _NAME.fullmatch(name) or _VALUE_BAD.search(value):
        raise InvalidHeader(f"response header {name!r} has an invalid name or value")
    # Values are Latin-1 on the wire; what does not fit is sent as the UTF-8 that peers read in practice.
    try:
        encoded = value.encode("latin-1")
    except UnicodeEncodeError:
        encoded = value.encode()
    return b"%b: %b\r\n" % (name.encode(), encoded)


def render_block(status: int, content_type: str, headers: HeaderPairs) -> bytes:
    """Status line and header lines, open at the end: framing headers and the empty line follow."""
    parts = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}\r\n".encode()]
    if content_type:
        parts.append(render_header("Content-Type", content_type))
    parts.extend(render_header(name, value) for name, value in headers)
    return b"".join(parts)


class Heads:
    """A server's cache of rendered heads, and its current Date line."""

    __slots__ = ("blocks", "date_line")

    def __init__(self) -> None:
        self.blocks: dict[tuple[int, str, HeaderPairs], bytes] = {}
        self.date_line = b""

    def block(self, status: int, content_type: str, headers: HeaderPairs) -> bytes:
        """`render_block`, remembered."""
        key = (status, content_type, headers)
        block = self.blocks.get(key)
        if block is None:
            if len(self.blocks) >= _BLOCKS_MAX:
                self.blocks.clear()
            block = self.blocks[key] = render_block(status, content_type, headers)
        return block

    def set_date(self, now: datetime) -> None:
        """Render the Date line for `now` (aware, UTC)."""
        self.date_line = b"Date: %b\r\n" % format_datetime(now, usegmt=True).encode()
