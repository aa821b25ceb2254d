"""Requests over HTTP and TLS, as any client outside the process sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.client.errors import Interrupted, TransportError, Unreachable, refusal
from steersman.client.transport import WatchEvent
from steersman.lib.http.client.errors import ClientError, ConnectError, TlsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from steersman.client.request import ApiRequest
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import HeaderPairs, Headers

LINE_BYTES_MAX = 64 << 20
"""Of one event of a watch."""


class HttpTransport:
    """One API server, one identity: a bearer token, or the client certificate in `target.tls`."""

    def __init__(self, *, http: HttpClient, target: Target, user_agent: str, token: str = "") -> None:
        self._http = http
        self._target = target
        headers = [("Accept", "application/json"), ("User-Agent", user_agent)]
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        self._headers: HeaderPairs = tuple(headers)

    async def exchange(self, request: ApiRequest, *, timeout_s: float) -> Any:
        """See Transport."""
        headers = self._headers
        if request.body:
            headers = (*headers, ("Content-Type", request.content_type))
        try:
            answer = await self._http.request(
                self._target, request.method, request.target, headers=headers, body=request.body, timeout_s=timeout_s
            )
        except ClientError as error:
            raise _told(error) from error
        if answer.status >= 400:
            raise refusal(answer.status, _decoded(answer.body), _retry_after_s(answer.headers))
        if not answer.body:
            return None
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise Interrupted(f"{request.method} {request.path}: the answer is no JSON: {error}") from error

    async def watch(self, request: ApiRequest, *, timeout_s: float) -> HttpWatch:
        """See Transport."""
        try:
            answer = await self._http.open(
                self._target, request.method, request.target, headers=self._headers, timeout_s=timeout_s
            )
            if answer.status >= 400:
                raise refusal(answer.status, _decoded(await answer.read()), _retry_after_s(answer.headers))
        except ClientError as error:
            raise _told(error) from error
        return HttpWatch(answer)

    async def close(self) -> None:
        """See Transport. The client belongs to whoever made it."""


class HttpWatch:
    """See transport.Watch: lines of JSON."""

    def __init__(self, answer: OpenResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[list[WatchEvent]]:
        rest = b""
        try:
            async for piece in self._answer:
                *lines, rest = (rest + piece).split(b"\n")
                if len(rest) > LINE_BYTES_MAX:
                    raise Interrupted(f"an event of a watch is longer than {LINE_BYTES_MAX} bytes")
                events = [_event(line) for line in lines if line]
                if events:
                    yield events
        except ClientError as error:
            raise _told(error) from error
        finally:
            await self._answer.close()

    async def close(self) -> None:
        await self._answer.close()


def _event(line: bytes) -> WatchEvent:
    try:
        event = orjson.loads(line)
        kind, obj = event["type"], event["object"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Interrupted(f"a line of a watch is no event: {line[:100]!r}") from error
    if kind == "ERROR":
        raise refusal(obj.get("code") or 500, obj)
    return WatchEvent(kind, obj)


def _told(error: ClientError) -> TransportError:
    if isinstance(error, ConnectError | TlsError):
        return Unreachable(str(error))
    return Interrupted(str(error))


def _decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace").strip()


def _retry_after_s(headers: Headers) -> int | None:
    value = headers.get("retry-after")
    return int(value) if value.isascii() and value.isdigit() else None
