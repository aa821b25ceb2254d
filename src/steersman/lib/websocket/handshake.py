"""The opening handshake (RFC 6455, section 4.2). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.lib.http.message import HeaderPairs, Headers, Request

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = "13"


class BadHandshake(Exception):
    """The request cannot be answered by a WebSocket: to be told with this HTTP status."""

    def __init__(self, status: int, message: str, headers: HeaderPairs = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def asks_for_upgrade(headers: Headers) -> bool:
    """Another protocol is wanted, whichever."""
    return any("upgrade" in value.lower() for value in headers.get_all("connection"))


def asks_for_websocket(headers: Headers) -> bool:
    return headers.get("upgrade").lower() == "websocket" and asks_for_upgrade(headers)


def offered_protocols(headers: Headers) -> list[str]:
    """Sub-protocols in the client's order of preference."""
    values = ",".join(headers.get_all("sec-websocket-protocol")).split(",")
    return [text for value in values if (text := value.strip())]


def accept(request: Request, *, protocol: str) -> HeaderPairs:
    """The headers of the 101 that accepts; `protocol`: the sub-protocol that was chosen of the offered, "" for none.

    Raises BadHandshake.
    """
    headers = request.headers
    if request.method != "GET":
        raise BadHandshake(405, "bad method", (("Allow", "GET"),))
    if not asks_for_websocket(headers):
        raise BadHandshake(400, "request does not ask for a websocket")
    if headers.get("sec-websocket-version") != VERSION:
        raise BadHandshake(400, "missing or bad WebSocket Version", (("Sec-WebSocket-Version", VERSION),))
    key = headers.get("sec-websocket-key")
    if not _is_key(key):
        raise BadHandshake(400, "websocket key is missing or malformed")
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    answer = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", base64.b64encode(digest).decode()),
    )
    return (*answer, ("Sec-WebSocket-Protocol", protocol)) if protocol else answer


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode(), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
