"""A whole API server without sockets, threads or real time: memory store, virtual clock, seeded chance."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from steersman.apiserver.authn.service_account_issuer import TokenIssuer
from steersman.apiserver.authn.user import User
from steersman.apiserver.identifiers import Identifiers
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.config import ServerConfig
from steersman.cluster.pki import PKI, ensure_pki
from steersman.cluster.wiring import Identity, wire
from steersman.store.catalog import StoreAddress, load_driver
from steersman.testing.in_process import InProcessClient
from steersman.testing.scenario import Scenario
from steersman.testing.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
ADMIN = User(name="admin", groups=("system:masters",))


class Healthy:
    """The state of a server with which nothing is wrong."""

    def store(self) -> None:
        return None

    def synced(self) -> None:
        return None

    def started(self) -> None:
        return None

    def stopping(self) -> None:
        return None


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PKI:
    """Keys, made once: that is slow, and nothing depends on their value."""
    return ensure_pki(tmp_path_factory.mktemp("pki"), names=("127.0.0.1",), now=START)


@pytest.fixture(scope="session")
def opened(pki: PKI, root: Path) -> Callable[[], AbstractAsyncContextManager[Scenario]]:
    """Opens an interpreter of scenario commands, connected to a fresh API server that ends with the context."""
    return lambda: running_scenario(pki, root)


@asynccontextmanager
async def running_scenario(pki: PKI, root: Path) -> AsyncIterator[Scenario]:
    """See `opened`."""
    clock = VirtualClock(asyncio.get_running_loop(), start=START)
    rng = random.Random(1)
    config = ServerConfig(data_dir=root, store=StoreAddress("memory"))
    store = load_driver("memory")(clock=clock)
    await store.start()
    issuer = TokenIssuer(
        key=pki.signing_key(),
        issuer=config.issuer,
        new_id=Identifiers(clock=clock, rng=rng).uid,
        retired_keys=pki.verification_keys(),
        jwks_uri="https://127.0.0.1/openid/v1/jwks",
    )
    identity = Identity(issuer=issuer, token_users={"admin-token": ADMIN})
    parts = wire(store=store, clock=clock, rng=rng, identity=identity, config=config, state=Healthy())
    await parts.service.cache.start(lambda error: pytest.fail(f"the feed ended: {error}"))
    await parts.start()
    addresses = Addresses(host="127.0.0.1", port=6443, service_cidrs=config.service_cidrs)
    await Bootstrap(service=parts.service, reader=parts.reader, addresses=addresses).run()
    client = InProcessClient(parts.application.handle, headers=[("authorization", "Bearer admin-token")])
    scenario = Scenario(client=client, files=root)
    try:
        yield scenario
    finally:
        await scenario.close()
        parts.service.end_watches()
        parts.service.cache.stop()
        await store.stop()
