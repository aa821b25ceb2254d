"""Requests over HTTP and TLS, as any client outside the process sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from steersman.client.answers import EventLines, refused, understood
from steersman.client.errors import Interrupted, TransportError, Unreachable
from steersman.lib.http.client.errors import ClientError, ConnectError, TlsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.client.request import ApiRequest
    from steersman.client.transport import WatchEvent
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import HeaderPairs


class HttpTransport:
    """One API server, one identity: a bearer token, or the client certificate in `target.tls`."""

    def __init__(
        self, *, http: HttpClient, target: Target, user_agent: str, token: Callable[[], str] | str = ""
    ) -> None:
        """`token`: empty for none; a function is asked for every request, since tokens are replaced."""
        self._http = http
        self._target = target
        self._token = token
        self._headers: HeaderPairs = (("User-Agent", user_agent),)

    async def exchange(self, request: ApiRequest, *, timeout_s: float) -> Any:
        """See Transport."""
        headers = self._identified(request)
        if request.body:
            headers = (*headers, ("Content-Type", request.content_type))
        try:
            answer = await self._http.request(
                self._target, request.method, request.target, headers=headers, body=request.body, timeout_s=timeout_s
            )
        except ClientError as error:
            raise _told(error) from error
        if answer.status >= 400:
            raise refused(answer.status, answer.body, answer.headers.get("retry-after"))
        return understood(f"{request.method} {request.path}", answer.body)

    async def watch(self, request: ApiRequest, *, timeout_s: float) -> HttpWatch:
        """See Transport."""
        try:
            answer = await self._http.open(
                self._target, request.method, request.target, headers=self._identified(request), timeout_s=timeout_s
            )
            if answer.status >= 400:
                raise refused(answer.status, await answer.read(), answer.headers.get("retry-after"))
        except ClientError as error:
            raise _told(error) from error
        return HttpWatch(answer)

    async def close(self) -> None:
        """See Transport. The client belongs to whoever made it."""

    def _identified(self, request: ApiRequest) -> HeaderPairs:
        token = self._token if isinstance(self._token, str) else self._token()
        headers: HeaderPairs = (("Accept", request.accept), *self._headers)
        return (*headers, ("Authorization", f"Bearer {token}")) if token else headers


class HttpWatch:
    """See transport.Watch: lines of JSON."""

    def __init__(self, answer: OpenResponse) -> None:
        self._answer = answer
        self._lines = EventLines()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[WatchEvent]:
        while self._lines.error is None:
            try:
                piece = await anext(self._answer)
            except ClientError as error:
                raise _told(error) from error
            events = self._lines.feed((piece,))
            if events:
                return events
        await self.close()
        raise self._lines.error

    async def close(self) -> None:
        await self._answer.close()


def _told(error: ClientError) -> TransportError:
    if isinstance(error, ConnectError | TlsError):
        return Unreachable(str(error))
    return Interrupted(str(error))
