"""A real server on a free port, and a client that speaks raw bytes to it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from steersman.lib.clock import ManualClock
from steersman.lib.http.message import Request, Response
from steersman.lib.http.server import Limits, Server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> Answer:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        status_line, *lines = raw[:-4].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return Answer(int(status_line.split()[1]), headers, b"")

    async def answer(self, *, method: str = "GET") -> Answer:
        answer = await self.head()
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        if answer.headers.get("transfer-encoding") == "chunked":
            while chunk := await self.chunk():
                answer.body += chunk
        elif "content-length" in answer.headers:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        else:
            answer.body = await self.reader.read()
        return answer

    async def chunk(self) -> bytes:
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = await self.reader.readexactly(size)
        assert await self.reader.readexactly(2) == b"\r\n"
        return data

    async def ended(self) -> bool:
        """The server sends nothing more and has closed."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


@dataclass
class Site:
    server: Server
    port: int
    clients: list[Client] = field(default_factory=list)

    async def connect(self, tls: ssl.SSLContext | None = None) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, limit=1 << 24)
        self.clients.append(Client(reader, writer))
        return self.clients[-1]

    async def exchange(self, raw: bytes) -> Answer:
        """One request on a connection of its own."""
        client = await self.connect()
        client.send(raw)
        return await client.answer()

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.server.wheel.turn()


def echo(request: Request) -> Response:
    """Tells what arrived."""
    return Response(200, b"%s %s %b" % (request.method.encode(), request.path.encode(), request.body), "text/plain")


@pytest.fixture
async def serve(anyio_backend):
    """A function that starts a server with a handler, `tls=` and limits; all are drained at the end of the test."""
    sites: list[Site] = []

    async def start(handler=echo, *, tls=None, error=None, **limits) -> Site:
        more = {} if error is None else {"error": error}
        logger = logging.getLogger("test.http")
        server = Server(handler=handler, tls=tls, limits=Limits(**limits), clock=ManualClock(), logger=logger, **more)
        [(_, port)] = await server.start("127.0.0.1")
        sites.append(Site(server, port))
        return sites[-1]

    yield start
    for site in sites:
        for client in site.clients:
            await client.close()
        await site.server.drain(0)
        assert site.server.counters.in_flight == 0
        assert site.server.counters.connections == 0


@dataclass
class Pki:
    """Two generations of server certificates and an authority for clients, as files."""

    folder: Path

    def issue(self, name: str, issuer: str | None = None) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        signer, issuer_name = key, subject
        if issuer is not None:
            signer = serialization.load_pem_private_key((self.folder / f"{issuer}.key").read_bytes(), None)
            issuer_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)])
        certificate = (
            x509.CertificateBuilder(issuer_name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin.replace(year=2100))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (self.folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (self.folder / f"{name}.crt").write_bytes(certificate.public_bytes(pem))

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    pki = Pki(tmp_path_factory.mktemp("pki"))
    for name, issuer in (("old", None), ("new", None), ("authority", None), ("alice", "authority"), ("mallory", None)):
        pki.issue(name, issuer)
    return pki
