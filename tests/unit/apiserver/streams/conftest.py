"""A kubelet that speaks SPDY and does what a test tells it, a server of ours before it, and a WebSocket client."""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from websockets.frames import BINARY, TEXT, Frame
from websockets.protocol import CLIENT, Protocol

from steersman.api.errors import ApiError
from steersman.apiserver.requestinfo import parse_request
from steersman.apiserver.streams.connector import KubeletStreams
from steersman.apiserver.streams.metrics import StreamMetrics
from steersman.lib.aio import Tasks
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import RawStream, Request, Response, UpgradeResponse
from steersman.lib.http.server import Limits, Server
from steersman.lib.metrics import Registry
from steersman.lib.spdy.frames import Data, Decoder, Encoder, SynStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

POD = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"nodeName": "n"}}


class Command:
    """The kubelet's end of one upgraded connection."""

    def __init__(self, stream: RawStream) -> None:
        self.stream = stream
        self.encoder = Encoder()
        self._decoder = Decoder()
        self.ids: dict[str, int] = {}
        self.received: dict[str, bytes] = {}
        self.finished: set[str] = set()
        self.gone = False
        self._news = asyncio.Event()

    async def listen(self) -> None:
        while data := await self.stream.read():
            for frame in self._decoder.feed(data):
                self._take(frame)
            self._news.set()
        self.gone = True
        self._news.set()

    def _take(self, frame: Any) -> None:
        if isinstance(frame, SynStream):
            name = dict(frame.headers)["streamtype"]
            self.ids[name], self.received[name] = frame.stream, b""
            self.stream.write(self.encoder.syn_reply(frame.stream))
        elif isinstance(frame, Data):
            name = next(name for name, id_ in self.ids.items() if id_ == frame.stream)
            self.received[name] += frame.data
            if frame.fin:
                self.finished.add(name)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Raises TimeoutError, after long."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def say(self, name: str, data: bytes, *, fin: bool = False) -> None:
        self.stream.write(self.encoder.data(self.ids[name], data, fin=fin))

    def end(self, status: bytes) -> None:
        """All outputs end, and the status is told."""
        for name in ("stdout", "stderr"):
            if name in self.ids:
                self.say(name, b"", fin=True)
        self.say("error", status, fin=True)


@dataclass
class Kubelet:
    """What it is asked, and how it answers."""

    play: Callable[[Command], Awaitable[None]] | None = None
    """With SPDY streams."""
    raw: Callable[[RawStream], Awaitable[None]] | None = None
    """With bytes."""
    refusal: Response | None = None
    headers: tuple[tuple[str, str], ...] = (("Upgrade", "SPDY/3.1"),)
    protocol: str = "v4.channel.k8s.io"
    requests: list[Request] = field(default_factory=list)
    target: Target = field(init=False)
    failure: BaseException | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def handle(self, request: Request) -> Any:
        self.requests.append(request)
        if self.refusal is not None:
            return self.refusal
        chosen = (("X-Stream-Protocol-Version", self.protocol),) if self.protocol else ()
        return UpgradeResponse(self._run, headers=(*self.headers, *chosen))

    async def _run(self, stream: RawStream) -> None:
        try:
            if self.raw is not None:
                await self.raw(stream)
            elif self.play is not None:
                await self._play(Command(stream))
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.ended.set()

    async def _play(self, command: Command) -> None:
        tasks = Tasks()
        tasks.start(command.listen(), name="kubelet")
        try:
            assert self.play is not None
            await self.play(command)
        finally:
            await tasks.close()


class Client:
    """A WebSocket client, and what else can be asked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Protocol(CLIENT)
        self._messages: list[bytes] = []
        self.status = 0
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, *headers: tuple[str, str]) -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: api.test", *(f"{name}: {value}" for name, value in headers)]
        self._writer.write("\r\n".join((*lines, "", "")).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}

    async def upgrade(self, path: str, protocol: str, *headers: tuple[str, str]) -> None:
        key = base64.b64encode(b"0123456789abcdef").decode()
        await self.ask(
            "GET",
            path,
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Protocol", protocol),
            *headers,
        )

    def send(self, data: bytes, *, text: bool = False) -> None:
        self._frames.send_text(data) if text else self._frames.send_binary(data)
        self._writer.writelines(self._frames.data_to_send())

    async def receive(self) -> bytes | None:
        """The next message; None at the end."""
        while not self._messages:
            data = await self._reader.read(65536)
            if not data:
                return None
            self._frames.receive_data(data)
            self._writer.writelines(self._frames.data_to_send())
            events = [event for event in self._frames.events_received() if isinstance(event, Frame)]
            self._messages += [bytes(event.data) for event in events if event.opcode in (BINARY, TEXT)]
        return self._messages.pop(0)

    async def all(self) -> list[bytes]:
        messages = []
        while (message := await self.receive()) is not None:
            messages.append(message)
        return messages

    @property
    def close_code(self) -> int | None:
        return self._frames.close_rcvd.code if self._frames.close_rcvd else None

    async def read(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def rest(self) -> bytes:
        return await self._reader.read()

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class Site:
    """All of it."""

    def __init__(self) -> None:
        self.kubelet = Kubelet()
        self.features: list[str] = []
        self.options: dict[str, Any] = {"stdout": True, "stderr": True, "command": ["ls", "a b"]}
        self.server: Server
        self.registry = Registry()
        self.http = HttpClient(logger=logging.getLogger("test.client"))
        self._streams = KubeletStreams(
            reader=self,  # type: ignore[arg-type]
            kubelets=self,
            client=self.http,
            metrics=StreamMetrics(registry=self.registry),
        )
        self.clients: list[Client] = []
        self.address: tuple[str, int]

    def get(self, *_: Any) -> Any:
        return {"status": {"declaredFeatures": self.features}}

    def target(self, _node: str) -> Target:
        return self.kubelet.target

    async def handle(self, request: Request) -> Any:
        call = SimpleNamespace(request=request, info=parse_request(request.method, request.path))
        try:
            return await self._streams.connect(call, POD, "c", self.options)  # type: ignore[arg-type]
        except ApiError as error:
            return Response(error.code, error.message.encode())

    async def client(self) -> Client:
        made = Client(*await asyncio.open_connection(*self.address))
        self.clients.append(made)
        return made

    async def exec(self, protocol: str = "v5.channel.k8s.io") -> Client:
        made = await self.client()
        await made.upgrade("/api/v1/namespaces/default/pods/p/exec", protocol)
        return made

    def counted(self, name: str) -> list[str]:
        lines = self.registry.render().decode().splitlines()
        return [line.removeprefix(name) for line in lines if line.startswith(f"{name}{{")]


@pytest.fixture
async def site():
    made = Site()
    logger = logging.getLogger("test.http")
    kubelet = Server(handler=made.kubelet.handle, limits=Limits(), clock=ManualClock(), logger=logger)
    made.server = Server(handler=made.handle, limits=Limits(), clock=ManualClock(), logger=logger)
    [address] = await kubelet.start("127.0.0.1")
    made.kubelet.target = Target(*address)
    [made.address] = await made.server.start("127.0.0.1")
    yield made
    for client in made.clients:
        client.close()
    for server in (made.server, kubelet):
        await server.drain(0)
        assert server.counters.connections == 0
    await made.http.close()
    assert made.kubelet.failure is None or isinstance(made.kubelet.failure, ConnectionError)
