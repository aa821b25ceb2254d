"""Shared by all tests: async tests on a real or virtual loop, API servers inside the test and in their own process.

`async def` tests need no decorator. They run on asyncio's loop; with `@pytest.mark.virtual_time` in virtual time.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.in_process import InProcessClient, Reply, Stream
from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess
from steersman.testing.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from steersman.cluster.pki import PKI
    from steersman.cluster.wiring import Parts

pytest_plugins = ["steersman.testing.plugin"]

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2026, 1, 1, tzinfo=UTC)
TOKENS = """\
admin-token,admin,admin,system:masters
alice-token,alice,alice,"devs"
bob-token,bob,bob,"viewers,devs"
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("steersman")
    group.addoption("--rewrite", action="store_true", help="scripts: take what was printed as the expected output")
    group.addoption("--seeds", type=int, default=2, help="scenarios: with how many seeds each is run")
    group.addoption("--chaos-seeds", type=int, default=12, help="chaos: how many seeds faults are drawn from")
    group.addoption("--kubeconfig", help="clients: talk to this cluster instead of a fresh server of ours")


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    """The loop of an async test."""
    if request.node.get_closest_marker("virtual_time") is not None:
        return "asyncio", {"loop_factory": VirtualTimeLoop}
    return "asyncio", {"use_uvloop": False}


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data and recordings beside the project; tests that need them skip where they are not."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside the project: recorded data is not available here")
    return folder


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A --token-auth-file with the users of TOKENS."""
    path = tmp_path_factory.mktemp("tokens") / "tokens.csv"
    path.write_text(TOKENS)
    return path


@pytest.fixture
def serve(tokens: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers of a test's own, `serve(data_dir, *arguments, store=...)`; what still runs is ended after it."""
    with ExitStack() as stack:

        def start(data_dir: Path, *arguments: str, store: str = "sqlite") -> ServerProcess:
            process = ServerProcess(data_dir=data_dir, store=store, token_auth_file=tokens, arguments=arguments)
            return stack.enter_context(process)

        yield start


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Callable[..., RestClient]:
    """Makes clients of a server, as admin unless said otherwise: `client(server, token="alice-token")`."""

    def make(server: ServerProcess, *, token: str = "admin-token") -> RestClient:
        made = RestClient(server.url, ca=server.ca, token=token)
        request.addfinalizer(made.close)
        return made

    return make


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, tokens: Path) -> Iterator[ServerProcess]:
    """One real server over TLS for all tests of this process, on the default store; users of TOKENS."""
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(data_dir=folder / "data", token_auth_file=tokens) as process:
        yield process
        stopped = process.stop()
    assert stopped.code == 0, f"the server ended with {stopped.code} after SIGTERM:\n{process.log_tail()}"
    assert stopped.seconds < 3, f"the server took {stopped.seconds:.1f} s to end after SIGTERM"


@pytest.fixture(scope="session")
def admin(request: pytest.FixtureRequest) -> Path:
    """An administrator's kubeconfig of the cluster under test: a server of ours, or the cluster of --kubeconfig."""
    given = request.config.getoption("--kubeconfig")
    return Path(given).resolve() if given else request.getfixturevalue("server").kubeconfig


@dataclass(frozen=True)
class Api:
    """An API server inside the test, and its administrator."""

    client: InProcessClient
    parts: Parts
    clock: VirtualClock

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> Reply:
        """One request as the administrator; `content-type` is JSON unless said otherwise."""
        fields = {"content-type": "application/json", **(headers or {})}
        answer = await self.client.request(method, path, body=body, query=query, headers=list(fields.items()))
        assert isinstance(answer, Reply)
        return answer

    async def watch(self, path: str, **query: str) -> Stream:
        """An open watch."""
        answer = await self.client.request("GET", path, query={"watch": "true", **query})
        assert isinstance(answer, Stream), answer
        return answer


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PKI:
    """Keys, made once: that is slow, and nothing depends on their value."""
    from steersman.cluster.pki import ensure_pki

    return ensure_pki(tmp_path_factory.mktemp("pki"), names=("127.0.0.1",), now=START)


@pytest.fixture(scope="session")
def open_api(pki: PKI) -> Callable[..., AbstractAsyncContextManager[Api]]:
    """Opens an API server without sockets, threads or real time: memory store, seeded chance, tokens of admin and
    alice. `certificates`: those of clients are a proof of identity.
    """
    return lambda *, certificates=False: _running_api(pki, certificates=certificates)


@pytest.fixture
async def api(open_api: Callable[[], AbstractAsyncContextManager[Api]]) -> AsyncIterator[Api]:
    """A fresh API server inside the test."""
    async with open_api() as api:
        yield api


class _Healthy:
    """The state of a server with which nothing is wrong."""

    def store(self) -> None:
        return None

    def synced(self) -> None:
        return None

    def started(self) -> None:
        return None

    def stopping(self) -> None:
        return None


@asynccontextmanager
async def _running_api(pki: PKI, *, certificates: bool) -> AsyncIterator[Api]:
    from steersman.apiserver.authn.service_account_issuer import TokenIssuer
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.identifiers import Identifiers
    from steersman.cluster.bootstrap import Addresses, Bootstrap
    from steersman.cluster.config import ServerConfig
    from steersman.cluster.wiring import Identity, wire
    from steersman.store.catalog import StoreAddress, load_driver

    clock = VirtualClock(asyncio.get_running_loop(), start=START)
    rng = random.Random(1)
    config = ServerConfig(data_dir=ROOT, store=StoreAddress("memory"))
    store = load_driver("memory")(clock=clock)
    await store.start()
    issuer = TokenIssuer(
        key=pki.signing_key(),
        issuer=config.issuer,
        new_id=Identifiers(clock=clock, rng=rng).uid,
        retired_keys=pki.verification_keys(),
        jwks_uri="https://127.0.0.1/openid/v1/jwks",
    )
    identity = Identity(
        issuer=issuer,
        token_users={
            "admin-token": User(name="admin", groups=("system:masters",)),
            "alice-token": User(name="alice", groups=("devs",)),
        },
        client_ca_pem=pki.ca_pem() if certificates else "",
    )
    parts = wire(store=store, clock=clock, rng=rng, identity=identity, config=config, state=_Healthy())
    await parts.service.cache.start(lambda error: pytest.fail(f"the feed ended: {error}"))
    await parts.start()
    addresses = Addresses(host="127.0.0.1", port=6443, service_cidrs=config.service_cidrs)
    await Bootstrap(service=parts.service, reader=parts.reader, addresses=addresses).run()
    await parts.settle()
    client = InProcessClient(parts.application.handle, headers=[("authorization", "Bearer admin-token")])
    try:
        yield Api(client=client, parts=parts, clock=clock)
    finally:
        await client.close()
        parts.service.end_watches()
        await parts.stop()
        parts.service.cache.stop()
        await store.stop()
