"""Servers on free ports that stand where kubelets and pods would be, and certificates for them."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.server import Limits, Server
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


@dataclass(frozen=True)
class Certificates:
    """An authority, servers' certificates for `kubelet`, and clients' called `first` and `second`."""

    folder: Path

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def server(self) -> ssl.SSLContext:
        """Demands a certificate of the client."""
        context = server_context(
            certificate=self.certificate("kubelet"), key=self.key("kubelet"), client_ca=self.certificate("ca")
        )
        context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    for name in ("ca", "stranger"):
        pem, key = issue_authority(name, not_before=BEGIN, not_after=END)
        made.certificate(name).write_bytes(pem)
        made.key(name).write_bytes(key)
    authority = load_authority(made.certificate("ca").read_bytes(), made.key("ca").read_bytes())
    for name, server_names in (("kubelet", ("127.0.0.1", "hook.ns.svc")), ("first", ()), ("second", ())):
        pem, key = issue_leaf(
            authority,
            common_name=name,
            server_names=server_names,
            not_before=BEGIN,
            not_after=BEGIN + timedelta(days=20000),
        )
        made.certificate(name).write_bytes(pem)
        made.key(name).write_bytes(key)
    return made


@pytest.fixture
async def serve(anyio_backend):
    """A function that starts a server with a handler and `tls=`, and says its port; all are drained at the end."""
    servers: list[Server] = []

    async def start(handler, *, tls=None, **limits) -> int:
        server = Server(handler=handler, tls=tls, limits=Limits(**limits), clock=ManualClock())
        [(_, port)] = await server.start("127.0.0.1")
        servers.append(server)
        return port

    yield start
    for server in servers:
        await server.drain(0)


@pytest.fixture
async def client(anyio_backend):
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
