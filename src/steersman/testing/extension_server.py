"""A small extension API server, for tests of API aggregation: over TLS, for front proxies only.

    async with ExtensionServer(certificate=..., key=..., client_ca=...) as server:
        server.port

It serves `flunders` of one group version, kept in memory: list, get, create, delete, watch, and an `echo` subresource
that speaks a protocol of its own. `seen` holds what it was asked. Discovery and OpenAPI are fixed documents.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from steersman.lib.certificate import parse_certificate
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from steersman.lib.http.message import Answer, BodyStream, RawStream, Request

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_KIND = "Flunder"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came, and what the front proxy said of its sender."""

    method: str
    path: str
    query: str
    headers: dict[str, list[str]] = field(repr=False)

    @property
    def user(self) -> str:
        return next(iter(self.headers.get("x-remote-user", ())), "")


class ExtensionServer:
    """Entered when it listens, on 127.0.0.1 unless `host` says otherwise."""

    def __init__(
        self,
        *,
        certificate: Path,
        key: Path,
        client_ca: Path,
        group: str = "wardle.example.com",
        version: str = "v1",
        host: str = "127.0.0.1",
    ) -> None:
        self.group, self.version, self.host = group, version, host
        self.port = 0
        self.seen: list[Seen] = []
        self.broken = 0
        """A status: everything is answered with it."""
        self.answers = asyncio.Event()
        """Cleared: what comes waits for it."""
        self.answers.set()
        self.knows_aggregated = True
        """Whether discovery has its aggregated form."""
        self.knows_openapi_v3 = True
        self.definition: dict[str, Any] = {"type": "object", "description": "A flunder"}
        """Of a flunder, in OpenAPI."""
        self.further_paths: dict[str, str] = {}
        """Below /openapi/v3/ -> what the index says of them."""
        self._objects: dict[tuple[str, str], dict[str, Any]] = {}
        self._revision = 1
        self._watchers: set[asyncio.Queue[dict[str, Any]]] = set()
        tls = server_context(certificate=certificate, key=key, client_ca=client_ca)
        self._server = Server(handler=self._handle, tls=tls)

    async def __aenter__(self) -> Self:
        ((_, self.port),) = await self._server.start(self.host)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.drain(0.1)

    @property
    def path(self) -> str:
        """Of the group version."""
        return f"/apis/{self.group}/{self.version}"

    def asked(self, path: str) -> list[Seen]:
        """What was asked at a path, in order."""
        return [each for each in self.seen if each.path == path]

    # -- answering

    def _handle(self, request: Request) -> Answer | Awaitable[Answer]:
        headers = {name: request.headers.get_all(name) for name in request.headers}
        self.seen.append(Seen(request.method, request.path, request.query, headers))
        certificate = request.peer.certificate_der
        if certificate is None or parse_certificate(certificate).common_name != "front-proxy-client":
            return _json({"kind": "Status", "code": 401}, 401)
        if not self.answers.is_set():
            return self._later(request)
        return self._answer(request)

    async def _later(self, request: Request) -> Answer:
        await self.answers.wait()
        return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        if self.broken:
            return _json({"kind": "Status", "code": self.broken}, self.broken)
        documents = {
            self.path: self._resource_list,
            "/openapi/v2": self._openapi_v2,
            "/openapi/v3": self._openapi_v3_index,
            f"/openapi/v3{self.path}": self._openapi_v3,
        }
        if request.path in documents and (self.knows_openapi_v3 or not request.path.startswith("/openapi/v3")):
            return _json(documents[request.path]())
        if request.path == "/apis":
            return self._aggregated(request)
        if request.path == f"{self.path}/redirect":
            return Response(302, b"", headers=(("Location", "https://elsewhere.example.com/"),))
        parts = request.path.removeprefix(f"{self.path}/namespaces/").split("/")
        if len(parts) in (2, 3, 4) and parts[1] == "flunders":
            return self._flunders(request, parts[0], *parts[2:])
        return _json({"kind": "Status", "code": 404}, 404)

    def _flunders(self, request: Request, namespace: str, name: str = "", subresource: str = "") -> Answer:
        if subresource == "echo":
            return UpgradeResponse(_echo, (("Upgrade", "echo"),))
        if request.method == "POST":
            return _json(self._create(namespace, json.loads(request.body)), 201)
        if name:
            found = self._objects.get((namespace, name))
            if found is None:
                return _json({"kind": "Status", "code": 404, "reason": "NotFound"}, 404)
            if request.method == "DELETE":
                del self._objects[namespace, name]
                self._tell("DELETED", found)
            return _json(found)
        items = [obj for (place, _), obj in self._objects.items() if place == namespace]
        if request.param("watch"):
            return StreamResponse(200, lambda stream: self._watch(stream, items), "application/json")
        metadata = {"resourceVersion": str(self._revision)}
        head = {"kind": f"{_KIND}List", "apiVersion": f"{self.group}/{self.version}"}
        return _json(head | {"metadata": metadata, "items": items})

    def _create(self, namespace: str, obj: dict[str, Any]) -> dict[str, Any]:
        self._revision += 1
        given = {"namespace": namespace, "uid": f"uid-{self._revision}", "resourceVersion": str(self._revision)}
        made = {"kind": _KIND, "apiVersion": f"{self.group}/{self.version}"} | obj
        made["metadata"] = obj["metadata"] | given
        self._objects[namespace, obj["metadata"]["name"]] = made
        self._tell("ADDED", made)
        return made

    def _tell(self, kind: str, obj: dict[str, Any]) -> None:
        for watcher in self._watchers:
            watcher.put_nowait({"type": kind, "object": obj})

    async def _watch(self, stream: BodyStream, items: list[dict[str, Any]]) -> None:
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for obj in items:
            events.put_nowait({"type": "ADDED", "object": obj})
        self._watchers.add(events)
        try:
            while True:
                stream.write(json.dumps(await events.get()).encode() + b"\n")
        finally:
            self._watchers.discard(events)

    # -- what it says of itself

    def _aggregated(self, request: Request) -> Response:
        if not self.knows_aggregated:
            return _json({"kind": "Status", "code": 406}, 406)
        resource = {
            "resource": "flunders",
            "responseKind": {"group": self.group, "version": self.version, "kind": _KIND},
            "scope": "Namespaced",
            "singularResource": "flunder",
            "verbs": ["create", "delete", "get", "list", "watch"],
        }
        version = {"version": self.version, "resources": [resource], "freshness": "Current"}
        items = [{"metadata": {"name": self.group}, "versions": [version]}]
        head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
        body = json.dumps(head | {"items": items}).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if request.headers.get("if-none-match") == etag:
            return Response(304, b"", AGGREGATED, unique_headers=(("Etag", etag),))
        return Response(200, body, AGGREGATED, unique_headers=(("Etag", etag),))

    def _resource_list(self) -> dict[str, Any]:
        verbs = ["create", "delete", "get", "list", "watch"]
        flunders = {"name": "flunders", "singularName": "flunder", "namespaced": True, "kind": _KIND, "verbs": verbs}
        head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{self.group}/{self.version}"}
        return head | {"resources": [flunders]}

    @property
    def _definition_name(self) -> str:
        return f"com.example.{self.version}.{_KIND}"

    def _openapi_v2(self) -> dict[str, Any]:
        response = {"description": "OK", "schema": {"$ref": f"#/definitions/{self._definition_name}"}}
        operation = {"operationId": "readFlunder", "responses": {"200": response}}
        paths = {
            f"{self.path}/namespaces/{{namespace}}/flunders/{{name}}": {"get": operation},
            "/apis/apps/v1/elsewhere": {"get": operation},
        }
        kinds = [{"group": self.group, "version": self.version, "kind": _KIND}]
        definition = self.definition | {"x-kubernetes-group-version-kind": kinds}
        unused = {"type": "string"}
        definitions = {self._definition_name: definition, "unused": unused}
        info = {"title": "extension", "version": "1"}
        return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions}

    def _openapi_v3_index(self) -> dict[str, Any]:
        place = self.path.strip("/")
        paths = {place: f"/openapi/v3/{place}?hash=1", "version": "/version"} | self.further_paths
        return {"paths": {path: {"serverRelativeURL": url} for path, url in paths.items()}}

    def _openapi_v3(self) -> dict[str, Any]:
        schemas = {self._definition_name: self.definition}
        info = {"title": "extension", "version": "1"}
        return {"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": schemas}}


async def _echo(stream: RawStream) -> None:
    while data := await stream.read():
        stream.write(data)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(body).encode(), "application/json")
