"""Requests to a handler of `steersman.lib.http` without sockets, for tests: replies and streams that are easy to ask.

Runs on any loop, so also in virtual time. What HTTP framing does (limits, keep-alive, drain) is not here; that is
tested over real sockets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from steersman.lib.http.in_process import InProcessCaller, OpenAnswer
from steersman.lib.http.message import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.lib.http.message import BodyStream, Handler


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

    def __init__(self, answer: OpenAnswer) -> None:
        self.status = answer.status
        self._answer = answer
        self._rest = b""

    @property
    def ended(self) -> bool:
        """Nothing more will be written."""
        return self._answer.wire.ended

    @property
    def body(self) -> BodyStream:
        """The handler's side."""
        return self._answer.body

    def take_lines(self) -> list[bytes]:
        """Whole lines that have arrived since the last call."""
        whole, newline, self._rest = self.take().rpartition(b"\n")
        return whole.split(b"\n") if newline else []

    def take(self) -> bytes:
        """All that has arrived since the last call."""
        taken, self._rest = b"".join((self._rest, *self._answer.wire.take())), b""
        return taken

    def drain(self) -> None:
        """Tell the handler that the server is about to stop."""
        self._answer.body.draining.set()

    def close(self) -> None:
        """What a peer does that goes away."""
        self._answer.body.abort()


class InProcessClient:
    """Calls a handler as its peer would. Close it: that ends the streams that are still open."""

    def __init__(self, handler: Handler, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._caller = InProcessCaller(handler, buffer_bytes_max=None)
        self._headers = tuple(headers)

    async def close(self) -> None:
        """Cancel every open stream."""
        await self._caller.close()

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
        answer = await self._caller.call(method, path, query=urlencode(query), headers=fields, body=raw)
        return Stream(answer) if isinstance(answer, OpenAnswer) else _reply(answer)


def _reply(answer: Response) -> Reply:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    return Reply(answer.status, body, (*answer.headers, *answer.unique_headers), answer.content_type)
