"""From a clientConfig to an answer."""

from __future__ import annotations

import base64
import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from steersman.api.core.service import SERVICES
from steersman.api.errors import ServiceUnavailable
from steersman.apiserver.outbound.hook_client import HookClient, HookFailed, read_address, read_refusal
from steersman.apiserver.outbound.resolver import ServiceResolver
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.message import ClientResponse
from steersman.lib.http.message import Headers, Response
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.lib.http.message import Request

PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----"


class Nowhere:
    """Stands for a cluster without endpoints."""

    def resolve(self, namespace: str, name: str, port: int | str) -> tuple[str, int]:
        raise ServiceUnavailable(f'no endpoints available for service "{namespace}/{name}:{port}"')


def test_a_service_is_known_by_its_name_in_the_cluster() -> None:
    address = read_address({"service": {"namespace": "n", "name": "s", "path": "/a b"}, "caBundle": bundle(PEM)})
    assert (address.host, address.authority, address.path) == ("s.n.svc", "s.n.svc:443", "/a%20b")
    assert (address.service, address.ca_pem) == (("n", "s", 443), PEM)
    assert read_address({"service": {"namespace": "n", "name": "s", "port": 8443}}).authority == "s.n.svc:8443"


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("https://example.com:8443/a/b", "example.com", 8443, "/a/b"),
        ("https://[::1]:8443/x", "::1", 8443, "/x"),
        ("https://[::1]/x", "::1", 443, "/x"),
        ("https://example.com/a//b/../c/", "example.com", 443, "/a/c"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    address = read_address({"url": url})
    assert (address.host, address.port, address.path, address.service) == (host, port, path, None)


def test_a_blank_bundle_is_none() -> None:
    assert read_address({"url": "https://a", "caBundle": bundle("\n \n")}).ca_pem == ""
    with pytest.raises(HookFailed, match="must have either service or URL"):
        read_address({})


def bundle(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def response(code: int, body: bytes = b"", media: str = "text/plain") -> ClientResponse:
    headers = Headers()
    headers.add("content-type", media)
    return ClientResponse(code, headers, body)


@pytest.mark.parametrize(
    ("code", "body", "media", "why"),
    [
        (200, b"x", "text/plain", None),
        (400, b"x", "text/plain", "the server rejected our request for an unknown reason"),
        (403, b" no ", "text/plain", "no"),
        (404, b"x", "text/plain", "the server could not find the requested resource"),
        (406, b"", "text/plain", "the server was unable to respond with a content type that the client supports"),
        (500, b"oops\n", "text/plain", 'an error on the server ("oops") has prevented the request from succeeding'),
        (
            500,
            b"{}",
            "application/json",
            'an error on the server ("unknown") has prevented the request from succeeding',
        ),
        (302, b"", "", "the server responded with the status code 302 but did not return more information"),
    ],
)
def test_refusals_are_told_as_upstreams_client_does(code: int, body: bytes, media: str, why: str | None) -> None:
    assert read_refusal(response(code, body, media)) == why


def test_a_status_speaks_for_itself() -> None:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "my words"}
    assert read_refusal(response(500, orjson.dumps(status), "application/json")) == "my words"


async def failure(config: dict[str, Any]) -> str:
    client = HttpClient()
    try:
        with pytest.raises(HookFailed) as caught:
            await HookClient(client=client, resolver=Nowhere()).post(config, {}, timeout_s=30)
    finally:
        await client.close()
    return str(caught.value)


async def test_what_cannot_be_reached_is_told_with_its_url() -> None:
    said = await failure({"service": {"namespace": "n", "name": "s", "path": "/x"}})
    assert said == 'Post "https://s.n.svc:443/x?timeout=30s": no endpoints available for service "n/s:443"'
    said = await failure({"url": "https://127.0.0.1:1/x", "caBundle": bundle(PEM)})
    assert said == "unable to load root certificates: unable to parse bytes as PEM block"


@pytest.mark.parametrize("host", [".example.com", "a" * 70 + ".example"])
async def test_a_host_that_cannot_be_one_fails_as_any_other(host: str) -> None:
    assert (await failure({"url": f"https://{host}:1/x"})).startswith(f'Post "https://{host}:1/x?timeout=30s": ')


class Hook:
    """A reader of one Service and its one endpoint, on loopback."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        ports = [{"port": port}]
        self._slice = {
            "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": ports,
        }

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        found = resource is SERVICES and (namespace, name) == ("ns", self.name)
        return {"spec": {"type": "ClusterIP", "ports": [{"port": 443}]}} if found else None

    def list(self, _resource: Resource, _namespace: str = "") -> list[Object]:
        return [self._slice]

    def version(self, _resource: Resource) -> int:
        return 1


async def test_a_service_is_reached_through_its_endpoint_and_proves_its_name(serve, client, certificates) -> None:
    seen: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        seen.append((request.headers.get("host"), request.path))
        return Response(200, request.body, "application/json")

    tls = server_context(certificate=certificates.certificate("kubelet"), key=certificates.key("kubelet"))
    port = await serve(answer, tls=tls)
    ca = base64.b64encode(certificates.certificate("ca").read_bytes()).decode()

    async def ask(name: str) -> bytes:
        config = {"service": {"namespace": "ns", "name": name, "path": "/x/"}, "caBundle": ca}
        resolver = ServiceResolver(Hook(name, port), rng=random.Random(1))
        return await HookClient(client=client, resolver=resolver).post(config, {"a": 1}, timeout_s=30)

    assert await ask("hook") == b'{"a":1}'
    assert seen == [("hook.ns.svc:443", "/x")]
    with pytest.raises(HookFailed, match=r"certificate is valid for other names, not other\.ns\.svc"):
        await ask("other")
