"""A group version that an extension server answers, through a real server: found by its Service, believed by its
certificate, told who asks, and described as if it were ours.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.testing.extension_server import AGGREGATED, ExtensionServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.testing.rest import RestClient
    from steersman.testing.server import ServerProcess

TIMES: Any = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2100, 1, 1, tzinfo=UTC)}
GROUP = "wardle.example.com"
PATH = f"/apis/{GROUP}/v1"
FLUNDERS = f"{PATH}/namespaces/default/flunders"
API_SERVICE = f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{GROUP}"
WAIT_S = 20.0


def own_address() -> str:
    """An address of this machine that EndpointSlices accept: they refuse loopback. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        if not address.startswith("127."):
            return address
    pytest.skip("EndpointSlices refuse loopback addresses, and this machine has no other")


def until(true: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


class Running:
    """The extension server in a thread of its own, and its certificate's authority."""

    def __init__(self, folder: Path, front_proxy_ca: Path) -> None:
        authority, key = issue_authority("extension-ca", **TIMES)
        self.ca = authority
        names = ("ext.default.svc",)
        pems = issue_leaf(load_authority(authority, key), common_name="ext", server_names=names, **TIMES)
        files = folder / "ext.crt", folder / "ext.key"
        for path, pem in zip(files, pems, strict=True):
            path.write_bytes(pem)
        self.server = ExtensionServer(
            certificate=files[0], key=files[1], client_ca=front_proxy_ca, group=GROUP, host=own_address()
        )
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="extension server")

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self.server:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_S)


def create(admin: RestClient, path: str, body: dict[str, Any]) -> None:
    answer = admin.ask("POST", path, body)
    assert answer.status == 201, answer.body


@pytest.fixture
def extension(
    server: ServerProcess, client: Callable[..., RestClient], tmp_path: Path
) -> Iterator[tuple[ExtensionServer, RestClient]]:
    """Registered and available; the administrator of the server of ours."""
    admin = client(server)
    services, slices = (
        "/api/v1/namespaces/default/services",
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
    )
    with Running(tmp_path, server.ca.parent / "front-proxy-ca.crt") as running:
        extension = running.server
        create(admin, services, {"metadata": {"name": "ext"}, "spec": {"ports": [{"port": 443, "name": "https"}]}})
        labels = {"kubernetes.io/service-name": "ext"}
        create(
            admin,
            slices,
            {
                "metadata": {"name": "ext", "labels": labels},
                "addressType": "IPv4",
                "endpoints": [{"addresses": [extension.host], "conditions": {"ready": True}}],
                "ports": [{"name": "https", "port": extension.port}],
            },
        )
        spec = {
            "group": GROUP,
            "version": "v1",
            "groupPriorityMinimum": 2000,
            "versionPriority": 15,
            "caBundle": base64.b64encode(running.ca).decode(),
            "service": {"namespace": "default", "name": "ext", "port": 443},
        }
        create(admin, API_SERVICE.rpartition("/")[0], {"metadata": {"name": f"v1.{GROUP}"}, "spec": spec})
        until(lambda: condition(admin)[0] == "True", "the APIService did not become available")
        yield extension, admin
        for path in (API_SERVICE, f"{slices}/ext", f"{services}/ext"):
            assert admin.ask("DELETE", path).status == 200


def condition(admin: RestClient) -> tuple[str, str]:
    conditions = admin.ask("GET", API_SERVICE).body["status"].get("conditions") or [{}]
    return conditions[0].get("status", ""), conditions[0].get("reason", "")


def discovered(admin: RestClient) -> dict[str, Any] | None:
    answer = admin.ask("GET", "/apis", headers={"Accept": AGGREGATED})
    body = answer.body if isinstance(answer.body, dict) else json.loads(answer.body)
    for group in body["items"]:
        if group["metadata"].get("name") == GROUP:
            return dict(group["versions"][0])
    return None


def test_objects_of_an_extension_server_are_used_like_others(
    extension: tuple[ExtensionServer, RestClient], server: ServerProcess, client: Callable[..., RestClient]
) -> None:
    theirs, admin = extension
    watch = admin.watch(FLUNDERS)
    create(admin, FLUNDERS, {"metadata": {"name": "a"}})
    event = next(iter(watch))
    watch.close()
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")
    assert [item["metadata"]["name"] for item in admin.ask("GET", FLUNDERS).body["items"]] == ["a"]
    seen = theirs.asked(FLUNDERS)[-1]
    assert (seen.user, "system:masters" in seen.headers["x-remote-group"]) == ("admin", True)
    assert "authorization" not in seen.headers
    theirs.seen.clear()
    bob = client(server, token="bob-token")
    assert bob.ask("GET", FLUNDERS).status == 403
    assert theirs.asked(FLUNDERS) == [], "what is forbidden here was asked there"
    rules = [{"apiGroups": [GROUP], "resources": ["flunders"], "verbs": ["get", "list"]}]
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    create(admin, f"{rbac}/roles", {"metadata": {"name": "flunders"}, "rules": rules})
    subject = {"kind": "User", "name": "bob", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "flunders", "apiGroup": "rbac.authorization.k8s.io"}
    create(admin, f"{rbac}/rolebindings", {"metadata": {"name": "flunders"}, "subjects": [subject], "roleRef": role})
    assert bob.ask("GET", f"{FLUNDERS}/a").status == 200
    assert theirs.asked(f"{FLUNDERS}/a")[-1].user == "bob"
    assert admin.ask("DELETE", f"{FLUNDERS}/a").status == 200
    assert bob.ask("GET", f"{FLUNDERS}/a").status == 404


def test_a_connection_to_an_extension_server_speaks_its_own_protocol(
    extension: tuple[ExtensionServer, RestClient], server: ServerProcess
) -> None:
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(server.ca))
    with (
        socket.create_connection((where.hostname, where.port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as connection,
    ):
        connection.sendall(
            f"GET {FLUNDERS}/a/echo HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer admin-token\r\n"
            "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 "), head
        connection.sendall(b"hello")
        assert connection.recv(4096) == b"hello"


def test_what_an_extension_server_serves_is_discovered_and_described(
    extension: tuple[ExtensionServer, RestClient],
) -> None:
    _, admin = extension
    until(lambda: (discovered(admin) or {}).get("freshness") == "Current", "discovery did not become current")
    found = discovered(admin)
    assert found is not None
    assert [resource["resource"] for resource in found["resources"]] == ["flunders"]
    assert GROUP in [group["name"] for group in admin.ask("GET", "/apis").body["groups"]]
    assert admin.ask("GET", f"/apis/{GROUP}").body["preferredVersion"]["groupVersion"] == f"{GROUP}/v1"
    assert [resource["name"] for resource in admin.ask("GET", PATH).body["resources"]] == ["flunders"]
    place = f"apis/{GROUP}/v1"
    until(lambda: place in index(admin), "OpenAPI 3 does not name the group version")
    described = admin.ask("GET", index(admin)[place]).body
    assert "com.example.v1.Flunder" in described["components"]["schemas"]
    old = admin.ask("GET", "/openapi/v2").body
    assert "com.example.v1.Flunder" in old["definitions"]
    assert "io.k8s.api.core.v1.Pod" in old["definitions"]
    assert "/apis/apps/v1/elsewhere" not in old["paths"]


def index(admin: RestClient) -> dict[str, str]:
    body = admin.ask("GET", "/openapi/v3").body
    paths = (body if isinstance(body, dict) else json.loads(body))["paths"]
    return {path: entry["serverRelativeURL"] for path, entry in paths.items()}


def test_one_that_is_gone_is_unavailable_and_comes_back(extension: tuple[ExtensionServer, RestClient]) -> None:
    theirs, admin = extension
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/ext"
    merge = {"Content-Type": "application/merge-patch+json"}
    endpoint: dict[str, Any] = {"addresses": [theirs.host], "conditions": {"ready": False}}
    assert admin.ask("PATCH", slices, {"endpoints": [endpoint]}, headers=merge).status == 200
    until(lambda: condition(admin) == ("False", "MissingEndpoints"), "the APIService stays available")
    answer = admin.ask("GET", FLUNDERS)
    assert (answer.status, answer.body) == (503, "service unavailable\n")
    until(lambda: (discovered(admin) or {}).get("freshness") == "Stale", "discovery does not become stale")
    endpoint["conditions"]["ready"] = True
    assert admin.ask("PATCH", slices, {"endpoints": [endpoint]}, headers=merge).status == 200
    until(lambda: condition(admin) == ("True", "Passed"), "the APIService does not become available again")
    until(lambda: (discovered(admin) or {}).get("freshness") == "Current", "discovery does not become current again")
    assert admin.ask("GET", FLUNDERS).status == 200


def test_extension_servers_find_out_whom_to_believe(server: ServerProcess, client: Callable[..., RestClient]) -> None:
    admin = client(server)
    path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
    data = admin.ask("GET", path).body["data"]
    assert data["client-ca-file"] == server.ca.read_text()
    assert data["requestheader-client-ca-file"] == (server.ca.parent / "front-proxy-ca.crt").read_text()
    assert admin.ask("DELETE", path).status == 200
    until(lambda: admin.ask("GET", path).status == 200, "the ConfigMap does not come back")
    assert admin.ask("GET", path).body["data"] == data
