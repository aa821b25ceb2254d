"""api_service_available: tells in each APIService's status whether its group version can be asked.

Reads: apiservices, services, endpointslices. Writes: apiservices (the Available condition of their status).
Invariants: the condition's time moves with its status only; what extension servers take to answer delays no other
APIService, nor the start.
Upstream differences: a bundle without a certificate is told in the condition.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.columns import at
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import go_quote
from steersman.api.meta.conditions import condition, find_condition, says_the_same, set_condition
from steersman.apiserver.aggregation.registrations import parse_registration
from steersman.apiserver.keepers.base import Keeper
from steersman.apiserver.outbound.resolver import SERVICE_LABEL, slices_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.aggregation.registrations import Registration
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.pipeline import Pipeline
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change

    Check = Callable[[Registration], Awaitable[str]]

AVAILABLE: Final = "Available"
LOCAL: Final = condition(AVAILABLE, "True", "Local", "Local APIServices are always available")
PASSED: Final = condition(AVAILABLE, "True", "Passed", "all checks passed")
RECHECK_S: Final = 30.0
"""When a server that answered is asked again: what is between it and us changes without an event."""
RETRY_S: Final = 0.005
"""When one that did not answer is, for the first time; then ever less often."""
RETRY_S_MAX: Final = 30.0
_DOUBLINGS_MAX: Final = 16


def plan_available(
    api_service: Object, service: Object | None, slices: Sequence[Object], problem: str | None
) -> Object | None:
    """The condition, without its time; None if the extension server has to be asked first. `service`: the one that it
    names, None if there is none; `slices`: all slices of that Service; `problem`: what is wrong with the server's
    answer, empty if nothing is, None if it was not asked.
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
    if problem is None:
        return None
    return _unavailable("FailedDiscoveryCheck", problem) if problem else PASSED


def retry_after(failures: int) -> float:
    """Seconds until a server that did not answer so many times in a row is asked again."""
    return min(RETRY_S * 2.0 ** min(failures - 1, _DOUBLINGS_MAX), RETRY_S_MAX)


def _unavailable(reason: str, message: str) -> Object:
    return condition(AVAILABLE, "False", reason, message)


def _has_ready(endpoint_slice: Object, port_name: str) -> bool:
    """A ready address, and the port: of the same slice."""
    ready = any(at(endpoint, "conditions", "ready") is not False for endpoint in endpoint_slice.get("endpoints") or ())
    ports = endpoint_slice.get("ports") or ()
    return ready and any((each.get("name") or "") == port_name and each.get("port") is not None for each in ports)


@dataclass(slots=True)
class _Asked:
    """An extension server, as far as it was asked."""

    spec: Object
    """Of the APIService for which it was asked."""
    problem: str | None = None
    """What was found, until it is told; None: not known."""
    running: bool = False
    again: bool = False
    """Something changed while it was asked."""
    failures: int = 0
    timer: asyncio.TimerHandle | None = None


class APIServiceAvailable(Keeper):
    """Keys are names of APIServices."""

    name = "api_service_available"
    follows = (API_SERVICES, SERVICES, ENDPOINT_SLICES)

    def __init__(
        self,
        *,
        resources: ResourceTable,
        reader: CacheReader,
        pipeline: Pipeline,
        identifiers: Identifiers,
        check: Check,
    ) -> None:
        """`check`: asks the server behind an APIService, and says what is wrong with its answer, or nothing."""
        super().__init__(resources=resources, reader=reader, pipeline=pipeline, identifiers=identifiers)
        self._check = check
        self._behind: dict[str, tuple[str, str]] = {}
        """APIService -> namespace and name of the Service behind it; local ones are not in it."""
        self._asked: dict[str, _Asked] = {}

    async def stop(self) -> None:
        await super().stop()
        for name in list(self._asked):
            self._forget(name)

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
            self._forget(key)
            return
        asked = self._asked.get(key)
        problem = asked.problem if asked is not None and asked.spec == api_service["spec"] else None
        wanted = self._available(api_service, problem)
        if wanted is None:
            self._ask(key, api_service)
            return
        if asked is not None:
            asked.problem = None
            if problem is None:
                self._forget(key)  # no use in asking as long as the objects are not in order
        if says_the_same(find_condition(api_service, AVAILABLE), wanted):
            return

        def updated(old: Object | None) -> Object:
            assert old is not None
            now_wanted = self._available(old, problem) or find_condition(old, AVAILABLE)
            draft = old | {"metadata": dict(old["metadata"]), "status": dict(old.get("status") or {})}
            if now_wanted is not None:
                set_condition(draft, now_wanted, self._identifiers.timestamp(self._identifiers.clock.now()))
            return draft

        await self._pipeline.update(self.write(API_SERVICES, key, subresource="status"), updated)

    def _available(self, api_service: Object, problem: str | None) -> Object | None:
        reference: Mapping[str, str] | None = at(api_service, "spec", "service")
        if reference is None:
            return LOCAL
        namespace, name = reference.get("namespace", ""), reference.get("name", "")
        service = self._reader.get(SERVICES, namespace, name)
        slices = slices_of(self._reader, namespace, name) if service is not None else ()
        return plan_available(api_service, service, slices, problem)

    # -- asking

    def _ask(self, key: str, api_service: Object) -> None:
        """In the background; what is found is told when the key is looked at again."""
        asked = self._asked.setdefault(key, _Asked(api_service["spec"]))
        if asked.running:
            asked.again = True
            return
        if asked.timer is not None:
            asked.timer.cancel()
        if asked.spec != api_service["spec"]:
            asked.spec, asked.failures = api_service["spec"], 0
        asked.running, asked.problem = True, None
        self._tasks.start(self._find_out(key, asked, parse_registration(api_service)), name=f"{self.name} {key}")

    async def _find_out(self, key: str, asked: _Asked, registration: Registration) -> None:
        problem: str | None = None
        try:
            problem = await self._check(registration)
        finally:
            asked.running = False
            if self._asked.get(key) is asked:
                self._found(key, asked, problem)

    def _found(self, key: str, asked: _Asked, problem: str | None) -> None:
        asked.problem = problem
        asked.failures = 0 if problem == "" else asked.failures + 1
        delay_s = retry_after(asked.failures) if asked.failures else RECHECK_S
        if asked.again:
            asked.again, delay_s = False, 0.0
        asked.timer = asyncio.get_running_loop().call_later(delay_s, self.enqueue, (key,))
        if problem is not None:
            self.enqueue((key,))

    def _forget(self, key: str) -> None:
        asked = self._asked.pop(key, None)
        if asked is not None and asked.timer is not None:
            asked.timer.cancel()
