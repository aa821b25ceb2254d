"""One connection: sends a request, reads its answer, and tells its owner whether it can be used again.

States of a connection, by what it does with arriving bytes:

    idle       nobody asked: what the peer says is no answer, and the connection is closed
    answering  feed the parser, which calls back; the answer gets what is its own
    raw        hand them to the stream of the upgraded protocol

The parser (llhttp in its strict mode) refuses messages that could be read in two ways. Two rules beyond it: any
transfer coding but `chunked` is refused, and so is every version but 1.0 and 1.1.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from steersman.lib.http.client.errors import ClientError, PeerClosed, ProtocolError, TlsError
from steersman.lib.http.client.raw import ClientStream
from steersman.lib.http.message import Headers

if TYPE_CHECKING:
    from steersman.lib.http.client.answer import Answer
    from steersman.lib.http.client.message import ClientLimits, Target

_JOIN_MAX_BYTES = 65536  # smaller bodies are copied behind their head: one record, one system call
_INTERIM_MAX = 32
_NAMES_MAX = 512


class Owner(Protocol):
    """What a connection needs of its client."""

    limits: ClientLimits
    draining: asyncio.Event
    names: dict[bytes, str]
    """Header names as lower-case text; bounded by those who add to it."""

    def released(self, connection: ClientConnection) -> None:
        """The answer was complete, and the connection can be used again."""

    def lost(self, connection: ClientConnection) -> None:
        """The connection is closed."""


class ClientConnection(asyncio.Protocol):
    """Lives from the dialled connection to `connection_lost`; carries one exchange at a time."""

    __slots__ = (
        "_answer",
        "_below",
        "_complete",
        "_extra",
        "_head_only",
        "_headers",
        "_in_body",
        "_interim",
        "_keep_alive",
        "_names",
        "_owner",
        "_parser",
        "_raw",
        "_reading_paused",
        "_refusal",
        "_silent_bytes",
        "_switching",
        "_until_close",
        "_waiters",
        "answered_any",
        "idle_since",
        "lost",
        "secure",
        "target",
        "transport",
        "write_paused",
    )

    transport: asyncio.Transport

    def __init__(self, owner: Owner, target: Target) -> None:
        self._owner = owner
        self._names = owner.names
        self.target = target
        self.secure = target.tls is not None
        self.idle_since = 0.0
        self.answered_any = False
        """A byte of the answer to the current request has arrived."""
        self.write_paused = False
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._answer: Answer | None = None
        self._raw: ClientStream | None = None
        self._headers = Headers()
        self._refusal: ClientError | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._reading_paused = False
        self.lost = False
        """It is closed, and its owner knows."""
        self._head_only = False
        self._forget_message()

    def _forget_message(self) -> None:
        self._complete = self._extra = False
        self._in_body = self._until_close = self._switching = False
        self._keep_alive = False
        self._interim = 0
        self._silent_bytes = 0

    @property
    def usable(self) -> bool:
        """Idle, and not known to be closed."""
        return self._answer is None and self._raw is None and not self.lost and not self.transport.is_closing()

    def use(self, transport: asyncio.Transport) -> None:
        """Speak through `transport`: that of the connection itself, or of TLS on it."""
        self.transport = transport
        transport.set_write_buffer_limits(high=self._owner.limits.write_buffer_bytes)

    def send(self, answer: Answer, head: bytes, body: bytes, *, head_only: bool) -> None:
        """Send a request whose answer goes to `answer`. `head_only`: it has no body, whatever its head says (HEAD)."""
        self._forget_message()
        self.answered_any = False
        self._head_only = head_only
        answer.begun(self)
        if self.lost:
            answer.on_error(self._lost_error(None))
            return
        self._answer = answer
        if len(body) <= _JOIN_MAX_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)

    def abandon(self, answer: Answer) -> None:
        """Cut the connection if it still belongs to `answer`."""
        if self._answer is answer:
            self._answer = None
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if not self.lost:
            self.transport.abort()

    def end(self, error: ClientError) -> None:
        """Cut the connection, and tell whoever waits for its answer."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.on_error(error)
        self.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._below = cast("asyncio.Transport", transport)  # uvloop's are not declared as such
        self.use(self._below)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._owner.lost(self)
        self._parser = None  # it knows this object: a cycle
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(ConnectionResetError("peer has gone"))
        self._waiters.clear()
        if self._raw is not None:
            self._raw._close()
        answer, self._answer = self._answer, None
        if answer is None:
            return
        if exc is None and self._until_close and self._in_body:
            answer.on_end()
        else:
            answer.on_error(self._lost_error(exc))

    def data_received(self, data: bytes) -> None:
        if self._raw is not None:
            self._raw._feed(data)
            return
        parser = self._parser
        if self._answer is None or parser is None:
            self.abort()
            return
        self.answered_any = True
        self._silent_bytes += len(data)
        try:
            parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._switch(data[upgrade.args[0] :])
            return
        except HttpParserError as error:
            if self._complete and self._refusal is None:
                self._extra = True  # what follows an answer does not make it wrong
            else:
                refusal, self._refusal = self._refusal, None
                self.end(refusal or self._malformed(str(error) or "invalid framing"))
                return
        if self._complete:
            self._finish()
        elif self._silent_bytes > self._owner.limits.header_bytes_max:
            self.end(self._malformed("header is too large"))

    def eof_received(self) -> bool:
        raw = self._raw
        if raw is not None:
            raw._feed_eof()
            return not self.secure  # TLS has no half-closed state
        if self._answer is not None:
            if self._until_close and self._in_body:
                self._finish()
            else:
                self.end(self._lost_error(None))
        return False

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # stream.Wire

    def writable(self) -> asyncio.Future[None]:
        """Done once the write buffer has room again."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.lost:
            waiter.set_exception(ConnectionResetError("peer has gone"))
        elif self.write_paused:
            self._waiters.append(waiter)
        else:
            waiter.set_result(None)
        return waiter

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from the peer."""
        below = self._below
        if hold == self._reading_paused or self.lost or below.is_closing():
            return
        self._reading_paused = hold
        # Below TLS: uvloop drops what a paused TLS transport holds when it sees that the peer has closed.
        if hold:
            below.pause_reading()
        else:
            below.resume_reading()

    # Parser callbacks

    def on_message_begin(self) -> None:
        if self._complete:
            self._extra = True
        self._headers = Headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:
            return  # a trailer: nobody may rely on one
        key = self._names.get(name)
        if key is None:
            if len(self._names) >= _NAMES_MAX:
                self._names.clear()
            key = self._names[name] = name.decode("latin-1").lower()
        self._headers.add(key, value.decode("latin-1").strip(" \t"))

    def on_headers_complete(self) -> None:
        parser, answer = self._parser, self._answer
        if self._complete or parser is None or answer is None:
            return
        status: int = parser.get_status_code()
        headers = self._headers
        if status < 200:
            self._begin_interim(status)
            return
        if self._silent_bytes > self._owner.limits.header_bytes_max:
            self._refuse(self._malformed("header is too large"))
        version: str = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            self._refuse(self._malformed(f"HTTP version {version} is not supported"))
        coding = headers.get("transfer-encoding")
        if coding and coding.lower() != "chunked":
            self._refuse(self._malformed(f"transfer coding {coding[:40]!r} is not supported"))
        self._in_body = True
        self._silent_bytes = 0
        self._until_close = not coding and "content-length" not in headers and not self._head_only
        if self._head_only:
            # The parser waits for the body that the head speaks of.
            self._keep_alive = version == "1.1" and "close" not in headers.get("connection").lower()
            self._complete = True
        answer.on_head(status, headers)

    def on_body(self, data: bytes) -> None:
        answer = self._answer
        if self._complete or answer is None:
            self._extra = True
            return
        self._silent_bytes = 0
        try:
            answer.on_body(data)
        except ProtocolError as error:
            self._refuse(error)

    def on_message_complete(self) -> None:
        if self._in_body and not self._complete and self._parser is not None:
            self._keep_alive = self._parser.should_keep_alive()
            self._complete = True

    def _begin_interim(self, status: int) -> None:
        """An answer before the answer, which nobody asked for, or the change to another protocol."""
        assert self._answer is not None
        if status == 101:
            if not self._answer.upgrade:
                self._refuse(self._malformed("another protocol was not asked for"))
            self._switching = True
            return
        self._interim += 1
        if self._interim > _INTERIM_MAX:
            self._refuse(self._malformed("too many interim answers"))

    # The end of an exchange

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        assert answer is not None
        self.hold_reading(False)
        answer.on_end()
        transport = self.transport
        # A peer that answers before it has read the request may never read the rest of it.
        sent = not transport.is_closing() and not transport.get_write_buffer_size()
        if not self._keep_alive or self._extra or self.lost or not sent:
            self.abort()
            return
        if self._head_only:
            self._parser = HttpResponseParser(self)
        self._owner.released(self)

    def _switch(self, rest: bytes) -> None:
        answer, self._answer = self._answer, None
        assert answer is not None
        owner = self._owner
        limit = owner.limits.read_buffer_bytes
        self._raw = raw = ClientStream(self, owner.draining, read_max=limit, below=self._below, secure=self.secure)
        self._parser = None
        if rest:
            raw._feed(rest)
        answer.on_switched(self._headers, raw)

    def _refuse(self, error: ClientError) -> None:
        """Leave the parser, which makes an error of its own of whatever its callbacks raise."""
        self._refusal = error
        raise error

    def _malformed(self, why: str) -> ProtocolError:
        return ProtocolError(f"malformed answer of {self.target.authority}: {why}")

    def _lost_error(self, exc: Exception | None) -> ClientError:
        authority = self.target.authority
        if isinstance(exc, ssl.SSLError):
            name = self.target.server_name or self.target.host
            return TlsError(f"TLS session with {authority} failed: {exc}", server_name=name, error=exc)
        where = "in the middle of its answer" if self.answered_any else "without an answer"
        why = f": {exc}" if exc is not None else ""
        return PeerClosed(f"{authority} closed the connection {where}{why}", error=exc, answered=self.answered_any)
