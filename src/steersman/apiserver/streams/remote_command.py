"""A command in a container, through a kubelet that speaks SPDY: its streams, and how it ended.

Invariants: all streams are open before any data is sent (kubelets begin to copy when they have all); stdout and stderr
are complete before the result is.
Upstream differences: a kubelet that vanishes without a word is told as a failure, not as success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.apiserver.outbound.wording import go_text
from steersman.apiserver.streams.statuses import failure, from_error_stream
from steersman.lib.http.client.answer import Upgraded
from steersman.lib.http.client.errors import ClientError
from steersman.lib.spdy.session import Session, SessionEnded, StreamRefused

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.spdy.session import Stream

V1 = "channel.k8s.io"
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", V1)
"""What kubelets are offered, the best first."""
SPDY = "SPDY/3.1"
VERSION_HEADER = "X-Stream-Protocol-Version"
_STRUCTURED = PROTOCOLS[:2]
_RESIZABLE = PROTOCOLS[:3]
_REDIRECTS = (301, 302, 303, 307, 308)
_PING_PERIOD_S = 5.0
_OPEN_S = 30.0
_ERROR_BYTES_MAX = 1 << 20


class CommandError(Exception):
    """The command could not be started, in upstream's words."""


async def connect(client: HttpClient, target: Target, path: str, *, timeout_s: float) -> tuple[Session, str]:
    """A session with the kubelet, not entered yet, and the protocol that it chose. Raises CommandError."""
    offers = tuple((VERSION_HEADER, protocol) for protocol in PROTOCOLS)
    headers = (("Connection", "Upgrade"), ("Upgrade", SPDY), *offers)
    try:
        answer = await client.upgrade(target, "POST", path, headers=headers, timeout_s=timeout_s)
    except ClientError as error:
        scheme = "https" if target.tls is not None else "http"
        url = f"{scheme}://{target.authority}{path}"
        raise CommandError(f'error sending request: Post "{url}": {go_text(error)}') from error
    if not isinstance(answer, Upgraded) and answer.status in _REDIRECTS and answer.headers.get("location"):
        await answer.close()
        raise CommandError(f'error sending request: Post "{answer.headers.get("location")}": redirect not allowed')
    if not isinstance(answer, Upgraded) or SPDY.lower() not in answer.headers.get("upgrade").lower():
        why = await _refusal(answer)
        raise CommandError(f"unable to upgrade connection: {why}")
    session = Session(wire=answer.stream, ping_period_s=_PING_PERIOD_S)
    return session, answer.headers.get(VERSION_HEADER.lower()) or V1


async def _refusal(answer: Upgraded | OpenResponse) -> str:
    """Why a kubelet did not upgrade: the message of its Status, or its text."""
    if isinstance(answer, Upgraded):
        answer.stream.abort()
        return "empty server response"
    async with answer:
        try:
            body = await answer.read()
        except ClientError:
            return "unable to read error from server response"
    try:
        said = orjson.loads(body)
    except ValueError:
        said = None
    if isinstance(said, dict):
        for name in ("message", "error"):
            if isinstance(said.get(name), str) and said[name].strip():
                return str(said[name]).strip()
    return body.decode(errors="replace").strip() or "empty server response"


class RemoteCommand:
    """The streams of a command that has been started."""

    def __init__(self, *, session: Session, protocol: str, streams: dict[str, Stream]) -> None:
        self._session = session
        self._protocol = protocol
        self._error = streams["error"]
        self.stdin = streams.get("stdin")
        self.stdout = streams.get("stdout")
        self.stderr = streams.get("stderr")
        self.resize = streams.get("resize")

    @property
    def half_closes(self) -> bool:
        """The end of stdin can be told."""
        return self._protocol != V1

    async def result(self) -> Object:
        """The Status with which it ended, once it has."""
        parts, size = [], 0
        while data := await self._error.read():
            size += len(data)
            if size > _ERROR_BYTES_MAX:
                return failure(f"error reading from error stream: more than {_ERROR_BYTES_MAX} bytes")
            parts.append(data)
        if not parts and not self._error.orderly:
            return failure("error reading from error stream: unexpected EOF")
        return from_error_stream(b"".join(parts), structured=self._protocol in _STRUCTURED)


async def start(session: Session, protocol: str, options: Object) -> RemoteCommand:
    """Open the streams that `options` (PodExecOptions, PodAttachOptions) ask for. Raises CommandError."""
    tty = bool(options.get("tty"))
    wanted = ["error"]
    wanted += [name for name in ("stdin", "stdout") if options.get(name)]
    if options.get("stderr") and not tty:
        wanted.append("stderr")  # a terminal has one output
    if tty and protocol in _RESIZABLE:
        wanted.append("resize")
    streams = {}
    try:
        for name in wanted:
            streams[name] = await session.open((("streamtype", name),), timeout_s=_OPEN_S)
    except SessionEnded as error:
        raise CommandError("connection closed") from error
    except StreamRefused as error:
        raise CommandError("Stream reset") from error
    except TimeoutError as error:
        raise CommandError("Timeout occurred") from error
    return RemoteCommand(session=session, protocol=protocol, streams=streams)
