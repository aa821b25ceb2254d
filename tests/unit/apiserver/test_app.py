"""The order of a request: who, may they, where to, what. And that no exception leaves the application."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.testing.in_process import InProcessClient, Reply

pytestmark = pytest.mark.virtual_time
NOBODY = {"authorization": ""}


@pytest.fixture
def stranger(api: Any) -> InProcessClient:
    """A client without credentials."""
    return InProcessClient(api.parts.application.handle)


async def ask(client: InProcessClient, method: str, path: str, **headers: str) -> Reply:
    reply = await client.request(method, path, headers=list(headers.items()))
    assert isinstance(reply, Reply)
    return reply


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/pods",
        "/api/v1/nosuch",
        "/apis/nosuch.example/v1/things",
        "/nosuch",
        "/api/v1/namespaces/x/pods/y/nosuch",
    ],
)
async def test_authorisation_comes_before_routing(stranger: InProcessClient, path: str) -> None:
    reply = await ask(stranger, "GET", path)
    assert (reply.status, reply.json()["reason"]) == (403, "Forbidden")


async def test_authentication_comes_before_authorisation(stranger: InProcessClient) -> None:
    reply = await ask(stranger, "GET", "/version", authorization="Bearer wrong")
    assert reply.status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/nosuch", b"404 page not found\n"),
        ("//api/v1/secrets", b"404 page not found\n"),
        ("/apis/nosuch.example", b"404 page not found\n"),
        ("/apis/nosuch.example/v1/things", b"404 page not found\n"),
    ],
)
async def test_a_path_that_nobody_serves_is_plain_text(api: Any, path: str, body: bytes) -> None:
    reply = await api.ask("GET", path)
    assert (reply.status, reply.body) == (404, body)
    assert reply.content_type.startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/pods",
        "/apis/apps/v9/deployments",
        "/api/v1/nosuch",
        "/api/v1/namespaces/default/nodes",  # a cluster's resource inside a namespace
        "/api/v1/namespaces/default/pods/p/nosuch",
        "/api/v1/pods/p",  # a namespaced object without its namespace
    ],
)
async def test_what_a_known_group_does_not_have_is_a_status(api: Any, path: str) -> None:
    reply = await api.ask("GET", path)
    assert (reply.status, reply.json()["message"]) == (404, "the server could not find the requested resource")


async def test_impersonation_answers_as_somebody_else(api: Any) -> None:
    reply = await api.ask("GET", "/api/v1/pods", headers={"impersonate-user": "alice"})
    assert reply.status == 403
    assert 'User "alice" cannot list' in reply.json()["message"]


async def test_an_unexpected_exception_is_one_answer_and_one_log_line(
    api: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is told to the client."""

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    api.parts.documents.add("/broken", broken)
    reply = await api.ask("GET", "/broken")
    assert (reply.status, reply.json()["reason"]) == (500, "InternalError")
    assert b"secret" not in reply.body
    (record,) = [record for record in caplog.records if record.name.startswith("steersman")]
    assert "GET /broken failed" in record.getMessage()


async def test_a_deprecated_kind_warns_on_every_request(api: Any) -> None:
    reply = await api.ask("GET", "/api/v1/namespaces/default/endpoints")
    assert reply.header("Warning") == [
        '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
async def test_what_is_proxied_takes_any_method_and_any_type(api: Any, method: str) -> None:
    path = "/api/v1/namespaces/default/pods/absent/proxy/page"
    reply = await api.ask(method, path, headers={"accept": "text/html"})
    assert reply.status == 404
    assert (await api.ask("TRACE", path)).status == 405
