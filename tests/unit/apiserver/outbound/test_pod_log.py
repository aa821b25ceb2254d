"""Logs: from a kubelet's answer to a client's, over TLS and real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
from types import SimpleNamespace

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.uri import parse_uri

from steersman.api.errors import ApiError
from steersman.apiserver import respond
from steersman.apiserver.codec.negotiate import Negotiator
from steersman.apiserver.outbound.kubelet import Kubelets, kubelet_tls
from steersman.apiserver.outbound.pod_log import ERROR_BYTES_MAX, LogMetrics, PodLogs, log_path
from steersman.apiserver.requestinfo import parse_request
from steersman.lib.aio import Tasks
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Request, Response, StreamResponse
from steersman.lib.metrics import Registry

LOG = "/api/v1/namespaces/n/pods/p/log"
POD = {"metadata": {"namespace": "n", "name": "p"}, "spec": {"nodeName": "node-1"}}
TEXT = "text/plain"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ""),
        ({"follow": ["false"], "container": ["c"], "pretty": ["1"], "insecureSkipTLSVerifyBackend": ["true"]}, ""),
        ({"tailLines": ["+5"], "follow": [""], "previous": ["1"]}, "?follow=true&previous=true&tailLines=5"),
        (
            {"timestamps": ["true"], "sinceTime": ["2026-01-01T01:00:00.5+01:00"], "limitBytes": ["7"]},
            "?limitBytes=7&sinceTime=2026-01-01T00%3A00%3A00Z&timestamps=true",
        ),
        ({"sinceSeconds": ["3"]}, "?sinceSeconds=3"),
        ({"sinceTime": [""]}, "?sinceTime=0001-01-01T00%3A00%3A00Z"),
    ],
)
def test_the_kubelet_is_asked_with_the_options_it_knows(query, expected: str) -> None:
    assert log_path(POD, "c", query) == f"/containerLogs/n/p/c{expected}"


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def before(serve, client, certificates, registry):
    """A function that starts a kubelet with a handler, and an API server before it; the target of the latter."""

    async def start(kubelet, *, port: int | None = None, authority: str | None = "ca") -> Target:
        if port is None:
            port = await serve(kubelet, tls=certificates.server())
        node = {
            "status": {
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            }
        }
        tls = kubelet_tls(
            certificate=certificates.certificate("first"),
            key=certificates.key("first"),
            authority=None if authority is None else certificates.certificate(authority),
        )
        reader = SimpleNamespace(get=lambda _resource, _namespace, name: {"node-1": node}.get(name))
        kubelets = Kubelets(reader=reader, tls=tls, address_types=("InternalIP",))
        logs = PodLogs(client=client, kubelets=kubelets, metrics=LogMetrics(registry=registry))

        async def answer(request: Request):
            info = parse_request(request.method, request.path)
            call = SimpleNamespace(request=request, info=info, query=request.params)
            try:
                return await logs.serve(call, POD, "c")
            except ApiError as error:
                return respond.failure(error, "", Negotiator())

        return Target("127.0.0.1", await serve(answer))

    return start


async def test_a_log_is_text(before, client) -> None:
    def kubelet(request: Request) -> Response:
        assert (request.path, request.query) == ("/containerLogs/n/p/c", "tailLines=2")
        return Response(200, b"one\ntwo\n", "text/plain; charset=whatever")

    answer = await client.request(await before(kubelet), "GET", f"{LOG}?tailLines=2", timeout_s=5)
    assert (answer.status, answer.body, answer.headers.get("content-type")) == (200, b"one\ntwo\n", TEXT)
    assert answer.headers.get("cache-control") == "no-cache, private"


async def test_a_line_arrives_when_it_is_written_and_the_log_ends_with_the_pod(before, client) -> None:
    more = asyncio.Event()

    async def run(stream) -> None:
        stream.write(b"one\n")
        await more.wait()
        stream.write(b"two\n")

    target = await before(lambda _: StreamResponse(200, run, TEXT))
    answer = await client.open(target, "GET", f"{LOG}?follow=true", timeout_s=5)
    assert await anext(answer) == b"one\n"
    more.set()
    assert await answer.read() == b"two\n"


async def test_a_client_that_goes_takes_the_kubelets_connection_with_it(before, client) -> None:
    gone = asyncio.Event()

    async def run(stream) -> None:
        stream.on_close(gone.set)
        stream.write(b"one\n")
        await asyncio.Event().wait()

    target = await before(lambda _: StreamResponse(200, run, TEXT))
    answer = await client.open(target, "GET", LOG, timeout_s=5)
    await anext(answer)
    await answer.close()
    async with asyncio.timeout(5):
        await gone.wait()


async def test_a_client_may_go_before_the_first_line(before, client) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def silent() -> Response:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        return Response(200)

    target = await before(lambda _: silent())
    tasks = Tasks()
    tasks.start(client.open(target, "GET", LOG, timeout_s=None), name="client")
    await asked.wait()
    await tasks.close()
    async with asyncio.timeout(5):
        await gone.wait()


async def test_a_node_that_goes_away_ends_the_log(before, client) -> None:
    async def run(stream) -> None:
        stream.write(b"one\n")
        await stream.drain()
        stream.abort()

    target = await before(lambda _: StreamResponse(200, run, TEXT))
    answer = await client.open(target, "GET", LOG, timeout_s=5)
    assert await answer.read() in (b"one\n", b"")


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (
            404,
            "no such pod",
            {
                "message": "the server could not find the requested resource ( pods/log p)",
                "reason": "NotFound",
                "details": {"name": "p", "kind": "pods/log"},
            },
        ),
        (400, 'container "c" is waiting', {"message": 'container "c" is waiting', "reason": "BadRequest"}),
        (
            500,
            "broken",
            {
                "message": "Internal error occurred: broken",
                "reason": "InternalError",
                "details": {"causes": [{"message": "broken"}]},
            },
        ),
        (403, "Forbidden (user=x)", {"message": "Forbidden (user=x) ( pods/log p)", "reason": "Forbidden"}),
        (
            502,
            "b",
            {
                "message": 'an error on the server ("b") has prevented the request from succeeding ( pods/log p)',
                "reason": "InternalError",
            },
        ),
        (
            418,
            "tea",
            {
                "message": "the server responded with the status code 418 but did not return more information"
                " ( pods/log p)",
                "reason": None,
            },
        ),
    ],
)
async def test_what_a_kubelet_refuses_becomes_a_status(before, client, code: int, text: str, expected) -> None:
    target = await before(lambda _: Response(code, text.encode(), TEXT))
    answer = await client.request(target, "GET", LOG, timeout_s=5)
    status = json.loads(answer.body)
    assert (answer.status, status["code"]) == (code, code)
    assert {name: status.get(name) for name in expected} == expected


async def test_a_long_refusal_is_cut(before, client) -> None:
    target = await before(lambda _: Response(400, b"x" * 100_000, TEXT))
    status = json.loads((await client.request(target, "GET", LOG, timeout_s=5)).body)
    assert status["message"] == "x" * ERROR_BYTES_MAX


async def test_a_kubelet_leads_nobody_elsewhere(before, client) -> None:
    target = await before(lambda _: Response(302, b"", "", (("Location", "https://elsewhere/"),)))
    answer = await client.request(target, "GET", LOG, timeout_s=5)
    message = json.loads(answer.body)["message"]
    assert (answer.status, message) == (500, 'Get "https://elsewhere/": redirects forbidden')


async def test_a_kubelet_that_is_not_there_is_told_in_words_that_clients_know(before, client, unused_port) -> None:
    target = await before(None, port=unused_port)
    answer = await client.request(target, "GET", f"{LOG}?follow=1", timeout_s=5)
    status = json.loads(answer.body)
    where = f"127.0.0.1:{unused_port}"
    assert status["message"] == (
        f'Get "https://{where}/containerLogs/n/p/c?follow=true": dial tcp {where}: connect: connection refused'
    )
    assert (answer.status, status.get("reason")) == (500, None)


async def test_a_kubelet_that_proves_nothing_is_believed_only_on_demand(before, client, registry) -> None:
    target = await before(lambda _: Response(200, b"one\n", TEXT), authority="stranger")
    refused = json.loads((await client.request(target, "GET", LOG, timeout_s=5)).body)
    assert "x509: certificate signed by unknown authority" in refused["message"]
    answer = await client.request(target, "GET", f"{LOG}?insecureSkipTLSVerifyBackend=true", timeout_s=5)
    assert answer.body == b"one\n"
    told = registry.render().decode()
    assert 'kube_apiserver_pod_logs_insecure_backend_total{usage="enforce_tls"} 1' in told
    assert 'kube_apiserver_pod_logs_insecure_backend_total{usage="skip_tls_allowed"} 1' in told
    assert "kube_apiserver_pod_logs_backend_tls_failure_total 1" in told


class TestWebSockets:
    @staticmethod
    async def opened(client, target: Target, *protocols: str):
        """Stream and protocol of a client that asked for the log."""
        frames = ClientProtocol(parse_uri(f"ws://{target.host}:{target.port}{LOG}"), subprotocols=list(protocols))
        asked = frames.connect()
        headers = tuple((name, value) for name, value in asked.headers.raw_items() if name != "Host")
        upgraded = await client.upgrade(target, "GET", LOG, headers=headers, timeout_s=5)
        return upgraded, frames

    @staticmethod
    async def messages(stream, count: int) -> list[tuple[Opcode, bytes]]:
        """The first so many frames; they are short."""
        data, found = b"", []
        while len(found) < count:
            if len(data) >= 2 and len(data) >= 2 + data[1]:
                size = data[1]
                found.append((Opcode(data[0] & 0x0F), data[2 : 2 + size]))
                data = data[2 + size :]
                continue
            more = await stream.read()
            assert more
            data += more
        return found

    @pytest.mark.parametrize("protocol", ["", "binary.k8s.io", "base64.binary.k8s.io"])
    async def test_the_log_comes_in_messages_after_an_empty_one(self, before, client, protocol: str) -> None:
        target = await before(lambda _: Response(200, b"one\n", TEXT))
        upgraded, _ = await self.opened(client, target, *((protocol,) if protocol else ()))
        assert upgraded.headers.get("sec-websocket-protocol") == protocol
        assert upgraded.headers.get_all("connection") == ["Upgrade"]
        kind, data = Opcode.BINARY, b"one\n"
        if protocol.startswith("base64"):
            kind, data = Opcode.TEXT, base64.b64encode(data)
        got = await self.messages(upgraded.stream, 3)
        assert got == [(kind, b""), (kind, data), (Opcode.CLOSE, b"\x03\xe8")]
        upgraded.stream.close()

    async def test_other_protocols_are_refused(self, before, client) -> None:
        target = await before(lambda _: Response(200, b"one\n", TEXT))
        answer, _ = await self.opened(client, target, "v4.channel.k8s.io")
        assert (answer.status, await answer.read()) == (403, b"")

    async def test_a_client_that_goes_ends_the_kubelets_answer(self, before, client) -> None:
        gone = asyncio.Event()

        async def run(stream) -> None:
            stream.on_close(gone.set)
            stream.write(b"one\n")
            await asyncio.Event().wait()

        target = await before(lambda _: StreamResponse(200, run, TEXT))
        upgraded, _ = await self.opened(client, target)
        await self.messages(upgraded.stream, 2)
        upgraded.stream.abort()
        async with asyncio.timeout(5):
            await gone.wait()

    async def test_what_the_kubelet_refuses_is_no_websocket(self, before, client) -> None:
        target = await before(lambda _: Response(404, b"", TEXT))
        answer, _ = await self.opened(client, target)
        assert (answer.status, json.loads(await answer.read())["reason"]) == (404, "NotFound")
