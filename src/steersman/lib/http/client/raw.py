"""The client's end of an upgraded connection: what the peer said last is read, whatever we were about to say."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from steersman.lib.http.stream import RawStream

if TYPE_CHECKING:
    import asyncio

    from steersman.lib.http.stream import Wire

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_CLOSED = getattr(select, "POLLRDHUP", 0)


class ClientStream(RawStream):
    """A raw stream that writes nothing to a peer that has closed, even if that has not been read yet.

    A write that fails ends a transport at once, with all that has arrived and was not read: the last words of a peer
    that closes without having read everything. So the socket is asked before each write.
    """

    __slots__ = ("_poll",)

    def __init__(
        self,
        wire: Wire,
        draining: asyncio.Event,
        *,
        read_max: int,
        below: asyncio.Transport,
        secure: bool,
    ) -> None:
        """`below`: the transport that has the socket; `secure`: it carries TLS, which has no half-closed state."""
        super().__init__(wire, draining, read_max=read_max)
        self._poll: select.poll | None = None
        sock = below.get_extra_info("socket")
        if sock is not None:
            self._poll = select.poll()
            self._poll.register(sock.fileno(), _CLOSED if secure else 0)
        if secure:
            # uvloop sends at the end of a turn of the loop unless more than this waits: too long after asking.
            below.set_write_buffer_limits(high=0)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if data and not self.closed.done() and not self._peer_closed():
            self._transport.write(data)

    def _peer_closed(self) -> bool:
        return self._poll is not None and any(event & (_GONE | _CLOSED) for _, event in self._poll.poll(0))
