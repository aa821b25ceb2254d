"""Requests and answers as handlers see them.

A handler is called once for each complete request and returns a `Response`, a `StreamResponse` or an `UpgradeResponse`,
or an awaitable
of one of them. Answering without an awaitable is the fast path: no task is created.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs

from steersman.lib.http.stream import BodyStream, RawStream, chunk_frame

if TYPE_CHECKING:
    import asyncio

__all__ = [
    "Answer",
    "BodyStream",
    "Connection",
    "ErrorAnswer",
    "Handler",
    "HeaderPairs",
    "Headers",
    "Peer",
    "RawStream",
    "Request",
    "Response",
    "StreamResponse",
    "UpgradeResponse",
    "chunk_frame",
]

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]


class Headers:
    """Header fields of a request; names are lower case, values are Latin-1 text without surrounding blanks.

    Read-only for handlers: requests of one connection that repeat their header fields share one object.
    """

    __slots__ = ("_first", "_further")

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._further: dict[str, list[str]] | None = None

    def add(self, name: str, value: str) -> None:
        """Append one field line; `name` is lower case already."""
        if name not in self._first:
            self._first[name] = value
            return
        if self._further is None:
            self._further = {}
        self._further.setdefault(name, []).append(value)

    def replace(self, name: str, value: str) -> None:
        """Make `value` the only one of `name`."""
        self._first[name] = value
        if self._further is not None:
            self._further.pop(name, None)

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name`, or `default`."""
        return self._first.get(name, default)

    def get_all(self, name: str) -> list[str]:
        """All values of `name` in the order of the wire; empty when there is none."""
        first = self._first.get(name)
        if first is None:
            return []
        further = self._further
        return [first] if further is None else [first, *further.get(name, ())]

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def items(self) -> Iterator[tuple[str, str]]:
        """Every field line, the values of one name together."""
        for name, value in self._first.items():
            yield name, value
            if self._further is not None:
                for further in self._further.get(name, ()):
                    yield name, further


class Peer:
    """The other end of a connection."""

    __slots__ = ("_certificate_der", "_certificate_read", "_transport", "address", "port")

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        name = transport.get_extra_info("peername")
        self.address: str = name[0] if isinstance(name, tuple) and name else ""
        self.port: int = name[1] if isinstance(name, tuple) and name else 0
        self._transport = transport
        self._certificate_read = False
        self._certificate_der: bytes | None = None

    @property
    def certificate_der(self) -> bytes | None:
        """The verified client certificate, None without one; read from the TLS session on first use."""
        if not self._certificate_read:
            self._certificate_read = True
            ssl_object = self._transport.get_extra_info("ssl_object")
            if ssl_object is not None:
                self._certificate_der = ssl_object.getpeercert(binary_form=True)
        return self._certificate_der


class Connection:
    """What lives as long as the connection. `state` belongs to callers, e.g. to keep what a header value was
    verified to mean.
    """

    __slots__ = ("peer", "secure", "state")

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self.peer = Peer(transport)
        self.secure: bool = transport.get_extra_info("sslcontext") is not None
        self.state: dict[str, Any] = {}


@dataclass(slots=True)
class Request:
    """One complete request."""

    method: str
    path: str
    """Percent-decoded, without the query, with a leading slash ("*" for `OPTIONS *`)."""
    raw_path: str
    """As on the wire, without the query."""
    query: str
    """As on the wire, without the question mark."""
    headers: Headers
    body: bytes
    peer: Peer
    connection: Connection
    keep_alive: bool = True
    http10: bool = False
    """The peer speaks HTTP/1.0: it gets neither chunks nor interim answers."""
    upgrade: bool = False
    """The peer asks for another protocol and waits for the answer before it goes on."""
    _params: dict[str, list[str]] | None = field(default=None, repr=False)

    @property
    def params(self) -> dict[str, list[str]]:
        """The query's parameters, decoded, in the order of the wire; parsed once. Read-only."""
        params = self._params
        if params is None:
            query = self.query
            parse = _parsed_again if len(query) <= _QUERY_CHARS_MAX else _parsed
            params = self._params = parse(query) if query else {}
        return params

    def param(self, name: str, default: str = "") -> str:
        """The first value of a query parameter, or `default`."""
        values = self.params.get(name)
        return values[0] if values else default


def _parsed(query: str) -> dict[str, list[str]]:
    return parse_qs(query, keep_blank_values=True)


_QUERY_CHARS_MAX = 100
"""Of a query that is remembered: clients send the same short ones over and over."""
_parsed_again = lru_cache(maxsize=1024)(_parsed)


@dataclass(slots=True)
class Response:
    """An answer of known length. A list is written piece by piece as fast as the peer reads, and never joined."""

    status: int
    body: bytes | list[bytes] = b""
    content_type: str = ""
    headers: HeaderPairs = ()
    """Heads are cached by status, content type and these: what differs from answer to answer belongs into
    `unique_headers`.
    """
    unique_headers: HeaderPairs = ()
    compressible: bool = False
    """May be sent gzipped when the request allows it and the body is large."""
    close: bool = False
    """Close the connection after this answer."""


@dataclass(slots=True)
class StreamResponse:
    """An open answer in chunks. The head leaves at once; the answer ends when `run` returns. `run` is cancelled when
    the peer goes away, also when that was before it began: what was opened for an answer is closed there. For HEAD and
    for what has no body (204, 304) it is not called.
    """

    status: int
    run: Callable[[BodyStream], Awaitable[None]]
    content_type: str = ""
    headers: HeaderPairs = ()
    unique_headers: HeaderPairs = ()
    length: int | None = None
    """How many bytes `run` writes, neither more nor less; None: it is not known, so they leave in chunks."""
    patient: bool = False
    """The peer may pause as long as it likes; else one that takes nothing for `Limits.stall_s` is cut off."""


@dataclass(slots=True)
class UpgradeResponse:
    """Leave HTTP: after the head (101) both directions belong to `run`; the connection closes when it returns.

    `Connection: Upgrade` is added when `headers` do not name it. The peer may pause as long as it likes.
    """

    run: Callable[[RawStream], Awaitable[None]]
    headers: HeaderPairs = ()
    status: int = 101
    unique_headers: HeaderPairs = ()


Answer: TypeAlias = Response | StreamResponse | UpgradeResponse
Handler: TypeAlias = Callable[[Request], Answer | Awaitable[Answer]]
ErrorAnswer: TypeAlias = Callable[[int, str], Response]
"""Makes the answer for what the server refuses by itself, from status and message."""
