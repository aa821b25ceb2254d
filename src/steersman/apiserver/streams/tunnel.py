"""portforward for WebSocket clients of a kubelet that speaks SPDY only: `SPDY/3.1+portforward.k8s.io`.

The client speaks SPDY inside of binary messages. The kubelet is asked for an upgrade to SPDY, and bytes are copied;
what one side's message or segment holds means nothing.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from steersman.apiserver import respond
from steersman.apiserver.outbound.failure import Failure
from steersman.apiserver.outbound.forwarding import answer_headers, request_headers
from steersman.apiserver.outbound.wording import go_text
from steersman.apiserver.streams.remote_command import SPDY, VERSION_HEADER
from steersman.lib.aio import Tasks
from steersman.lib.http.client.answer import Upgraded
from steersman.lib.http.client.errors import ClientError
from steersman.lib.http.message import Response, UpgradeResponse
from steersman.lib.websocket.connection import WebSocket
from steersman.lib.websocket.handshake import VERSION, BadHandshake, accept, offered_protocols

if TYPE_CHECKING:
    from steersman.apiserver.app import Outcome
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import HeaderPairs, RawStream, Request

_PREFIX, _SUFFIX = f"{SPDY}+", ".k8s.io"
_WEBSOCKET_ONLY = frozenset(("sec-websocket-protocol", "sec-websocket-key", "sec-websocket-version", "upgrade"))


def tunnelled(protocols: list[str]) -> list[str]:
    """The SPDY protocols that a WebSocket client wants to speak, by the sub-protocols that it offers."""
    return [name.removeprefix(_PREFIX) for name in protocols if name.startswith(_PREFIX) and name.endswith(_SUFFIX)]


async def tunnel(client: HttpClient, target: Target, path: str, request: Request, *, answer_s: float) -> Outcome:
    """The answer to a WebSocket client. Raises Failure (500) when the kubelet cannot be reached or answers nonsense."""
    wanted = tunnelled(offered_protocols(request.headers))
    try:
        answer = await client.upgrade(target, "POST", path, headers=_headers(request, wanted), timeout_s=answer_s)
    except ClientError as error:
        raise Failure(f"error dialing backend: {go_text(error)}") from error
    if not isinstance(answer, Upgraded):
        return await _passed_back(answer)
    backend = answer.stream
    if SPDY.lower() not in answer.headers.get("upgrade").lower():
        backend.abort()
        return respond.text("unable to upgrade: missing upgrade headers in response\n", 500)
    chosen = answer.headers.get(VERSION_HEADER.lower())
    protocol = f"{_PREFIX}{chosen}" if chosen in wanted else ""
    try:
        headers = accept(request, protocol=protocol)
    except BadHandshake as error:
        backend.abort()
        version = () if error.headers else (("Sec-WebSocket-Version", VERSION),)
        return Response(
            error.status, f"{HTTPStatus(error.status).phrase}\n".encode(), respond.TEXT, (*error.headers, *version)
        )

    async def run(stream: RawStream) -> None:
        await _carry(stream, backend)

    return UpgradeResponse(run, unique_headers=headers[2:], headers=headers[:2])


def _headers(request: Request, wanted: list[str]) -> HeaderPairs:
    passed = request_headers(request, keep_upgrade=True)
    kept = [(name, value) for name, value in passed if name.lower() not in _WEBSOCKET_ONLY]
    kept = [(name, value) for name, value in kept if name.lower() != VERSION_HEADER.lower()]
    return (*kept, ("Upgrade", SPDY), *((VERSION_HEADER, protocol) for protocol in wanted))


async def _passed_back(answer: OpenResponse) -> Response:
    """What a kubelet says that does not upgrade. Raises Failure."""
    async with answer:
        if answer.status < 400:
            raise Failure(f"invalid upgrade response: status code {answer.status}")
        try:
            body = await answer.read()
        except ClientError as error:
            raise Failure(f"error dialing backend: {go_text(error)}") from error
    headers = answer_headers(answer.headers)
    return Response(answer.status, body, unique_headers=headers, close=True)


async def _carry(stream: RawStream, backend: RawStream) -> None:
    """Until either side ends; both are closed then."""
    socket = WebSocket(wire=stream)

    async def there() -> None:
        while (message := await socket.receive()) and not message.text:
            backend.write(message.data)
            await backend.drain()

    async def back() -> None:
        while data := await backend.read():
            socket.send(data)
            await socket.drain()

    tasks = Tasks(on_crash=lambda _name, _error: None)  # a side that has gone is an end like others
    ends: list[asyncio.Future[Any]] = [stream.closed, backend.closed]
    ends += [tasks.start(part(), name=f"tunnel {part.__name__}") for part in (there, back)]
    ends.append(tasks.start(stream.draining.wait(), name="tunnel, the server's end"))
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await tasks.close()
        backend.close()
        socket.close()
