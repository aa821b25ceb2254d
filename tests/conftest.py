"""Shared by all tests: async tests on a real or virtual loop, and real servers in their own process.

`async def` tests need no decorator. They run on asyncio's loop; with `@pytest.mark.virtual_time` in virtual time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steersman.testing.server import ServerProcess
from steersman.testing.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TOKENS = """\
admin-token,admin,admin,system:masters
alice-token,alice,alice,"devs"
bob-token,bob,bob,"viewers,devs"
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("steersman")
    group.addoption("--rewrite", action="store_true", help="scripts: take what was printed as the expected output")
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One real server over TLS for all tests of this process, on the default store; users of TOKENS."""
    folder = tmp_path_factory.mktemp("server")
    tokens = folder / "tokens.csv"
    tokens.write_text(TOKENS)
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
