"""The objects that a cluster has from the beginning, written at every start through the ordinary write path.

Namespaces, RBAC policy, priority classes, flow control, APIServices, the service range, and the `kubernetes` Service
with the addresses of this server. What is there stays, except what upstream keeps up to date as well (RBAC rules, a
second family of the service range, our own addresses).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources as package_files
from typing import TYPE_CHECKING

import orjson

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.endpoints import ENDPOINTS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from steersman.api.networking.service_cidr import SERVICE_CIDRS, cidrs_of
from steersman.apiserver.authn.user import SERVER, SERVER_MANAGER
from steersman.apiserver.authz import bootstrap as policy
from steersman.apiserver.options import DeleteOptions
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.service import Service

ON_START = {"kube-aggregator.kubernetes.io/automanaged": "onstart"}
"""The label of APIServices that are of the process that wrote them."""
ATTEMPTS_MAX = 50
RETRY_S = 0.2
_log = logging.getLogger(__name__)
_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_RBAC = "rbac.authorization.k8s.io"
_GROUP_PRIORITIES = {
    "": (18000, 1), "admissionregistration.k8s.io": (16700, 15), "apiextensions.k8s.io": (16700, 15),
    "apps": (17800, 15), "authentication.k8s.io": (17700, 15), "authorization.k8s.io": (17600, 15),
    "autoscaling": (17500, 30), "batch": (17400, 15), "certificates.k8s.io": (17300, 15),
    "coordination.k8s.io": (16500, 15), "discovery.k8s.io": (16200, 15), "events.k8s.io": (17750, 15),
    "flowcontrol.apiserver.k8s.io": (16100, 21), "networking.k8s.io": (17200, 15), "node.k8s.io": (16300, 15),
    "policy": (17100, 15), "rbac.authorization.k8s.io": (17000, 15), "resource.k8s.io": (16200, 20),
    "scheduling.k8s.io": (16600, 15), "storage.k8s.io": (16800, 15), "storagemigration.k8s.io": (16000, 15),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where this server is reached, and the ranges it hands out."""

    host: str
    port: int
    service_cidrs: tuple[str, ...]

    @property
    def service_ip(self) -> str:
        """The first address of the first range: the `kubernetes` Service."""
        return str(ipaddress.ip_network(self.service_cidrs[0])[1])


class Bootstrap:
    """Writes what is missing."""

    def __init__(self, *, service: Service, reader: CacheReader, addresses: Addresses) -> None:
        self._service = service
        self._reader = reader
        self._addresses = addresses

    async def run(self) -> None:
        """Raises ApiError. Other servers of the same store may be writing the same objects at this moment; every step
        looks at what is there first, so whoever was slower begins again.
        """
        attempts = 1 if self._service.cache.embedded else ATTEMPTS_MAX
        while True:
            attempts -= 1
            try:
                await self._write_missing()
            except ApiError as error:
                if attempts <= 0:
                    raise
                _log.info("the cluster's own objects are written again: %s", error)
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _write_missing(self) -> None:
        """In stages: namespaces before what lives in them, the service range before the Service."""
        await self._all((NAMESPACES, {"metadata": {"name": name}}) for name in _NAMESPACES)
        await asyncio.gather(self._policy(), self._all(self._static()), self._register_apis(), self._service_range())
        await self._kubernetes_service()

    async def _all(self, objects: Iterable[tuple[Resource, Object]]) -> None:
        await asyncio.gather(*(self._ensure(resource, obj) for resource, obj in objects))

    async def _ensure(self, resource: Resource, obj: Object) -> None:
        """Create an object, with the status it comes with, unless it is there."""
        metadata = obj["metadata"]
        if self._reader.exists(resource, metadata.get("namespace", ""), metadata["name"]):
            return
        status = obj.pop("status", None)
        try:
            await self._create(resource, obj)
        except AlreadyExists:
            return
        if status:
            await self._set_status(resource, metadata.get("namespace", ""), metadata["name"], status)

    def _write(self, resource: Resource, namespace: str, name: str) -> Write:
        return Write(
            served=self._service.resources.of(resource),
            namespace=namespace,
            name=name,
            user=SERVER,
            now=self._service.clock.now(),
            manager=SERVER_MANAGER,
        )

    async def _create(self, resource: Resource, obj: Object) -> None:
        metadata = obj["metadata"]
        obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        write = self._write(resource, metadata.get("namespace", ""), metadata["name"])
        await self._service.pipeline.create(write, self._service.normal_form(resource, obj))

    async def _set_status(self, resource: Resource, namespace: str, name: str, status: Object) -> None:
        write = self._write(resource, namespace, name)
        write.subresource = resource.subresource("status")

        def transform(old: Object | None) -> Object:
            assert old is not None
            return self._service.normal_form(resource, old | {"status": status})

        await self._service.pipeline.update(write, transform)

    async def _replace(self, resource: Resource, obj: Object) -> None:
        """Create, or bring everything but the metadata up to date."""
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        if not self._reader.exists(resource, namespace, name):
            await self._create(resource, obj)
            return

        def transform(old: Object | None) -> Object:
            assert old is not None
            return self._service.normal_form(resource, old | {k: v for k, v in obj.items() if k != "metadata"})

        await self._service.pipeline.update(self._write(resource, namespace, name), transform)

    # -- RBAC

    async def _policy(self) -> None:
        named = {s.resource.plural: s.resource for s in self._service.resources if s.resource.group == _RBAC}
        writes = policy.reconcile(lambda plural, namespace, name: self._reader.get(named[plural], namespace, name))
        await asyncio.gather(*(self._carry_out(named[write.resource], write) for write in writes))

    async def _carry_out(self, resource: Resource, write: policy.Write) -> None:
        metadata = write.obj["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        if write.action is policy.Action.UPDATE:
            wanted = write.obj
            await self._service.pipeline.update(
                self._write(resource, namespace, name), lambda _old: self._service.normal_form(resource, wanted)
            )
            return
        if write.action is policy.Action.REPLACE:
            await self._service.pipeline.delete(self._write(resource, namespace, name), DeleteOptions())
        try:
            await self._create(resource, write.obj)
        except AlreadyExists:
            return

    # -- what does not depend on the server

    def _static(self) -> Iterable[tuple[Resource, Object]]:
        document = orjson.loads(package_files.files(__package__).joinpath("boot_objects.json").read_bytes())
        by_path = {_path(served.resource): served.resource for served in self._service.resources}
        for path, objects in document.items():
            for obj in objects:
                yield by_path[path], obj
        tracking = {
            "metadata": {
                "name": "kube-apiserver-legacy-service-account-token-tracking",
                "namespace": "kube-system",
            },
            "data": {"since": self._service.clock.now().date().isoformat()},
        }
        yield CONFIG_MAPS, tracking

    async def _register_apis(self) -> None:
        """Also those away that belong to a process that has ended: they say that they are written at the start."""
        wanted = list(self._api_services())
        names = {obj["metadata"]["name"] for _, obj in wanted}
        for obj in self._reader.list(API_SERVICES, ""):
            metadata = obj["metadata"]
            if metadata["name"] not in names and ON_START.items() <= (metadata.get("labels") or {}).items():
                with suppress(NotFound, Conflict):  # another server was faster
                    write = self._write(API_SERVICES, "", metadata["name"])
                    await self._service.pipeline.delete(write, DeleteOptions(uid=metadata["uid"]))
        await self._all(wanted)

    def _api_services(self) -> Iterable[tuple[Resource, Object]]:
        """One for every group version that is served here."""
        served = {
            (s.resource.group, s.resource.version)
            for s in self._service.resources
            if s.resource.group in _GROUP_PRIORITIES
        }
        for group, version in sorted(served):
            group_priority, version_priority = _GROUP_PRIORITIES[group]
            spec: Object = {"version": version, "groupPriorityMinimum": group_priority}
            spec["versionPriority"] = 9 if (group, version) == ("autoscaling", "v1") else version_priority
            if group:
                spec["group"] = group
            yield API_SERVICES, {"metadata": {"name": f"{version}.{group}", "labels": {**ON_START}}, "spec": spec}

    # -- addresses

    async def _service_range(self) -> None:
        moment = self._service.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {
            "type": "Ready",
            "status": "True",
            "lastTransitionTime": moment,
            "reason": "",
            "message": "Kubernetes default Service CIDR is ready",
        }
        await self._ensure(
            SERVICE_CIDRS,
            {
                "metadata": {"name": "kubernetes"},
                "spec": {"cidrs": list(self._addresses.service_cidrs)},
                "status": {"conditions": [ready]},
            },
        )
        await self._widen_service_range(list(self._addresses.service_cidrs))

    async def _widen_service_range(self, wanted: list[str]) -> None:
        """A second family may be added to a cluster that has one; any other change of its range is not ours to make."""
        found = self._reader.get(SERVICE_CIDRS, "", "kubernetes")
        cidrs = cidrs_of(found) if found is not None else wanted
        if cidrs == wanted:
            return
        if cidrs != wanted[:1]:
            _log.warning(
                "the ServiceCIDR kubernetes has the ranges %s, but the server was started with %s", cidrs, wanted
            )
            return

        def transform(old: Object | None) -> Object:
            assert old is not None
            return self._service.normal_form(SERVICE_CIDRS, old | {"spec": {"cidrs": wanted}})

        await self._service.pipeline.update(self._write(SERVICE_CIDRS, "", "kubernetes"), transform)

    async def _kubernetes_service(self) -> None:
        addresses = self._addresses
        metadata = {"name": "kubernetes", "namespace": "default"}
        await self._ensure(
            SERVICES,
            {
                "metadata": metadata | {"labels": {"component": "apiserver", "provider": "kubernetes"}},
                "spec": {
                    "clusterIP": addresses.service_ip,
                    "clusterIPs": [addresses.service_ip],
                    "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": addresses.port}],
                    "sessionAffinity": "None",
                    "type": "ClusterIP",
                },
            },
        )
        host = ipaddress.ip_address(addresses.host)
        port: Object = {"name": "https", "port": addresses.port, "protocol": "TCP"}
        endpoints: Object = {
            "metadata": metadata | {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": str(host)}], "ports": [dict(port)]}],
        }
        endpoint_slice: Object = {
            "metadata": metadata | {"labels": {"kubernetes.io/service-name": "kubernetes"}},
            "addressType": "IPv4" if host.version == 4 else "IPv6",
            "endpoints": [{"addresses": [str(host)], "conditions": {"ready": True}}],
            "ports": [dict(port)],
        }
        if host.is_loopback:
            # Validation refuses loopback addresses in endpoints: nobody but this machine could follow them.
            return
        await self._replace(ENDPOINTS, endpoints)
        await self._replace(ENDPOINT_SLICES, endpoint_slice)


def _path(resource: Resource) -> str:
    root = f"/apis/{resource.group}" if resource.group else "/api"
    return f"{root}/{resource.version}/{resource.plural}"
