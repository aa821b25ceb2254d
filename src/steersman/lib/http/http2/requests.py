"""From header blocks to the heads of requests: the rules of RFC 9113 section 8, each looked at once per distinct list.

Clients repeat themselves, so there are three memories for each connection: whole blocks (until the table changes),
lists without their path, and lists of ordinary fields. Requests whose fields are equal share one `Headers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.lib.http.http2.hpack import FIELD_OVERHEAD_BYTES, STATIC_TABLE, Decoder
from steersman.lib.http.message import Headers
from steersman.lib.http.target import Target, parse_target, valid_host

if TYPE_CHECKING:
    from collections.abc import Callable

ORDINARY, COOKIE, HOST, CONTENT_LENGTH, EXPECT, METHOD, SCHEME, AUTHORITY, PATH, MALFORMED = range(10)
"""What a field is to a request; ordinary ones are taken as they are."""

_PSEUDO = {":method": METHOD, ":scheme": SCHEME, ":authority": AUTHORITY}
_SPECIAL = {"cookie": COOKIE, "host": HOST, "content-length": CONTENT_LENGTH, "expect": EXPECT}
_OF_A_CONNECTION = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"))
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE_BAD = re.compile(r"[\x00\r\n]|\A[ \t]|[ \t]\Z")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_BLOCKS_MAX = 128
_BLOCK_MAX_BYTES = 512
_HEADS_MAX = 32
_HEAD_MAX_BYTES = 16_384
"""Larger heads are not remembered: a peer must not make the server keep much for it."""


class Field:
    """A field line, and what it is to a request."""

    __slots__ = ("kind", "name", "problem", "size", "target", "value")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value
        self.size = len(name) + len(value) + FIELD_OVERHEAD_BYTES
        self.target: Target | None = None
        self.problem = ""
        """Why a request with this field is not accepted."""
        if name != ":path":
            self.kind = _kind(name, value)
            return
        self.kind = PATH
        try:
            target = parse_target(value.encode("latin-1"))
        except ValueError as error:
            self.problem = str(error)
            return
        if target.host is None:
            self.target = target
        else:
            self.problem = "invalid request target"


def _kind(name: str, value: str) -> int:
    if name.startswith(":"):
        kind = _PSEUDO.get(name, MALFORMED)
    elif name in _OF_A_CONNECTION or (name == "te" and value.lower() != "trailers") or not _NAME.fullmatch(name):
        return MALFORMED
    else:
        kind = _SPECIAL.get(name, ORDINARY)
    return MALFORMED if _VALUE_BAD.search(value) else kind


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is not served. Malformed ones break the protocol; others are refused for what they say."""

    status: int
    message: str
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A request but for its path and body."""

    method: str
    headers: Headers
    pseudo: int
    """How many pseudo-header fields there are beside `:path`: it stands somewhere among them."""
    length: int = -1
    """Content-Length; -1 when it is not told."""
    wants_continue: bool = False
    problem: Problem | None = None


class Lexicon:
    """What the connections of a server share: the static table as fields, and paths that were taken apart."""

    __slots__ = ("paths", "static", "text")

    def __init__(self, text: Callable[[bytes], str]) -> None:
        self.text = text
        self.static: tuple[Field, ...] = tuple(Field(name, value) for name, value in STATIC_TABLE)
        self.paths: dict[bytes, Field] = {}


_TOO_LARGE = "request header is larger than {} bytes"


class RequestReader:
    """The header blocks of one connection, as heads and targets of requests."""

    __slots__ = ("_blocks", "_decoder", "_headers", "_heads", "_list_bytes_max")

    def __init__(self, lexicon: Lexicon, *, list_bytes_max: int) -> None:
        self._list_bytes_max = list_bytes_max
        self._decoder: Decoder[Field] = Decoder(
            static=lexicon.static,
            paths=lexicon.paths,
            text=lexicon.text,
            make=Field,
            list_bytes_max=list_bytes_max,
        )
        self._blocks: dict[bytes, tuple[Head, Target]] = {}
        self._heads: dict[tuple[Field, ...], Head] = {}
        self._headers: dict[tuple[Field, ...], Headers] = {}

    def read(self, block: bytes) -> tuple[Head, Target] | Problem:
        """The head and target of a request. Raises ConnectionFault when the block cannot be decoded."""
        known = self._blocks.get(block)
        if known is not None:
            return known
        decoder = self._decoder
        changes = decoder.changes
        fields = decoder.decode(block)
        if decoder.changes != changes:
            self._blocks.clear()
        if fields is None:
            return Problem(431, _TOO_LARGE.format(self._list_bytes_max))
        at = 0
        for field in fields:
            if field.kind == PATH:
                break
            at += 1
        else:
            return self._without_path(tuple(fields))
        key = (*fields[:at], *fields[at + 1 :])
        head = self._heads.get(key) or self._learn(key)
        if head.problem is not None:
            return head.problem
        if at > head.pseudo:
            return _malformed("pseudo-header field behind an ordinary one")
        target = field.target
        if target is None:
            return Problem(400, field.problem)
        if not field.value.startswith("/") and head.method != "OPTIONS":
            return Problem(400, "invalid request target")
        found = (head, target)
        if decoder.changes == changes and len(block) <= _BLOCK_MAX_BYTES:
            if len(self._blocks) >= _BLOCKS_MAX:
                self._blocks.clear()
            self._blocks[block] = found
        return found

    def read_trailers(self, block: bytes) -> Problem | None:
        """Why trailers are not accepted; what they say, nobody may rely on. Raises ConnectionFault as `read` does."""
        self._blocks.clear()
        fields = self._decoder.decode(block)
        if fields is None:
            return Problem(431, _TOO_LARGE.format(self._list_bytes_max))
        if any(field.kind >= METHOD for field in fields):
            return _malformed("invalid trailers")
        return None

    def _without_path(self, fields: tuple[Field, ...]) -> Problem:
        head = self._learn(fields)
        if head.method == "CONNECT":
            return Problem(501, "CONNECT is not supported")
        return head.problem or _malformed("missing :path")

    def _learn(self, fields: tuple[Field, ...]) -> Head:
        head = self._judge(fields)
        if _bytes(fields) <= _HEAD_MAX_BYTES:
            if len(self._heads) >= _HEADS_MAX:
                self._heads.clear()
            self._heads[fields] = head
        return head

    def _judge(self, fields: tuple[Field, ...]) -> Head:
        """The head that consists of `fields`, which are without a path."""
        pseudo: dict[int, str] = {}
        begin = 0
        for field in fields:
            if not METHOD <= field.kind < MALFORMED:
                break
            if field.kind in pseudo or field.kind == PATH:
                return _bad(_malformed(f"repeated {field.name}"))
            pseudo[field.kind] = field.value
            begin += 1
        rest = fields[begin:]
        for field in rest:
            if field.kind >= METHOD:
                return _bad(_malformed(f"invalid header field {field.name!r}"))
        method = pseudo.get(METHOD, "")
        if method == "CONNECT":
            return _bad(Problem(501, "CONNECT is not supported"), "CONNECT")
        if not _METHOD.fullmatch(method) or not pseudo.get(SCHEME):
            return _bad(_malformed("missing or invalid :method or :scheme"))
        return self._judge_rest(method, begin, pseudo.get(AUTHORITY), rest)

    def _judge_rest(self, method: str, pseudo: int, authority: str | None, rest: tuple[Field, ...]) -> Head:
        hosts = [field.value for field in rest if field.kind == HOST]
        if authority is None and not hosts:
            return _bad(Problem(400, "missing required Host header"))
        if len(hosts) > 1 or (hosts and authority is not None and hosts[0] != authority):
            return _bad(Problem(400, "too many Host headers"))
        host = hosts[0] if authority is None else authority
        if not valid_host(host):
            return _bad(Problem(400, "malformed Host header"))
        lengths = {field.value for field in rest if field.kind == CONTENT_LENGTH}
        length = -1
        if lengths:
            [text, *others] = lengths
            if others or not (text.isascii() and text.isdigit()):
                return _bad(_malformed("bad Content-Length"))
            length = int(text) if len(text) <= 20 else 1 << 62
        expectations = {field.value.lower() for field in rest if field.kind == EXPECT}
        if expectations - {"100-continue"}:
            return _bad(Problem(417, "unknown expectation"))
        return Head(method, self._share(host, rest), pseudo, length, bool(expectations))

    def _share(self, host: str, rest: tuple[Field, ...]) -> Headers:
        """The `Headers` of these fields; the same for equal ones, whatever the method."""
        made = Headers()
        made.add("host", host)
        cookies = "; ".join(field.value for field in rest if field.kind == COOKIE)
        for field in rest:
            if field.kind == COOKIE:
                if "cookie" not in made:
                    made.add("cookie", cookies)  # crumbs of one field (section 8.2.3)
            elif field.kind != HOST:
                made.add(field.name, field.value)
        known = self._headers.get(rest)
        if known is not None and known.get("host") == host:
            return known
        if _bytes(rest) <= _HEAD_MAX_BYTES:
            if len(self._headers) >= _HEADS_MAX:
                self._headers.clear()
            self._headers[rest] = made
        return made


def _bytes(fields: tuple[Field, ...]) -> int:
    return sum(field.size for field in fields)


def _malformed(message: str) -> Problem:
    return Problem(400, f"malformed HTTP/2 request: {message}", malformed=True)


def _bad(problem: Problem, method: str = "") -> Head:
    return Head(method, Headers(), 0, problem=problem)
