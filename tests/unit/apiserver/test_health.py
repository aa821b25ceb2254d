"""Health pages, in the form that probes and people read."""

from __future__ import annotations

import asyncio

import pytest

from steersman.apiserver.authn.user import User
from steersman.apiserver.documents import Documents
from steersman.apiserver.health import Health
from steersman.testing.in_process import InProcessClient, Reply


class State:
    """A server in a state of the test's choice."""

    def __init__(self, **problems: str) -> None:
        self._problems = problems

    def store(self) -> str | None:
        return self._problems.get("store")

    def synced(self) -> str | None:
        return self._problems.get("synced")

    def started(self) -> str | None:
        return self._problems.get("started")

    def stopping(self) -> str | None:
        return self._problems.get("stopping")


def ask(path: str, **problems: str) -> tuple[int, str]:
    async def run() -> Reply:
        documents = Documents()
        Health(state=State(**problems)).register(documents)
        client = InProcessClient(lambda request: documents.serve(request, User(name="u")))
        path_part, _, query = path.partition("?")
        pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
        reply = await client.request("GET", path_part, query=pairs)
        assert isinstance(reply, Reply)
        return reply

    reply = asyncio.run(run())
    return reply.status, reply.body.decode()


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/livez", "/readyz", "/healthz/ping", "/readyz/etcd", "/livez/poststarthook/rbac/bootstrap-roles"],
)
def test_all_is_well(path: str) -> None:
    assert ask(path) == (200, "ok")


def test_a_page_names_every_check_when_asked_to() -> None:
    status, text = ask("/readyz?verbose=")
    assert status == 200
    assert text.startswith("[+]ping ok\n[+]log ok\n")
    assert text.endswith("readyz check passed\n")


def test_what_is_wrong_is_named_but_not_told() -> None:
    status, text = ask("/readyz", store="disk on fire at /secret/path")
    assert status == 500
    assert "[-]etcd failed: reason withheld" in text
    assert "secret" not in text
    assert text.endswith("readyz check failed\n")


def test_a_draining_server_lives_but_is_not_ready() -> None:
    assert ask("/livez", stopping="draining")[0] == 200
    assert ask("/readyz", stopping="draining")[0] == 500


def test_checks_can_be_left_out() -> None:
    assert ask("/livez?exclude=etcd", store="gone")[0] == 200
    status, text = ask("/livez?exclude=nothing&verbose=")
    assert status == 200
    assert 'some health checks cannot be excluded: no matches for "nothing"' in text
