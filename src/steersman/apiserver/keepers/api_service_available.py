"""api_service_available: tells in each APIService's status whether its group version can be asked.

Reads: apiservices, services, endpointslices. Writes: apiservices (the Available condition of their status).
Invariants: the condition's time moves with its status only.
Upstream differences: extension servers are not called, so one whose Service is in order fails the discovery check;
nothing is checked again without a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.columns import at
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import go_quote
from steersman.api.meta.conditions import condition, find_condition, says_the_same, set_condition
from steersman.apiserver.keepers.base import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.store.watchcache import Change

AVAILABLE: Final = "Available"
SERVICE_LABEL: Final = "kubernetes.io/service-name"
LOCAL: Final = condition(AVAILABLE, "True", "Local", "Local APIServices are always available")


def plan_available(api_service: Object, service: Object | None, slices: Sequence[Object]) -> Object:
    """The condition, without its time. `service`: the one that it names, None if there is none; `slices`: all slices
    of that Service.
    """
    reference = at(api_service, "spec", "service")
    if reference is None:
        return LOCAL
    namespace, name, port = reference.get("namespace", ""), reference.get("name", ""), reference.get("port", 0)
    shown = f"service/{name} in {go_quote(namespace)}"
    if service is None:
        return _unavailable("ServiceNotFound", f"{shown} is not present")
    spec = service["spec"]
    listening = next((each for each in spec.get("ports") or () if each.get("port") == port), None)
    if spec.get("type") == "ClusterIP":
        if listening is None:
            return _unavailable("ServicePortError", f"{shown} is not listening on port {port}")
        if not slices:
            return _unavailable("EndpointsNotFound", f"cannot find endpointslices for {shown}")
        port_name = listening.get("name") or ""
        if not any(_has_ready(each, port_name) for each in slices):
            lacking = f"endpointslices for {shown} have no addresses with port name {go_quote(port_name)}"
            return _unavailable("MissingEndpoints", lacking)
    return _unavailable("FailedDiscoveryCheck", _discovery_problem(api_service, service, port, listening is not None))


def _unavailable(reason: str, message: str) -> Object:
    return condition(AVAILABLE, "False", reason, message)


def _has_ready(endpoint_slice: Object, port_name: str) -> bool:
    """A ready address, and the port: of the same slice."""
    ready = any(at(endpoint, "conditions", "ready") is not False for endpoint in endpoint_slice.get("endpoints") or ())
    ports = endpoint_slice.get("ports") or ()
    return ready and any((each.get("name") or "") == port_name and each.get("port") is not None for each in ports)


def _discovery_problem(api_service: Object, service: Object, port: int, listening: bool) -> str:
    """Why the group version's document cannot be read from where the Service would lead."""
    spec, group_version = service["spec"], api_service["spec"]
    if spec.get("type") == "ExternalName":
        host = spec.get("externalName", "")
    elif spec.get("clusterIP") == "None" and spec.get("type") == "ClusterIP":
        return 'cannot route to service with ClusterIP "None"'
    elif not listening:
        return f"no service port {port} found for service {go_quote(service['metadata']['name'])}"
    else:
        host = spec.get("clusterIP", "")
    host = f"[{host}]" if ":" in host else host
    group, version = group_version.get("group"), group_version.get("version")
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"failing or missing response from https://{host}:{port}{path}: extension servers are not called"


class APIServiceAvailable(Keeper):
    """Keys are names of APIServices."""

    name = "api_service_available"
    follows = (API_SERVICES, SERVICES, ENDPOINT_SLICES)

    _behind: dict[str, tuple[str, str]]
    """APIService -> namespace and name of the Service behind it; local ones are not in it."""

    def touched(self, resource: Resource, change: Change) -> Iterable[str]:
        if resource is API_SERVICES:
            name = self.name_of(resource, change)
            self._learn(name)
            return (name,)
        if not self._behind:
            return ()
        if resource is SERVICES:
            namespace, _, name = self.name_of(resource, change).partition("/")
            return self._served_by(namespace, (name,))
        namespace = self.name_of(resource, change).partition("/")[0]
        entries = [entry for entry in (change.entry, change.previous) if entry is not None]
        return self._served_by(namespace, {entry.labels.get(SERVICE_LABEL, "") for entry in entries})

    def everything(self) -> Iterable[str]:
        self._behind = {}
        names = self.names(API_SERVICES)
        for name in names:
            self._learn(name)
        return names

    def _learn(self, name: str) -> None:
        reference = at(self._reader.get(API_SERVICES, "", name) or {}, "spec", "service")
        if reference is None:
            self._behind.pop(name, None)
        else:
            self._behind[name] = (reference.get("namespace", ""), reference.get("name", ""))

    def _served_by(self, namespace: str, services: Iterable[str]) -> list[str]:
        wanted = {(namespace, service) for service in services}
        return [name for name, behind in self._behind.items() if behind in wanted]

    async def sync(self, key: str) -> None:
        api_service = self._reader.get(API_SERVICES, "", key)
        if api_service is None:
            return
        if says_the_same(find_condition(api_service, AVAILABLE), self._available(api_service)):
            return
        await self._pipeline.update(self.write(API_SERVICES, key, subresource="status"), self._updated)

    def _updated(self, old: Object | None) -> Object:
        assert old is not None
        draft = old | {"metadata": dict(old["metadata"]), "status": dict(old.get("status") or {})}
        now = self._identifiers.timestamp(self._identifiers.clock.now())
        set_condition(draft, self._available(old), now)
        return draft

    def _available(self, api_service: Object) -> Object:
        reference: Mapping[str, str] | None = at(api_service, "spec", "service")
        if reference is None:
            return LOCAL
        namespace, name = reference.get("namespace", ""), reference.get("name", "")
        service = self._reader.get(SERVICES, namespace, name)
        return plan_available(api_service, service, self._slices(namespace, name) if service is not None else ())

    def _slices(self, namespace: str, service: str) -> list[Object]:
        """Only those of the Service are decoded."""
        served = self._resources.of(ENDPOINT_SLICES)
        assert served.collection is not None
        prefix = served.range_prefix(namespace)
        names = [
            entry.key.removeprefix(prefix)
            for entry in served.collection.range(prefix)
            if entry.labels.get(SERVICE_LABEL) == service
        ]
        return [obj for name in names if (obj := self._reader.get(ENDPOINT_SLICES, namespace, name)) is not None]
