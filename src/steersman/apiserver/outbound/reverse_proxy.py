"""One request, passed on to another server, and its answer passed back; upgrades (WebSocket, SPDY) included.

    head of the request > other server > head of the answer > body as fast as the client reads

Invariants: the other server never sees the client's credentials; nothing of an answer is held back; when one side goes,
the connection to the other ends; an answer that breaks off reaches the client as one that breaks off.
Upstream differences: upgraded requests keep their query, which upstream's proxy of pods and services loses; the body of
a request is complete before it is passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.errors import ServiceUnavailable
from steersman.apiserver import respond
from steersman.apiserver.outbound.failure import Failure
from steersman.apiserver.outbound.forwarding import Links, answer_headers, canonical, is_upgrade, request_headers
from steersman.apiserver.outbound.html_pages import BrokenPage, PageRewriter
from steersman.apiserver.outbound.wording import go_text
from steersman.lib.http.client.answer import Upgraded
from steersman.lib.http.client.errors import ClientError
from steersman.lib.http.client.pipe import pipe
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse

if TYPE_CHECKING:
    from steersman.apiserver.app import Outcome
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import BodyStream, HeaderPairs, Headers, RawStream, Request

_REDIRECTED = b"the backend attempted to redirect this request, which is not permitted"
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Where a request goes, and what is changed on its way."""

    target: Target
    path: str
    """As it goes on the wire: escaped, with the query."""
    host: str = ""
    """The Host header; empty: the client's."""
    added: HeaderPairs = ()
    """Headers for the backend, in place of what the client sent under the same names."""
    links: Links | None = None
    """Given: the answer counts as a page of this API server. Location and links in HTML lead through the proxy, and
    what opens the page to other origins is dropped.
    """
    allow_redirects: bool = True
    """False: a redirect is answered by 502, so that nobody is led elsewhere in this server's name."""
    timeout_s: float | None = None
    """Until the head of the answer; None: as long as the backend likes."""


class ReverseProxy:
    """Passes requests on."""

    def __init__(self, *, client: HttpClient) -> None:
        self._client = client

    async def forward(self, request: Request, to: Forward) -> Outcome:
        """The backend's answer, whatever its status.

        Raises ServiceUnavailable (it cannot be reached), Failure (an upgrade went wrong), both in upstream's words.
        """
        if is_upgrade(request.headers):
            return await self._upgrade(request, to)
        headers = request_headers(request, added=_added(request, to))
        try:
            answer = await self._client.open(
                to.target, request.method, to.path, headers=headers, body=request.body, timeout_s=to.timeout_s
            )
        except ClientError as error:
            raise ServiceUnavailable(f"error trying to reach service: {go_text(error)}") from error
        return await _answer(request, to, answer)

    async def _upgrade(self, request: Request, to: Forward) -> Outcome:
        headers = request_headers(request, added=_added(request, to), keep_upgrade=True)
        try:
            answer = await self._client.upgrade(
                to.target, request.method, to.path, headers=headers, body=request.body, timeout_s=to.timeout_s
            )
        except ClientError as error:
            raise Failure(f"error dialing backend: {go_text(error)}") from error
        if isinstance(answer, Upgraded):
            return _upgraded(answer)
        if answer.status < 400:
            await answer.close()
            raise Failure(f"invalid upgrade response: status code {answer.status}")
        return await _answer(request, to, answer)


def _added(request: Request, to: Forward) -> HeaderPairs:
    host = to.host or request.headers.get("host")
    return (*to.added, *((("Host", host),) if host else ()))


def _upgraded(upgraded: Upgraded) -> UpgradeResponse:
    async def run(stream: RawStream) -> None:
        await pipe(stream, upgraded.stream)

    kept = tuple((canonical(n), v) for n, v in upgraded.headers.items() if n not in ("connection", "date"))
    return UpgradeResponse(run, unique_headers=kept)


async def _answer(request: Request, to: Forward, answer: OpenResponse) -> Outcome:
    status, head = answer.status, answer.headers
    if not to.allow_redirects and 300 <= status <= 399 and head.get("location"):
        await answer.close()
        return Response(502, _REDIRECTED, "", respond.NO_CACHE)
    headers = answer_headers(head, links=to.links)
    if status in _BODILESS:
        await answer.close()
        return Response(status, b"", "", respond.NO_CACHE, headers)
    page = None if to.links is None or request.method == "HEAD" else _page(head, to.links)
    if request.method == "HEAD":
        await answer.close()
    return StreamResponse(
        status,
        lambda stream: _pass_on(answer, stream, page),
        headers=respond.NO_CACHE,
        unique_headers=headers,
        length=_length(head) if page is None else None,
        patient=True,
    )


def _page(head: Headers, links: Links) -> PageRewriter | None:
    """What rewrites the links of an answer that has some. A redirect's page is for nobody's eyes."""
    if head.get("content-type").partition(";")[0].strip() != "text/html" or head.get("location"):
        return None
    encoding = head.get("content-encoding")
    return PageRewriter(encoding, links.rewrite) if PageRewriter.understands(encoding) else None


async def _pass_on(answer: OpenResponse, stream: BodyStream, page: PageRewriter | None) -> None:
    try:
        async for piece in answer:
            for data in (piece,) if page is None else page.feed(piece):
                stream.write(data)
            if stream.paused:
                await stream.drain()
        if page is not None:
            for data in page.end():
                stream.write(data)
    except (ClientError, BrokenPage):
        # The status is out: only a cut connection tells the client that this is not the end.
        stream.abort()
    finally:
        await answer.close()


def _length(head: Headers) -> int | None:
    text = head.get("content-length")
    return int(text) if text.isascii() and text.isdigit() else None
