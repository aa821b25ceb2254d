"""Reads requests from the bytes of one connection; does no I/O.

Feed it slices of what arrives; complete requests appear in `ready`, in order. A message that cannot be accepted appears
there as a `Refusal`, after which the reader is `dead`: the boundary of the next message is no longer certain, so
nothing more is read.

Framing rules (RFC 9112 section 6) beyond what the parser enforces: Content-Length together with Transfer-Encoding is
refused, and so is any transfer coding but `chunked`, Transfer-Encoding in HTTP/1.0, more than one Host, and none in
HTTP/1.1.

Clients repeat themselves: on one connection only the request line changes. So the reader remembers the last head that
the parser accepted, without its request line, if it was that of a message without a body and without any field about
the connection. When bytes arrive that end with exactly this, and begin with a plain request line, `match` makes the
request without asking the parser, which costs a fifth.

The parser knows some thirty methods and refuses all others, which are the handler's affair (RFC 9110 section 9.1). How
long a message is does not depend on its method, so one of those is read as if it said POST.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser

from steersman.lib.http.message import Headers, Request
from steersman.lib.http.target import Target, parse_target, valid_host

if TYPE_CHECKING:
    from steersman.lib.http.message import Connection

IDLE, HEAD, BODY = range(3)
"""What the reader is in the middle of."""

_METHODS: dict[bytes, str] = {
    name.encode(): name for name in ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE")
}
_NAMES_MAX = 512
_TARGETS_MAX = 1024
_TARGET_CACHED_MAX_BYTES = 512
_LINES_MAX = 4096
_LINE_CACHED_MAX_BYTES = 512
_TAIL_MAX_BYTES = 2048
_PLAIN_LINE = re.compile(rb"(GET|HEAD|OPTIONS|DELETE) (/[!-\"$-~]*) HTTP/1\.1")
_PLAIN_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "DELETE"))
_OTHER_METHOD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (?=/)")
_CHUNK_OVERHEAD = 8  # a chunked body may take this many times its own size on the wire
_CHUNK_OVERHEAD_FREE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was not accepted; the connection closes after saying so."""

    status: int
    message: str


class _RefusedError(Exception):
    """Leaves the parser's callbacks; the refusal itself is kept by the reader."""


class Vocabulary:
    """Bounded memories of all readers of a server: header names as text, targets taken apart, hosts found valid."""

    __slots__ = ("hosts", "lines", "names", "targets")

    def __init__(self) -> None:
        self.lines: dict[bytes, tuple[str, Target]] = {}
        self.names: dict[bytes, str] = {}
        self.targets: dict[bytes, Target] = {}
        self.hosts: set[str] = set()

    def learn_name(self, raw: bytes) -> str:
        """The header name as lower-case text."""
        if len(self.names) >= _NAMES_MAX:
            self.names.clear()
        name = self.names[raw] = raw.decode("latin-1").lower()
        return name

    def learn_line(self, raw: bytes) -> tuple[str, Target] | None:
        """Method and target of a plain request line; None when it is none, and the parser must look at it."""
        match = _PLAIN_LINE.fullmatch(raw)
        if match is None:
            return None
        try:
            line = (_METHODS[match[1]], parse_target(match[2]))
        except ValueError:
            return None
        if len(raw) <= _LINE_CACHED_MAX_BYTES:
            if len(self.lines) >= _LINES_MAX:
                self.lines.clear()
            self.lines[raw] = line
        return line

    def learn_target(self, raw: bytes) -> Target:
        """The target taken apart. Raises ValueError."""
        target = parse_target(raw)
        if len(raw) <= _TARGET_CACHED_MAX_BYTES:
            if len(self.targets) >= _TARGETS_MAX:
                self.targets.clear()
            self.targets[raw] = target
        return target

    def learn_host(self, host: str) -> bool:
        """Whether `host` may stand in a Host header."""
        if not valid_host(host):
            return False
        if len(self.hosts) >= _NAMES_MAX:
            self.hosts.clear()
        self.hosts.add(host)
        return True


class RequestReader:
    """The requests of one connection. The methods `on_…` are the parser's callbacks."""

    __slots__ = (
        "_body",
        "_body_bytes_max",
        "_connection",
        "_fed_bytes",
        "_head_bytes_max",
        "_headers",
        "_hosts",
        "_http10",
        "_keep_alive",
        "_lines",
        "_method",
        "_names",
        "_other_method",
        "_parser",
        "_plain",
        "_refusal",
        "_rejoin",
        "_tail",
        "_tail_headers",
        "_tail_size",
        "_targets",
        "_upgrade",
        "_url",
        "_vocabulary",
        "dead",
        "phase",
        "ready",
        "rest",
        "wants_continue",
    )

    def __init__(
        self, *, connection: Connection, vocabulary: Vocabulary, head_bytes_max: int, body_bytes_max: int
    ) -> None:
        self._connection = connection
        self._vocabulary = vocabulary
        self._names = vocabulary.names
        self._targets = vocabulary.targets
        self._hosts = vocabulary.hosts
        self._lines = vocabulary.lines
        self._tail = b""
        self._tail_size = 0
        self._tail_headers = Headers()
        self._plain = False
        self._head_bytes_max = head_bytes_max
        self._body_bytes_max = body_bytes_max
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._refusal: Refusal | None = None
        self._rejoin: bytes | None = None
        self._fed_bytes = 0
        self._url = b""
        self._headers = Headers()
        self._body: bytes | bytearray = b""
        self._method = self._other_method = ""
        self._keep_alive = True
        self._http10 = False
        self._upgrade = False
        self.phase = IDLE
        self.ready: deque[Request | Refusal] = deque()
        self.rest: bytes | memoryview | None = None
        """What followed a request for an upgrade in its slice: another protocol, or requests if it is declined."""
        self.wants_continue = False
        """The peer waits for `100 Continue` before it sends the body of the request being read."""
        self.dead = False

    def match(self, data: bytes) -> Request | None:
        """The request, if `data` is one whole request with the head of the one before; otherwise `feed` must read."""
        size = self._tail_size
        if self.phase != IDLE or not size or not data.endswith(self._tail):
            return None
        raw = data[:-size]
        line = self._lines.get(raw)
        if line is None:
            line = self._vocabulary.learn_line(raw)
            if line is None:
                return None
        method, (path, raw_path, query, _) = line
        connection = self._connection
        return Request(method, path, raw_path, query, self._tail_headers, b"", connection.peer, connection)

    def feed(self, data: bytes | memoryview) -> None:
        """Read on. Not to be called while `rest` waits to be taken."""
        if self.dead or self._parser is None:
            return
        between = self.phase == IDLE
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
            return
        except HttpParserInvalidMethodError:
            self._read_as_post(data, between=between and not self.ready)
            return
        except HttpParserError as error:
            self._die(self._refusal or Refusal(400, f"malformed HTTP request: {str(error) or 'invalid framing'}"))
            return
        if self.phase != IDLE:
            self._count(len(data))
        elif between and self._plain and len(self.ready) == 1 and isinstance(data, bytes):
            self._remember(data)

    def close(self) -> None:
        """Forget everything; breaks the reference cycle with the parser."""
        self.dead = True
        self._parser = None
        self._tail_size = 0
        self.ready.clear()
        self.rest = None
        self._body = b""

    # Parser callbacks

    def on_message_begin(self) -> None:
        self.phase = HEAD
        self._fed_bytes = 0
        self._url = b""
        self._headers = Headers()

    def on_url(self, url: bytes) -> None:
        self._url = self._url + url if self._url else url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase != HEAD:
            return  # a trailer: nobody may rely on one
        key = self._names.get(name) or self._vocabulary.learn_name(name)
        first = self._headers._first
        if key in first:
            self._headers.add(key, value.decode("latin-1"))
        else:
            first[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        parser = self._parser
        assert parser is not None
        self.phase = BODY
        self._fed_bytes = 0
        first = self._headers._first
        method = parser.get_method()
        self._method = self._other_method or _METHODS.get(method) or method.decode()
        self._other_method = ""
        self._http10 = self._upgrade = False
        self._keep_alive = keep_alive = parser.should_keep_alive()
        if not keep_alive or "connection" in first or self._method == "CONNECT":
            self._check_version(parser)
        self._plain = keep_alive and not self._http10 and not self._upgrade and self._method in _PLAIN_METHODS
        host = first.get("host")
        if host not in self._hosts or self._headers._further is not None:
            self._check_host(host)
        if "transfer-encoding" in first or "content-length" in first or "expect" in first:
            self._plain = False
            self._check_body()

    def on_body(self, body: bytes) -> None:
        if len(self._body) + len(body) > self._body_bytes_max:
            self._refuse(413, f"limit is {self._body_bytes_max}")
        self.wants_continue = False
        if not self._body:
            self._body = body
            return
        if not isinstance(self._body, bytearray):
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        if self._rejoin is not None:
            return  # only the head is read: the body follows through another parser
        raw = self._url
        target = self._targets.get(raw)
        if target is None:
            try:
                target = self._vocabulary.learn_target(raw)
            except ValueError as error:
                self._refuse(400, str(error))
        path, raw_path, query, host = target
        if host is not None:
            self._headers.replace("host", host)
            self._plain = False
        body = self._body
        if body:
            self._body = b""
            if isinstance(body, bytearray):
                body = bytes(body)
        self.phase = IDLE
        self.wants_continue = False
        connection = self._connection
        self.ready.append(
            Request(
                self._method,
                path,
                raw_path,
                query,
                self._headers,
                body,  # type: ignore[arg-type]  # narrowed above, where there is one
                connection.peer,
                connection,
                self._keep_alive,
                self._http10,
                self._upgrade,
            )
        )

    # The rarer checks

    def _check_version(self, parser: HttpRequestParser) -> None:
        version = parser.get_http_version()
        if version == "1.0":
            self._http10 = True
        elif version != "1.1":
            self._refuse(505, "HTTP version not supported")
        if self._method == "CONNECT":
            self._refuse(501, "CONNECT is not supported")
        self._upgrade = parser.should_upgrade()

    def _check_host(self, host: str | None) -> None:
        if host is None:
            if not self._http10:
                self._refuse(400, "missing required Host header")
            return
        if len(self._headers.get_all("host")) > 1:
            self._refuse(400, "too many Host headers")
        if host not in self._hosts and not self._vocabulary.learn_host(host):
            self._refuse(400, "malformed Host header")

    def _check_body(self) -> None:
        headers = self._headers
        lengths, codings = headers.get_all("content-length"), headers.get_all("transfer-encoding")
        if codings:
            if lengths or self._http10:
                self._refuse(400, "ambiguous message length")
            if len(codings) > 1 or codings[0].lower() != "chunked":
                self._refuse(501, "unsupported transfer encoding")
        length = 0
        if lengths:
            if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
                self._refuse(400, "bad Content-Length")
            # Python refuses to convert thousands of digits; so many are too large anyway.
            length = int(lengths[0]) if len(lengths[0]) <= 20 else self._body_bytes_max + 1
            if length > self._body_bytes_max:
                self._refuse(413, f"limit is {self._body_bytes_max}")
        expect = headers.get("expect")
        if expect and not self._http10:
            if expect.lower() != "100-continue":
                self._refuse(417, "unknown expectation")
            self.wants_continue = bool(codings) or length > 0
        if self._upgrade and (codings or length):
            # The parser takes what follows this head for another protocol, but it is still this request's body.
            self._rejoin = b"Transfer-Encoding: chunked" if codings else b"Content-Length: %d" % length

    def _remember(self, data: bytes) -> None:
        """Keep the head of the one message that `data` was."""
        tail = data[data.index(b"\r") :]
        if len(tail) <= _TAIL_MAX_BYTES:
            self._tail, self._tail_size, self._tail_headers = tail, len(tail), self._headers

    def _read_as_post(self, data: bytes | memoryview, *, between: bool) -> None:
        """A method that the parser does not know, in its only message so far."""
        method = _OTHER_METHOD.match(data) if between and not self._other_method else None
        if method is None:
            self._die(Refusal(400, "malformed HTTP request: invalid method"))
            return
        self._parser = HttpRequestParser(self)
        self.phase = IDLE
        self._other_method = method[1].decode("ascii")
        self.feed(b"POST" + bytes(data[method.end(1) :]))

    def _after_upgrade(self, rest: bytes | memoryview) -> None:
        """What follows the head: the body if there is one, otherwise it waits for the answer."""
        framing, self._rejoin = self._rejoin, None
        if framing is None:
            self.rest = rest
            return
        kept = (self._url, self._headers, self._method, self._keep_alive, self._http10, self.wants_continue)
        self._parser = HttpRequestParser(self)
        self._parser.feed_data(b"POST / HTTP/1.1\r\nHost: \r\n" + framing + b"\r\n\r\n")
        self._url, self._headers, self._method, self._keep_alive, self._http10, self.wants_continue = kept
        self._upgrade = False
        self.feed(rest)

    def _count(self, size: int) -> None:
        self._fed_bytes += size
        if self.phase == HEAD:
            if self._fed_bytes > self._head_bytes_max:
                self._die(Refusal(431, f"request header is larger than {self._head_bytes_max} bytes"))
        elif self._fed_bytes > _CHUNK_OVERHEAD * self._body_bytes_max + _CHUNK_OVERHEAD_FREE_BYTES:
            self._die(Refusal(413, f"limit is {self._body_bytes_max}"))

    def _refuse(self, status: int, message: str) -> NoReturn:
        self._refusal = Refusal(status, message)
        raise _RefusedError

    def _die(self, refusal: Refusal) -> None:
        self.dead = True
        self._tail_size = 0
        self.wants_continue = False
        self._parser = None
        self._body = b""
        self.ready.append(refusal)
