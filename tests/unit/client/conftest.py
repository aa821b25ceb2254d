"""What the tests of clients start from: an API server inside the test, and servers that say what a test wants."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from steersman.client.client import Client
from steersman.cluster.local_transport import LocalTransport
from steersman.lib.http.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
async def transports():
    """Makes transports to a handler; they are closed after the test."""
    made = []

    def make(handler, *, token="admin-token"):
        transport = LocalTransport(handler=handler, user_agent="tests", token=token)
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.close()


@pytest.fixture
def client(api: Any, transports: Callable[..., LocalTransport]) -> Client:
    """The administrator's verbs, on a fresh API server."""
    return Client(transport=transports(api.parts.application.handle), rng=random.Random(1))


class Scripted:
    """A server that gives answers in turn, the last one for ever: a status, or one with a body and headers."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer if isinstance(answer, tuple) else (answer, {}, ())
        return Response(status, json.dumps(body).encode(), "application/json", tuple(headers))


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
