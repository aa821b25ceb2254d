"""Header blocks of answers: encoded once for each (status, content type, headers), without any state of compression.

Fields are literals that the peer's table does not remember. That costs some hundred bytes an answer, and makes blocks
the same for all connections and for ever.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

from steersman.lib.http.head import InvalidHeader
from steersman.lib.http.http2.hpack import STATIC_TABLE, encode_field, encode_number

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.lib.http.message import HeaderPairs

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE_BAD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OF_A_CONNECTION = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"))
_STATUS_INDEX = {int(value): index for index, (name, value) in enumerate(STATIC_TABLE, 1) if name == ":status"}
_BLOCKS_MAX = 4096
_LENGTHS_MAX = 8192


def render_field(name: str, value: str) -> bytes:
    """One field; nothing for those that concern an HTTP/1.1 connection. Raises InvalidHeader for what no peer would
    accept.
    """
    lower = name.lower()
    if not _NAME.fullmatch(name) or _VALUE_BAD.search(value):
        raise InvalidHeader(f"response header {name!r} has an invalid name or value")
    if lower in _OF_A_CONNECTION:
        return b""
    # As in HTTP/1.1: what is no Latin-1 is sent as the UTF-8 that peers read in practice.
    try:
        encoded = value.encode("latin-1")
    except UnicodeEncodeError:
        encoded = value.encode()
    return encode_field(lower, encoded.strip(b" \t"))


def render_status(status: int) -> bytes:
    """The field `:status`."""
    index = _STATUS_INDEX.get(status)
    return encode_field(":status", b"%d" % status) if index is None else encode_number(index, bits=7, first=0x80)


def render_block(status: int, content_type: str, headers: HeaderPairs) -> bytes:
    """Status, content type and `headers`; date, length and unique fields follow. Raises InvalidHeader."""
    parts = [render_status(status)]
    if content_type:
        parts.append(render_field("content-type", content_type))
    parts.extend(render_field(name, value) for name, value in headers)
    return b"".join(parts)


class HeadBlocks:
    """A server's cache of header blocks, of lengths, and its current date."""

    __slots__ = ("blocks", "date_field", "lengths")

    def __init__(self) -> None:
        self.blocks: dict[tuple[int, str, HeaderPairs], bytes] = {}
        self.lengths: dict[int, bytes] = {}
        self.date_field = b""

    def block(self, status: int, content_type: str, headers: HeaderPairs) -> bytes:
        """`render_block`, remembered."""
        key = (status, content_type, headers)
        block = self.blocks.get(key)
        if block is None:
            if len(self.blocks) >= _BLOCKS_MAX:
                self.blocks.clear()
            block = self.blocks[key] = render_block(status, content_type, headers)
        return block

    def length(self, length: int) -> bytes:
        """The field `content-length`."""
        field = self.lengths.get(length)
        if field is None:
            if len(self.lengths) >= _LENGTHS_MAX:
                self.lengths.clear()
            field = self.lengths[length] = encode_field("content-length", b"%d" % length)
        return field

    def set_date(self, now: datetime) -> None:
        """Encode the date for `now` (aware, UTC)."""
        self.date_field = encode_field("date", format_datetime(now, usegmt=True).encode())
