"""The API server's own components talk to it without sockets: requests go to its handler, and to nothing below it.

So they are authenticated, authorised, limited, admitted, counted and logged as those of anybody else. See
client/transport.py for what a transport is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from steersman.client.answers import EventLines, refused, understood
from steersman.client.errors import Interrupted
from steersman.lib.aio import Pacer
from steersman.lib.http.in_process import InProcessCaller, OpenAnswer
from steersman.lib.http.message import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.client.request import ApiRequest
    from steersman.client.transport import WatchEvent
    from steersman.lib.http.message import Handler


class LocalTransport:
    """One identity: a bearer token, or a client certificate, which the server verifies like any other."""

    def __init__(
        self,
        *,
        handler: Handler,
        user_agent: str,
        token: Callable[[], str] | str = "",
        certificate_der: bytes | None = None,
    ) -> None:
        """`handler`: Application.handle. `token`: empty for none; a function is asked for every request."""
        self._caller = InProcessCaller(handler, certificate_der=certificate_der)
        self._user_agent = user_agent
        self._token = token
        self._headers: dict[tuple[str, str], Headers] = {}
        """By content type and accepted form: servers recognise a head that they have seen by its identity."""
        self._headers_token = ""
        self._pacer: Pacer | None = None

    async def exchange(self, request: ApiRequest, *, timeout_s: float) -> Any:
        """See Transport."""
        if self._pacer is None:
            self._pacer = Pacer()
        await self._pacer.pause()  # much is answered at once: others want to run too
        what = f"{request.method} {request.path}"
        answer: Response | OpenAnswer
        begun = self._begin(request)
        if isinstance(begun, Response):
            answer, body = begun, _joined(begun)
        else:
            try:
                async with asyncio.timeout(timeout_s):
                    answer = await _without_socket(begun)
                    body = await _whole(answer)
            except TimeoutError as error:
                raise Interrupted(f"{what}: no answer in {timeout_s} s") from error
        if answer.status >= 400:
            raise refused(answer.status, body, _header(answer, "retry-after"))
        return understood(what, body)

    async def watch(self, request: ApiRequest, *, timeout_s: float) -> LocalWatch:
        """See Transport."""
        try:
            async with asyncio.timeout(timeout_s):
                begun = self._begin(request)
                answer = begun if isinstance(begun, Response) else await _without_socket(begun)
                if answer.status >= 400:
                    raise refused(answer.status, await _whole(answer), _header(answer, "retry-after"))
        except TimeoutError as error:
            raise Interrupted(f"{request.method} {request.path}: no answer in {timeout_s} s") from error
        if not isinstance(answer, OpenAnswer):
            raise Interrupted(f"{request.method} {request.path}: the answer is no watch")
        return LocalWatch(answer)

    async def close(self) -> None:
        """See Transport."""
        await self._caller.close()

    def _begin(self, request: ApiRequest) -> Response | Awaitable[Response | OpenAnswer]:
        headers = self._identified(request.content_type if request.body else "", request.accept)
        query = request.target[len(request.path) + 1 :] if request.query else ""
        return self._caller.begin(request.method, request.path, query=query, headers=headers, body=request.body)

    def _identified(self, content_type: str, accept: str) -> Headers:
        token = self._token if isinstance(self._token, str) else self._token()
        if token != self._headers_token:
            self._headers, self._headers_token = {}, token
        headers = self._headers.get((content_type, accept))
        if headers is None:
            self._headers[content_type, accept] = headers = Headers()
            headers.add("accept", accept)
            headers.add("user-agent", self._user_agent)
            if token:
                headers.add("authorization", f"Bearer {token}")
            if content_type:
                headers.add("content-type", content_type)
        return headers


class LocalWatch:
    """See transport.Watch."""

    def __init__(self, answer: OpenAnswer) -> None:
        self._answer = answer
        self._lines = EventLines()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[WatchEvent]:
        while self._lines.error is None:
            try:
                pieces = await self._answer.wire.read()
            except ConnectionResetError as error:
                raise Interrupted(f"the watch broke: {error}") from error
            except asyncio.CancelledError:
                self._answer.close()
                raise
            if not pieces:
                raise StopAsyncIteration
            events = self._lines.feed(pieces)
            if events:
                return events
        self._answer.close()
        raise self._lines.error

    async def close(self) -> None:
        self._answer.close()


async def _without_socket(pending: Awaitable[Response | OpenAnswer]) -> Response | OpenAnswer:
    """Raises Interrupted for an answer that is another protocol."""
    try:
        return await pending
    except TypeError as error:
        raise Interrupted(str(error)) from error


def _joined(answer: Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


async def _whole(answer: Response | OpenAnswer) -> bytes:
    """Raises Interrupted when it was cut off."""
    if isinstance(answer, Response):
        return _joined(answer)
    pieces = []
    try:
        while some := await answer.wire.read():
            pieces += some
    except ConnectionResetError as error:
        raise Interrupted(f"the answer broke: {error}") from error
    finally:
        answer.close()
    return b"".join(pieces)


def _header(answer: Response | OpenAnswer, name: str) -> str:
    pairs = answer.headers if isinstance(answer, OpenAnswer) else (*answer.headers, *answer.unique_headers)
    return next((value for key, value in pairs if key.lower() == name), "")
