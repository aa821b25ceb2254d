"""Every test of this folder runs on every way to the API, unchanged: over HTTP and TLS, and inside the process.

A test asks for `bench`, an API server and the ways to it, or for `client`, its administrator's verbs.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver import respond
from steersman.client.client import Client
from steersman.client.http_transport import HttpTransport
from steersman.client.informer import Informers
from steersman.cluster.local_transport import LocalTransport
from steersman.lib.certificate import parse_pem
from steersman.lib.clock import SystemClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.client.transport import Transport
    from steersman.cluster.pki import PKI

WAIT_S = 10


class LocalBench:
    """Nothing between client and handler that could break: a restart ends the watches."""

    def __init__(self, api: Any, pki: PKI, _folder: Path) -> None:
        self.parts = api.parts
        self._pki = pki
        self._transports: list[Transport] = []

    async def start(self) -> None:
        return

    def transport(self, *, token: str = "admin-token", certificate: tuple[str, str] | None = None) -> Transport:
        der = parse_pem(certificate[0])[0] if certificate else None
        made = LocalTransport(
            handler=self.parts.application.handle,
            user_agent="conformance",
            token="" if certificate else token,
            certificate_der=der,
        )
        self._transports.append(made)
        return made

    def insider(self) -> Client:
        """The administrator's verbs, whatever becomes of connections."""
        return Client(transport=LocalBench.transport(self), rng=random.Random(4))

    async def restart(self) -> None:
        self.parts.service.end_watches()

    async def forget_history(self) -> None:
        """As after a compaction: nothing of the past can be told any more."""
        await self.parts.service.cache.reseed()

    async def stop(self) -> None:
        for transport in self._transports:
            await transport.close()


class HttpBench(LocalBench):
    """A real server on a free port of this machine."""

    def __init__(self, api: Any, pki: PKI, folder: Path) -> None:
        super().__init__(api, pki, folder)
        self._folder = folder
        self._port = 0
        self._server: Server | None = None
        self._http = HttpClient()

    async def start(self) -> None:
        pki = self._pki
        tls = server_context(
            certificate=pki.certificate("apiserver"), key=pki.key("apiserver"), client_ca=pki.certificate("ca")
        )
        handler = self.parts.application.handle
        self._server = Server(handler=handler, tls=tls, error=respond.transport_error, clock=SystemClock())
        ((_, self._port),) = await self._server.start("127.0.0.1", self._port)

    def transport(self, *, token: str = "admin-token", certificate: tuple[str, str] | None = None) -> Transport:
        paths: dict[str, Path] = {}
        for name, pem in zip(("certificate", "key"), certificate or (), strict=False):
            paths[name] = self._folder / f"{name}.pem"
            paths[name].write_text(pem)
        target = Target("127.0.0.1", self._port, client_context(authorities_pem=self._pki.ca_pem(), **paths))
        made = HttpTransport(
            http=self._http, target=target, user_agent="conformance", token="" if certificate else token
        )
        self._transports.append(made)
        return made

    async def restart(self) -> None:
        assert self._server is not None
        await self._server.drain(0)
        await self.start()

    async def stop(self) -> None:
        await super().stop()
        await self._http.close()
        self.parts.service.end_watches()
        if self._server is not None:
            await self._server.drain(0)


Bench = LocalBench | HttpBench


@pytest.fixture(params=["local", "http"])
async def bench(request: pytest.FixtureRequest, open_api: Any, pki: PKI, tmp_path: Path):
    async with open_api(certificates=True) as api:
        made = {"local": LocalBench, "http": HttpBench}[request.param](api, pki, tmp_path)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


@pytest.fixture
def connect(bench: Bench) -> Callable[..., Client]:
    """Verbs of somebody: `connect(token="alice-token")`."""
    return lambda **who: Client(transport=bench.transport(**who), rng=random.Random(1), field_manager="tests")


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    """The administrator's."""
    return connect()


@pytest.fixture
async def informers(client: Client):
    """With detection of mutations; a test starts them."""
    made = Informers(client=client, rng=random.Random(2), detect_mutations=True)
    yield made
    await made.stop()


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits until something holds."""

    async def wait(holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():
                await asyncio.sleep(0.01)

    return wait
