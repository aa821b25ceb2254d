"""Real servers on free ports, peers that send what a test tells them to, and a client of a test's own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import ClientLimits, Target
from steersman.lib.http.client.tls import client_context
from steersman.lib.http.server import Limits, Server
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def soon():
    """A function that lets the loop run until `condition()` holds."""
    return _soon


async def _soon(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


@dataclass
class Site:
    server: Server
    target: Target


@pytest.fixture
async def serve(anyio_backend):
    """A function that starts a server of ours with a handler, `tls=` and limits; all are drained after the test."""
    servers: list[Server] = []

    async def start(handler, *, tls=None, client_tls=None, **limits) -> Site:
        logger = logging.getLogger("test.http")
        server = Server(handler=handler, tls=tls, limits=Limits(**limits), clock=ManualClock(), logger=logger)
        [(host, port)] = await server.start("127.0.0.1")
        servers.append(server)
        return Site(server, Target(host, port, client_tls))

    yield start
    for server in servers:
        await server.drain(0)
        assert server.counters.connections == 0


@dataclass
class Peer:
    """A server that reads one request and answers with the next of `answers`, whatever they are.

    None in their place: close without an answer. A request is over with its head and the body of its length.
    """

    answers: list[bytes | None]
    target: Target = field(init=False)
    close: bool = False
    """Close after each answer."""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has closed a connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next((int(v) for k, _, v in map(_parted, head.split(b"\r\n")) if k == b"content-length"), 0)
                self.requests.append(head + await reader.readexactly(size))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self.close:
                    break
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.gone.set()
            self.open.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _parted(line: bytes) -> tuple[bytes, bytes, bytes]:
    return line.lower().partition(b": ")


@pytest.fixture
async def peer(anyio_backend):
    """A function that starts a Peer with answers."""
    servers: list[tuple[asyncio.Server, Peer]] = []

    async def start(*answers: bytes | None, close: bool = False) -> Peer:
        made = Peer(list(answers), close=close)
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.target = Target(*server.sockets[0].getsockname()[:2])
        servers.append((server, made))
        return made

    yield start
    for server, made in servers:
        server.close()
        for writer in list(made.open):
            writer.close()
        await _soon(lambda made=made: not made.open)


@pytest.fixture
async def make_client(anyio_backend):
    """A function that makes clients with limits; all are closed after the test, and must have lost their connections."""
    clients: list[HttpClient] = []

    def make(**limits) -> HttpClient:
        clients.append(HttpClient(limits=ClientLimits(**limits), logger=logging.getLogger("test.client")))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()
        assert not client._connections
        assert client._sweeper is None


@pytest.fixture
def client(make_client) -> HttpClient:
    return make_client()


@dataclass(frozen=True)
class Certificates:
    """An authority with a server (`server.test`, 127.0.0.1), a client, and a server that is out of date."""

    folder: Path

    @property
    def authority(self) -> str:
        return (self.folder / "authority.crt").read_text()

    def paths(self, name: str) -> dict[str, Path]:
        return {"certificate": self.folder / f"{name}.crt", "key": self.folder / f"{name}.key"}

    def client_side(self) -> ssl.SSLContext:
        return client_context(authorities_pem=self.authority)

    def server_side(self, name: str = "server") -> ssl.SSLContext:
        return server_context(**self.paths(name), client_ca=self.folder / "authority.crt")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    pairs = {name: issue_authority(name, not_before=BEGIN, not_after=END) for name in ("authority", "stranger")}
    authority = load_authority(*pairs["authority"])
    names = ("server.test", "127.0.0.1")
    for name, until, server_names in (
        ("server", END, names),
        ("expired", datetime(2021, 1, 1, tzinfo=UTC), names),
        ("alice", END, ()),
    ):
        pairs[name] = issue_leaf(
            authority, common_name=name, server_names=server_names, not_before=BEGIN, not_after=until
        )
    for name, (certificate, key) in pairs.items():
        (folder / f"{name}.crt").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(key)
    return Certificates(folder)
