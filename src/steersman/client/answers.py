"""Answers on the wire, understood: whole ones, and the lines of a watch. Pure; the same for every transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.client.errors import Interrupted, refusal
from steersman.client.transport import WatchEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.errors import ApiError

LINE_BYTES_MAX = 64 << 20
"""Of one event of a watch."""


def understood(what: str, body: bytes) -> Any:
    """The decoded body of an answer that is no refusal; None for an empty one. `what`: the request, for messages.

    Raises Interrupted.
    """
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Interrupted(f"{what}: the answer is no JSON: {error}") from error


def refused(status: int, body: bytes, retry_after: str) -> ApiError:
    """The error that an answer of at least 400 stands for. `retry_after`: its header, perhaps empty."""
    content: Any
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = body.decode(errors="replace").strip()
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    return refusal(status, content, seconds)


class EventLines:
    """Events out of the pieces in which they arrive."""

    def __init__(self) -> None:
        self.error: ApiError | None = None
        """What the server ended the watch with, behind all events."""
        self._rest: list[bytes] = []
        self._rest_bytes = 0

    def feed(self, pieces: Iterable[bytes]) -> list[WatchEvent]:
        """The events that are whole now. Raises Interrupted for what is no event."""
        events: list[WatchEvent] = []
        for piece in pieces:
            end = piece.rfind(b"\n")
            if end < 0:
                self._keep(piece)
                continue
            if self._rest:
                piece = b"".join((*self._rest, piece))
                end += self._rest_bytes
                self._rest, self._rest_bytes = [], 0
            if piece.find(b"\n") == end == len(piece) - 1:
                self._add(piece, events)
                continue
            if end + 1 < len(piece):
                self._keep(piece[end + 1 :])
            for line in piece[:end].split(b"\n"):
                self._add(line, events)
        return events

    def _keep(self, piece: bytes) -> None:
        self._rest.append(piece)
        self._rest_bytes += len(piece)
        if self._rest_bytes > LINE_BYTES_MAX:
            raise Interrupted(f"an event of a watch is longer than {LINE_BYTES_MAX} bytes")

    def _add(self, line: bytes, events: list[WatchEvent]) -> None:
        if self.error is not None or not line or line.isspace():
            return
        try:
            event = orjson.loads(line)
            kind, obj = event["type"], event["object"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise Interrupted(f"a line of a watch is no event: {line[:100]!r}") from error
        if kind == "ERROR":
            self.error = refusal(obj.get("code") or 500, obj)
        else:
            events.append(WatchEvent(kind, obj))
