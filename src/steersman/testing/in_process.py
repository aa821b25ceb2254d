"""Requests to a handler of `steersman.lib.http` without sockets: the same objects in, the same objects out.

Runs on any loop, so also in virtual time. What HTTP framing does (limits, keep-alive, drain) is not here; that is
tested over real sockets.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from steersman.lib.aio import Tasks
from steersman.lib.http.message import (
    BodyStream,
    Connection,
    Headers,
    Request,
    Response,
    StreamResponse,
    UpgradeResponse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.lib.http.message import Handler


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    content_type: str

    def json(self) -> Any:
        """The body, decoded; raises ValueError if it is not JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        """All values of a header, which are compared without regard to case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Stream:
    """An open answer: what has been written so far and not been taken yet."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.ended = False
        self._transport = _MemoryTransport()
        self._wire = _MemoryWire(self._transport)
        self._draining = asyncio.Event()
        self.body = BodyStream(self._wire, self._draining, chunked=False)

    def take_lines(self) -> list[bytes]:
        """Whole lines that have arrived since the last call."""
        written = self._transport.written
        whole, newline, rest = bytes(written).rpartition(b"\n")
        written[:] = rest
        return whole.split(b"\n") if newline else []

    def take(self) -> bytes:
        """All that has arrived since the last call."""
        taken = bytes(self._transport.written)
        self._transport.written.clear()
        return taken

    def drain(self) -> None:
        """Tell the handler that the server is about to stop."""
        self._draining.set()

    def close(self) -> None:
        """What a peer does that goes away."""
        self.body.abort()


class InProcessClient:
    """Calls a handler as its peer would. Close it: that ends the streams that are still open."""

    def __init__(self, handler: Handler, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._handler = handler
        self._headers = tuple(headers)
        self._tasks = Tasks()
        self._connection = Connection(_MemoryTransport())

    async def close(self) -> None:
        """Cancel every open stream."""
        await self._tasks.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: Any = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Reply | Stream:
        """Send one request; `body` is bytes, or any JSON value. An open answer comes back as a running Stream."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = Headers()
        for name, value in (*self._headers, *headers):
            fields.add(name.lower(), value)
        request = Request(
            method=method,
            path=unquote(path),
            raw_path=path,
            query=urlencode(query),
            headers=fields,
            body=raw,
            peer=self._connection.peer,
            connection=self._connection,
        )
        answer = self._handler(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, StreamResponse):
            stream = Stream(answer.status)
            self._tasks.start(self._run(answer, stream), name=f"{method} {path}")
            return stream
        if isinstance(answer, UpgradeResponse):
            raise TypeError(f"{method} {path} answers with another protocol, which needs a socket")
        return _reply(answer)

    async def _run(self, answer: StreamResponse, stream: Stream) -> None:
        try:
            await answer.run(stream.body)
        finally:
            stream.ended = True
            stream.close()


def _reply(answer: Response) -> Reply:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    return Reply(answer.status, body, (*answer.headers, *answer.unique_headers), answer.content_type)


class _MemoryTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__(extra={"peername": ("127.0.0.1", 1), "sslcontext": object()})
        self.written = bytearray()

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        return

    def close(self) -> None:
        return


class _MemoryWire:
    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.write_paused = False

    def writable(self) -> asyncio.Future[None]:
        """Always: memory does not fill."""
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def hold_reading(self, hold: bool) -> None:
        """Nothing is read."""
