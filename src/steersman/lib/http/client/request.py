"""Requests as bytes (RFC 9112 section 3); nothing that callers pass can break out of its place in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.lib.http.head import InvalidHeader, render_header

if TYPE_CHECKING:
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import HeaderPairs

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"/[!-~]*|\*")
_HOST = re.compile(r"[0-9A-Za-z._~!$&'()*+,;=%:-]+")
_FRAMING = frozenset(("content-length", "transfer-encoding"))
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_DEFAULT_PORTS = {False: 80, True: 443}


def render_request(target: Target, method: str, path: str, headers: HeaderPairs, body_size: int) -> bytes:
    """The head of a request, up to and with its empty line.

    `path` is percent-encoded and carries the query. `Host` is added unless it is among `headers`. How long the body is
    says the client alone: Content-Length and Transfer-Encoding among `headers` are left out, so that those of a request
    that is passed on may be given as they came. Raises ValueError for what would break the message.
    """
    if not _METHOD.fullmatch(method) or method == "CONNECT":
        raise ValueError(f"invalid method {method!r}")
    if not _PATH.fullmatch(path):
        raise ValueError(f"invalid request target {path!r}: an absolute, percent-encoded path is needed")
    lines = []
    with_host = False
    for name, value in headers:
        lowered = name.lower()
        if lowered in _FRAMING:
            continue
        if lowered == "host":
            if with_host:
                raise InvalidHeader("more than one Host")
            with_host = True
        lines.append(render_header(name, value))
    host = b"" if with_host else render_header("Host", host_of(target))
    length = b"Content-Length: %d\r\n" % body_size if body_size or method in _WITH_BODY else b""
    return b"%b %b HTTP/1.1\r\n%b%b%b\r\n" % (method.encode(), path.encode(), host, b"".join(lines), length)


def host_of(target: Target) -> str:
    """The Host of requests to `target` (RFC 9110 section 7.2): without the port that goes without saying, and without
    an IPv6 zone, which means nothing to anybody else. Raises ValueError when it cannot be one.
    """
    host = target.host
    if host.startswith("/"):
        return target.server_name or "localhost"
    if not _HOST.fullmatch(host):
        raise ValueError(f"invalid host {host!r}")
    if ":" in host:
        host = f"[{host.partition('%')[0]}]"
    return host if target.port == _DEFAULT_PORTS[target.tls is not None] else f"{host}:{target.port}"


def is_idempotent(method: str) -> bool:
    """Asking twice is like asking once, as far as HTTP can tell (what Go's client may repeat)."""
    return method in _IDEMPOTENT
