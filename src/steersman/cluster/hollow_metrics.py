"""hollow metrics: serves metrics.k8s.io for simulated nodes, so that `kubectl top` and autoscalers find what pods use.

An extension API server like any other: behind APIServices, over TLS, for the front proxy only; it listens on loopback,
and its Service is the name of that.
Writes: apiservices and a service, which are there as long as this is; a clusterrole.
Invariants: another's APIService stays as it is.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import tempfile
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.core.service import SERVICES
from steersman.api.errors import AlreadyExists, ApiError, MethodNotAllowed, NotFound, Unauthorized
from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.client.errors import TransportError
from steersman.client.request import Key, PatchType
from steersman.cluster.bootstrap import ON_START
from steersman.kubelet.hollow.resource_metrics import GROUP, VERSIONS
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.client import Client
    from steersman.kubelet.hollow.resource_metrics import ResourceMetrics
    from steersman.lib.clock import Clock
    from steersman.lib.http.message import Request

NAMESPACE: Final = "kube-system"
SERVICE: Final = "hollow-metrics"
HOST: Final = "127.0.0.1"
DRAIN_S: Final = 0.1
REMOVAL_S: Final = 1.0
"""What is registered is not worth more at the end: the store may be gone."""
ROLE: Final = "system:aggregated-metrics-reader"
_log: Final = logging.getLogger(__name__)
_LIFETIME: Final = timedelta(days=3650)
"""Of a certificate that lives no longer than the process."""
_SKEW: Final = timedelta(hours=1)
_GROUP_PRIORITY, _VERSION_PRIORITIES = 100, {"v1": 110, "v1beta1": 100}


class HollowMetrics:
    """Started after the nodes, stopped before them."""

    def __init__(self, *, metrics: ResourceMetrics, client: Client, front_proxy_ca: Path, clock: Clock) -> None:
        """`client`: of somebody who may register APIs. `front_proxy_ca`: who signed the front proxy's certificate."""
        self.port = 0
        self._metrics = metrics
        self._client = client
        self._front_proxy_ca = front_proxy_ca
        self._clock = clock
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Returns when it listens and is registered."""
        authority, certificate, key = self._issue()
        with tempfile.TemporaryDirectory() as folder:  # where TLS reads them from, once
            files = Path(folder, "tls.crt"), Path(folder, "tls.key")
            files[0].write_bytes(certificate)
            files[1].write_bytes(key)
            tls = server_context(certificate=files[0], key=files[1], client_ca=self._front_proxy_ca)
        server = Server(handler=self.handle, tls=tls, clock=self._clock)
        ((_, self.port),) = await server.start(HOST)
        self._stack.push_async_callback(server.drain, DRAIN_S)
        await self._register(authority)

    async def stop(self) -> None:
        await self._stack.aclose()

    def handle(self, request: Request) -> Response:
        """One request of the front proxy: it has asked already who may."""
        try:
            if request.peer.certificate_der is None:
                raise Unauthorized
            if request.method != "GET":
                raise MethodNotAllowed("the server does not allow this method on the requested resource", details={})
            labels, fields = request.param("labelSelector"), request.param("fieldSelector")
            return _json(self._metrics.answer(request.path, labels=labels, fields=fields))
        except ApiError as error:
            return _json(error.status(), error.code)

    def _issue(self) -> tuple[bytes, bytes, bytes]:
        """(authority, certificate, key), PEM."""
        from steersman.cluster.issue import issue_authority, issue_leaf, load_authority  # noqa: PLC0415 - 50 ms

        now = self._clock.now()
        begin, end = now - _SKEW, now + _LIFETIME
        authority, key = issue_authority(f"{SERVICE}-ca", not_before=begin, not_after=end)
        leaf = issue_leaf(
            load_authority(authority, key),
            common_name=SERVICE,
            server_names=(f"{SERVICE}.{NAMESPACE}.svc",),
            not_before=begin,
            not_after=end,
        )
        return authority, *leaf

    async def _register(self, authority: bytes) -> None:
        rule = {"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}
        labels = {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("view", "edit", "admin")}
        with suppress(AlreadyExists):  # it stays: others that serve these metrics call theirs the same
            await self._client.create(CLUSTER_ROLES, {"metadata": {"name": ROLE, "labels": labels}, "rules": [rule]})
        spec: Object = {"type": "ExternalName", "externalName": HOST}
        await self._put(SERVICES, {"metadata": {"name": SERVICE, "namespace": NAMESPACE}, "spec": spec})
        for version in VERSIONS:
            name = f"{version}.{GROUP}"
            spec = {
                "group": GROUP,
                "version": version,
                "groupPriorityMinimum": _GROUP_PRIORITY,
                "versionPriority": _VERSION_PRIORITIES[version],
                "caBundle": base64.b64encode(authority).decode("ascii"),
                "service": {"namespace": NAMESPACE, "name": SERVICE, "port": self.port},
            }
            if await self._is_anothers(name):
                continue
            await self._put(API_SERVICES, {"metadata": {"name": name, "labels": {**ON_START}}, "spec": spec})

    async def _is_anothers(self, name: str) -> bool:
        """Whether somebody else answers already."""
        try:
            found = await self._client.get(API_SERVICES, Key("", name))
        except NotFound:
            return False
        service = found["spec"].get("service") or {}
        return (service.get("namespace"), service.get("name")) != (NAMESPACE, SERVICE)

    async def _put(self, resource: Resource, obj: Object) -> None:
        """As it should be, until `stop`: a process that was killed may have left it behind."""
        key = Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        try:
            await self._client.create(resource, obj)
        except AlreadyExists:
            await self._client.patch(resource, key, obj, kind=PatchType.MERGE)
        self._stack.push_async_callback(self._remove, resource, key)

    async def _remove(self, resource: Resource, key: Key) -> None:
        try:
            async with asyncio.timeout(REMOVAL_S):
                await self._client.delete(resource, key)
        except (ApiError, TransportError, TimeoutError) as error:
            _log.warning("%s %s is left behind: %s", resource.kind, key.name, error or "no answer")


def _json(body: Object, status: int = 200) -> Response:
    return Response(status, orjson.dumps(body), "application/json")
