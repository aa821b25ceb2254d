"""exec and attach for WebSocket clients of a kubelet that speaks SPDY only: v5.channel.k8s.io to SPDY streams.

    stdin, sizes   client -> messages -> streams -> kubelet
    stdout, stderr kubelet -> streams -> messages -> client, then the Status

The client is answered first (101), and told on its status channel if the kubelet cannot be reached. When the client
goes, the kubelet is left, which ends its side; when the kubelet goes, the client gets a Status.
Upstream differences: the kubelet is left at once, not when the command has ended; the last messages of a client that
does not read are waited for, so that the Status is not lost to it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.apiserver.streams import channels
from steersman.apiserver.streams.remote_command import CommandError, connect, start
from steersman.apiserver.streams.statuses import encode, failure, http_code
from steersman.lib.aio import Tasks, loop_time
from steersman.lib.websocket.connection import WebSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from steersman.api.meta.types import Object
    from steersman.apiserver.streams.remote_command import RemoteCommand
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import RawStream
    from steersman.lib.spdy.session import Stream

IDLE_S = 4 * 3600.0
"""A connection without messages in either direction ends after so long, as with kubelets."""
_LAST_WORDS_S = 10.0
_LINGER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """Carries one command."""

    client: HttpClient
    target: Target
    path: str
    options: Object
    answer_s: float
    count: Callable[[int], None]
    """Is told the HTTP status that the end amounts to."""

    async def run(self, stream: RawStream) -> None:
        """Until the command has ended or the client has gone; `stream` is closed then."""
        socket = WebSocket(wire=stream)
        socket.send(channels.frame(channels.first_channel(self.options)))
        tasks = Tasks(on_crash=lambda _name, _error: None)  # looked at below
        work = tasks.start(self._translate(socket), name="translated command")
        stopping = tasks.start(stream.draining.wait(), name="translated command, the server's end")
        try:
            await asyncio.wait((work, stopping, stream.closed), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            await tasks.close()
            socket.close()

    async def _translate(self, socket: WebSocket) -> None:
        try:
            session, protocol = await connect(self.client, self.target, self.path, timeout_s=self.answer_s)
            async with session:
                command = await start(session, protocol, self.options)
                status = await _Copying(socket, command).run()
        except CommandError as error:
            status = failure(str(error))
        if status is not None:
            self.count(http_code(status))
            socket.send(channels.frame(channels.STATUS, encode(status)))
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(_LAST_WORDS_S):
                    await socket.drain()
                async with asyncio.timeout(_LINGER_S):
                    await socket.linger()


class _Copying:
    """Both directions of a command that runs."""

    def __init__(self, socket: WebSocket, command: RemoteCommand) -> None:
        self._socket = socket
        self._command = command
        self._sizes = channels.TerminalSizes()
        self._idle = asyncio.timeout(IDLE_S)

    async def run(self) -> Object | None:
        """The Status at the end; None when nobody is there to get it."""
        command = self._command
        tasks = Tasks(on_crash=lambda _name, _error: None)  # looked at below
        inputs = tasks.start(self._inputs(), name="command inputs")
        outputs = tasks.start(self._outputs(tasks.start), name="command outputs")
        if command.stdin is not None:
            tasks.start(self._watch_stdin(command.stdin), name="command stdin")
        try:
            async with self._idle:
                await asyncio.wait((inputs, outputs), return_when=asyncio.FIRST_COMPLETED)
                return outputs.result() if outputs.done() else None
        except (TimeoutError, ConnectionError):
            return None
        finally:
            await tasks.close()

    def _touch(self) -> None:
        self._idle.reschedule(loop_time() + IDLE_S)

    async def _inputs(self) -> None:
        """Until the client goes, or breaks the rules."""
        while message := await self._socket.receive():
            self._touch()
            try:
                given = channels.parse_input(message.data)
            except channels.ChannelError:
                return
            if given is not None:
                # A kubelet that goes is the outputs' affair.
                with contextlib.suppress(ConnectionError):
                    await self._give(given)

    async def _give(self, given: channels.Input) -> None:
        command = self._command
        if given.channel == channels.STDIN and command.stdin is not None:
            if given.closed:
                self._finish_stdin()
            else:
                command.stdin.write(given.data)
                await command.stdin.drain()
                await asyncio.sleep(0)  # what the kubelet says last is read before more is written
        elif given.channel == channels.RESIZE and command.resize is not None:
            for line in self._sizes.feed(given.data):
                command.resize.write(line)

    async def _outputs(self, begin: Callable[..., asyncio.Task[None]]) -> Object:
        command = self._command
        copies: list[Awaitable[None]] = []
        for channel, stream in ((channels.STDOUT, command.stdout), (channels.STDERR, command.stderr)):
            if stream is not None:
                copies.append(begin(self._output(channel, stream), name=f"command channel {channel}"))
        if copies:
            await asyncio.gather(*copies)
        return await command.result()

    async def _output(self, channel: int, stream: Stream) -> None:
        while data := await stream.read():
            self._touch()
            self._socket.send(channels.frame(channel, data))
            await self._socket.drain()

    async def _watch_stdin(self, stdin: Stream) -> None:
        """A kubelet whose command takes no more closes its half, and waits for ours."""
        while await stdin.read():
            pass
        self._finish_stdin()

    def _finish_stdin(self) -> None:
        if self._command.stdin is not None and self._command.half_closes:
            self._command.stdin.finish()
