"""Webhooks: from a `clientConfig` to the answer of the server that it names, as upstream's REST client gets it.

Reads: services and endpoint slices (through the resolver). Writes: nothing.
Invariants: what a configuration says counts for the next call; a server must prove by `caBundle` (or, without one, by
the system's authorities) that it is the host of the URL, or `name.namespace.svc` of the service.
Upstream differences: an answer with Retry-After is not waited for.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

import orjson

from steersman import KUBERNETES_VERSION
from steersman.api.errors import ApiError, go_quote
from steersman.api.meta.webhook_client import DEFAULT_PORT
from steersman.apiserver.outbound.wording import go_text
from steersman.lib.http.client.errors import ClientError
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.lib.url import parse_url

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import ClientResponse
    from steersman.lib.http.message import HeaderPairs

JSON: Final = "application/json"
_CONTEXTS_MAX: Final = 200
_TEXT_BYTES_MAX: Final = 2048
_HEADERS: Final[HeaderPairs] = (
    ("Accept", "application/json, */*"),
    ("Content-Type", JSON),
    ("User-Agent", f"kube-apiserver/{KUBERNETES_VERSION} (linux/amd64)"),
)
_REFUSALS: Final = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: ("the server was unable to return a response in the time allotted, but may still be processing the request"),
}


class HookFailed(Exception):
    """There is no answer that could be looked at. The text is upstream's client's; `code` the server's, or 0."""

    def __init__(self, text: str, *, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class Resolver(Protocol):
    """Where a service is."""

    def resolve(self, namespace: str, name: str, port: int | str) -> tuple[str, int]:
        """Host and port of something that is ready. Raises ApiError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAddress:
    """What a `clientConfig` says."""

    host: str
    """Of the URL, or the name of the service as its certificate has it."""
    port: int
    authority: str
    """As it is written in the URL."""
    path: str
    """Percent-encoded, with a slash in front."""
    ca_pem: str
    service: tuple[str, str, int] | None
    """Namespace, name, port."""


def read_address(config: Object) -> HookAddress:
    """Of a `clientConfig` that was found valid. Raises HookFailed."""
    ca_pem = _bundle(config.get("caBundle") or "")
    service = config.get("service")
    if service is not None:
        name, namespace = service.get("name") or "", service.get("namespace") or ""
        port = service.get("port") or DEFAULT_PORT
        host = f"{name}.{namespace}.svc"
        return HookAddress(
            host=host,
            port=port,
            authority=f"{host}:{port}",
            path=_path(service.get("path") or ""),
            ca_pem=ca_pem,
            service=(namespace, name, port),
        )
    text = config.get("url") or ""
    if not text:
        raise HookFailed("webhook configuration must have either service or URL")
    try:
        url = parse_url(text)
    except ValueError as error:
        raise HookFailed(f"Unparsable URL: {error}") from None
    host, _, port_text = url.host.rpartition(":")
    if not host or not port_text.isdecimal():
        host, port_text = url.host, ""
    return HookAddress(
        host=host.strip("[]"),
        port=int(port_text or DEFAULT_PORT),
        authority=url.host,
        path=_path(url.path),
        ca_pem=ca_pem,
        service=None,
    )


class HookClient:
    """Asks webhooks. Connections and TLS contexts are used again."""

    def __init__(self, *, client: HttpClient, resolver: Resolver) -> None:
        self._client = client
        self._resolver = resolver
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    async def post(self, config: Object, document: Object, *, timeout_s: float) -> bytes:
        """What the webhook of a `clientConfig` answers to a document, both JSON. Raises HookFailed."""
        address = read_address(config)
        path = f"{address.path}?timeout={timeout_s:g}s"
        try:
            response = await self._client.request(
                self._target(address),
                "POST",
                path,
                headers=(("Host", address.authority), *_HEADERS),
                body=orjson.dumps(document),
                timeout_s=timeout_s,
                idempotent=True,  # asked again with the uid of the same review
            )
        except (ClientError, ApiError) as error:
            why = error.message if isinstance(error, ApiError) else go_text(error)
            raise HookFailed(f'Post "https://{address.authority}{path}": {why}') from error
        except ssl.SSLError as error:
            raise HookFailed("unable to load root certificates: unable to parse bytes as PEM block") from error
        except ValueError as error:  # a host that is none: URLs are read more leniently than they can be dialled
            raise HookFailed(f'Post "https://{address.authority}{path}": {error}') from error
        refusal = read_refusal(response)
        if refusal is not None:
            raise HookFailed(refusal, code=response.status)
        if not response.body:
            media = response.headers.get("content-type", "")
            raise HookFailed(f"0-length response with status code: {response.status} and content type: {media}")
        return response.body

    def _target(self, address: HookAddress) -> Target:
        """Raises ApiError, ssl.SSLError."""
        host, port = address.host, address.port
        if address.service is not None:
            host, port = self._resolver.resolve(*address.service)
        return Target(host, port, self._context(address.ca_pem), server_name=address.host)

    def _context(self, ca_pem: str) -> ssl.SSLContext:
        context = self._contexts.get(ca_pem)
        if context is None:
            context = self._contexts[ca_pem] = client_context(authorities_pem=ca_pem or None)
            if len(self._contexts) > _CONTEXTS_MAX:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(ca_pem)
        return context


def read_refusal(response: ClientResponse) -> str | None:
    """Why an answer is none, from its Status if it is one, else from its code."""
    code, body = response.status, response.body
    media = (response.headers.get("content-type") or "").partition(";")[0].strip()
    if 200 <= code <= 206:
        return None
    status = _read_status(body)
    if status is not None:
        return str(status.get("message") or "")
    said = "unknown"
    if not media or media.startswith("text/"):
        said = body[:_TEXT_BYTES_MAX].decode("utf-8", "replace").strip()
    if code in (403, 415):
        return said
    if code == 406:
        unable = "the server was unable to respond with a content type that the client supports"
        return unable if said in ("", "unknown") else said
    if code in _REFUSALS:
        return _REFUSALS[code]
    if code >= 500:
        return f"an error on the server ({go_quote(said)}) has prevented the request from succeeding"
    return f"the server responded with the status code {code} but did not return more information"


def _read_status(body: bytes) -> Object | None:
    """A Status that says failure."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or value.get("kind") != "Status" or value.get("status") == "Success":
        return None
    return value


def _bundle(text: str) -> str:
    """A caBundle as PEM; blank ones count as none."""
    try:
        return base64.b64decode(text).decode("ascii", "ignore").strip()
    except binascii.Error:
        return ""


def _path(path: str) -> str:
    """Cleaned as upstream's client does it: no trailing slash, no empty segment, no dots."""
    cleaned = posixpath.normpath(f"/{path}").lstrip("/")
    return "/" + quote(cleaned, safe="/$&+,:;=@!'()*~")
