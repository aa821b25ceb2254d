"""Clients of an API server elsewhere, against a real server inside the test."""

from __future__ import annotations

import random

import orjson
import pytest

from steersman.api.core.namespace import NAMESPACES
from steersman.client.kubeconfig import Access
from steersman.client.request import Key
from steersman.cluster.remote_clients import RemoteClients
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server

ACCOUNT = "system:serviceaccount:kube-system:ttl-controller"


@pytest.fixture
async def asked():
    """Where it is, and what it was asked: path and token."""
    seen = []

    def handle(request):
        seen.append((request.path, (request.headers.get("authorization") or "").removeprefix("Bearer ")))
        body = {"status": {"token": "theirs"}} if request.path.endswith("/token") else {"metadata": {"name": "n"}}
        return Response(200, orjson.dumps(body), "application/json")

    server = Server(handler=handle, clock=ManualClock())
    [(_, port)] = await server.start("127.0.0.1")
    yield Target("127.0.0.1", port), seen
    await server.drain(0)


@pytest.mark.parametrize(
    ("user", "as_accounts", "token"),
    [("system:kube-scheduler", True, "mine"), (ACCOUNT, False, "mine"), (ACCOUNT, True, "theirs")],
)
async def test_who_comes_with_which_token(asked, user, as_accounts, token):
    target, seen = asked
    clients = RemoteClients(access=Access(target, "mine"), rng=random.Random(1), as_accounts=as_accounts)
    await clients.client(user).get(NAMESPACES, Key("", "n"))
    await clients.close()
    assert seen[-1] == ("/api/v1/namespaces/n", token)
    accounts = "/api/v1/namespaces/kube-system/serviceaccounts/ttl-controller/token"
    assert [path for path, _ in seen[:-1]] == ([accounts] if token == "theirs" else [])
