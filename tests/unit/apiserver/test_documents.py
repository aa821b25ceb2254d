"""Documents beside resources are found by path: exact before prefix, the longer prefix first."""

from __future__ import annotations

import asyncio

import pytest

from steersman.apiserver.authn.user import User
from steersman.apiserver.documents import Documents
from steersman.lib.http.message import Response
from steersman.testing.in_process import InProcessClient, Reply

USER = User(name="u")


def text(body: str) -> object:
    return lambda _request, _user: Response(200, body.encode())


@pytest.fixture
def documents() -> Documents:
    found = Documents()
    found.add("/version", text("version"))
    found.add_prefix("/healthz/", lambda request, _: Response(200, b"check") if request.path.endswith("ping") else None)
    found.add_prefix("/", text("root"))
    found.add_prefix("/openapi/v3/", text("openapi"))
    return found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/version", b"version"),
        ("/version/", b"version"),
        ("/openapi/v3/apis/apps", b"openapi"),
        ("/healthz/ping", b"check"),
        ("/healthz/other", b"root"),  # a prefix may decline
        ("/anything", b"root"),
    ],
)
def test_who_answers(documents: Documents, path: str, body: bytes) -> None:
    async def ask() -> Reply:
        client = InProcessClient(lambda request: documents.serve(request, USER))
        reply = await client.request("GET", path)
        assert isinstance(reply, Reply)
        return reply

    assert asyncio.run(ask()).body == body


def test_exact_paths_are_listed_sorted(documents: Documents) -> None:
    documents.add("/a", text("a"))
    assert documents.paths() == ["/a", "/version"]
