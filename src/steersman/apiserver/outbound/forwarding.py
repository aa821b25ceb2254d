"""What a proxy changes in requests, answers and links. Pure.

The rules are upstream's (apimachinery pkg/util/proxy, Go's httputil.ReverseProxy): what concerns one connection is not
passed on; credentials end where they were verified; the backend is told who asks and through which path; links of an
answer that lead to the backend's root are made to lead through the proxy.
Upstream differences: escapes in links stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.lib.http.message import HeaderPairs, Headers, Request

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "proxy-connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_FRAMING = frozenset(("content-length", "date", "expect", "host"))
"""Made anew for each message."""
_CREDENTIALS = frozenset(("authorization", "x-remote-user", "x-remote-uid", "x-remote-group"))
_CREDENTIAL_PREFIXES = ("x-remote-extra-", "impersonate-")
_BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io."
_CORS = frozenset(
    (
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
    )
)
_LINK = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How links of a backend's answers have to be changed so that they lead through the proxy."""

    prefix: str
    """Path under which the proxy serves the backend's root, escaped, without a slash at its end."""
    backend: str
    """Host, and port if the URL names one, of the backend."""
    host: str
    """What the client believes it speaks to: its Host header."""

    def rewrite(self, link: str) -> str:
        """A link to an absolute path on the backend goes through the proxy; any other stays."""
        match = _LINK.fullmatch(link)
        if match is None:
            return link
        authority, path, rest = match[2], match[3], match[4]
        host = (authority or "").rpartition("@")[2]
        if (host and host not in (self.backend, self.host)) or not path.startswith("/"):
            return link
        if not path.startswith(self.prefix):
            path = self.prefix + path
        if host and host == self.host:
            scheme = f"{match[1]}:" if match[1] else ""
            return f"{scheme}//{authority}{path}{rest}"
        return path + rest


def request_headers(request: Request, *, added: HeaderPairs = (), keep_upgrade: bool = False) -> HeaderPairs:
    """What the backend is sent: without credentials, Host and framing; `added` replaces what has the same name.

    `keep_upgrade`: the other protocol that is asked for goes on to the backend; without, it ends here.
    """
    headers = request.headers
    replaced = {name.lower() for name, _ in added}
    dropped = _HOP_BY_HOP | _named_by_connection(headers)
    if keep_upgrade:
        dropped -= {"upgrade", "connection"}
    pairs = []
    for name, value in headers.items():
        if name in dropped or name in _FRAMING or name in _CREDENTIALS or name in replaced:
            continue
        if name == "x-forwarded-for" or name.startswith(_CREDENTIAL_PREFIXES):
            continue
        if name == "sec-websocket-protocol":
            value = _without_bearer(value)
            if not value:
                continue
        pairs.append((canonical(name), value))
    if not keep_upgrade and any("trailers" in _tokens(value) for value in headers.get_all("te")):
        pairs.append(("Te", "trailers"))
    if request.peer.address and "x-forwarded-for" not in replaced:
        passed = (*headers.get_all("x-forwarded-for"), request.peer.address)
        pairs.append(("X-Forwarded-For", ", ".join(passed)))
    return (*pairs, *added)


def answer_headers(headers: Headers, *, links: Links | None = None) -> HeaderPairs:
    """What the client is sent of a backend's answer, without framing. With `links`, it counts as the API server's own
    page: Location leads through the proxy, and permissions for other origins are dropped.
    """
    dropped = _HOP_BY_HOP | _FRAMING | _named_by_connection(headers)
    if links is not None:
        dropped |= _CORS
    pairs = []
    for name, value in headers.items():
        if name in dropped:
            continue
        if links is not None and name == "location":
            value = links.rewrite(value)
        pairs.append((canonical(name), value))
    return tuple(pairs)


def is_upgrade(headers: Headers) -> bool:
    """Whether a request asks for another protocol."""
    return any("upgrade" in value.lower() for value in headers.get_all("connection"))


def canonical(name: str) -> str:
    """`x-forwarded-for` -> `X-Forwarded-For`, as Go's peers write and as people read it."""
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))


def _named_by_connection(headers: Headers) -> frozenset[str]:
    return frozenset(token for value in headers.get_all("connection") for token in _tokens(value))


def _tokens(value: str) -> list[str]:
    return [token for part in value.split(",") if (token := part.strip().lower())]


def _without_bearer(protocols: str) -> str:
    """Browsers hand over their token as a subprotocol of a WebSocket."""
    if _BEARER_PROTOCOL not in protocols:
        return protocols
    kept = [part.strip() for part in protocols.split(",") if not part.strip().startswith(_BEARER_PROTOCOL)]
    return ",".join(kept)
