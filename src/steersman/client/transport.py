"""The seam: how requests get to the API. One conformance suite holds for both ways.

A transport comes as one identity, which the API server authenticates and authorises whichever way the request takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from steersman.api.meta.types import Object
    from steersman.client.request import ApiRequest


class WatchEvent(NamedTuple):
    """`type`: ADDED, MODIFIED, DELETED or BOOKMARK. `object` is read-only."""

    type: str
    object: Object


class Watch(Protocol):
    """An open watch: an asynchronous iterator of events, in batches of those that arrived together.

    Ends when the server ends it. Raises ApiError for an ERROR event (Expired: list again) and TransportError when the
    connection breaks.
    """

    def __aiter__(self) -> AsyncIterator[list[WatchEvent]]: ...

    async def close(self) -> None:
        """Leave; safe to call at any time."""


class Transport(Protocol):
    """Sends requests as one identity."""

    async def exchange(self, request: ApiRequest, *, timeout_s: float) -> Any:
        """The decoded answer, read-only; None for one without a body. Raises ApiError, TransportError."""

    async def watch(self, request: ApiRequest, *, timeout_s: float) -> Watch:
        """Begin a watch; `timeout_s` is for the beginning. Raises ApiError, TransportError."""

    async def close(self) -> None:
        """Leave all connections."""
