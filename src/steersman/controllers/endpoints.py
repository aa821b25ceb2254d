"""endpoints: the Endpoints of services with a selector: the addresses of the pods behind them.

Reads: services, pods, endpoints. Writes: endpoints (create, update, delete), events. Of services one is looked at where
it is kept before the Endpoints of its name are deleted.
Invariants: Endpoints of services without a selector are not touched while the service is there; at most 1000 addresses,
and an annotation tells if there are more; a terminating pod is in there only if unready addresses are wanted.
Upstream differences: a pod that ends without having been ready is left out at once; Endpoints without a service are
deleted only after their service was looked at where it is kept; what was truncated is not written again and again.
Upstream: pkg/controller/endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.endpoints import ENDPOINTS
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.errors import ApiError, NotFound
from steersman.client.client import key_of
from steersman.client.errors import is_cause
from steersman.controllers.backends import (
    BY_SELECTOR,
    HEADLESS,
    LAST_CHANGE,
    LEADER,
    can_serve,
    canonical_addresses,
    hostname_in,
    is_headless,
    is_ours,
    pods_behind,
    reference_to_pod,
    selector_keys,
    services_concerned,
    target_port,
)
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.pending import Pending
from steersman.controllers.pods import is_ready
from steersman.controllers.subsets import repack_subsets, truncate_subsets
from steersman.controllers.trigger_times import TriggerTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
_TERMINATING = "NamespaceTerminating"


class Endpoints(Controller):
    """See the module."""

    name = "endpoints"
    account = "endpoint-controller"
    reads = (SERVICES, PODS, ENDPOINTS)
    writes = (
        Writes(SERVICES, ("get",)),
        Writes(ENDPOINTS, ("create", "delete", "update")),
        Writes(ENDPOINTS, ("create",), "restricted"),
    )

    def setup(self) -> None:
        self._pending = Pending(view=self.view, resource=ENDPOINTS)
        self._waiting: set[Key] = set()
        self._triggers = TriggerTimes()
        self.index(SERVICES, BY_SELECTOR, selector_keys)
        self.on(SERVICES)
        self.on(PODS, self._of_pod)
        self.on(ENDPOINTS, self._of_endpoints)

    async def run(self) -> None:
        # Services may have gone while nobody looked.
        for endpoints in self.view.list(ENDPOINTS):
            if LEADER not in (endpoints["metadata"].get("annotations") or {}):
                self.queue.add(key_of(endpoints))
        await super().run()

    async def reconcile(self, key: Key) -> Requeue | None:
        if not self._pending.settled(key):
            self._waiting.add(key)
            return None
        self._waiting.discard(key)
        service = self.view.get(SERVICES, key)
        current = self.view.get(ENDPOINTS, key)
        if service is None:
            await self._clean_up(key, current)
            return None
        if not is_ours(service):
            return None
        pods = pods_behind(service, self.view.list(PODS, key.namespace))
        trigger = self._triggers.observe(key, service, pods)
        wanted = plan_endpoints(service, pods, current, trigger=trigger)
        if wanted is not None:
            await self._write(service, wanted, creates=current is None)
        return None

    # -- carrying out

    async def _write(self, service: Object, wanted: Object, *, creates: bool) -> None:
        key = key_of(service)
        try:
            write = self.client.create if creates else self.client.update
            self._pending.created(key, await write(ENDPOINTS, wanted))
        except ApiError as error:
            if creates and is_cause(error, _TERMINATING):
                return  # nothing can be created there any more, and nothing needs to be
            reason, text = (
                ("FailedToCreateEndpoint", "Failed to create endpoint for service")
                if creates
                else ("FailedToUpdateEndpoint", "Failed to update endpoint")
            )
            self.recorder.event(wanted, "Warning", reason, f"{text} {key}: {error}")
            raise

    async def _clean_up(self, key: Key, current: Object | None) -> None:
        self._triggers.forget(key)
        if current is None:
            self._pending.forget(key)
            return
        # They may belong to somebody whose new service of that name the cache does not show yet.
        try:
            await self.client.get(SERVICES, key)
        except NotFound:
            try:
                await self.client.delete(ENDPOINTS, key, uid=current["metadata"]["uid"])
            except NotFound:
                return
            self._pending.deleted(key, current)

    # -- which keys a change concerns

    def _of_pod(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        return services_concerned(old, new, lambda value: self.view.by_index(SERVICES, BY_SELECTOR, value))

    def _of_endpoints(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """Only what disappears is made again: what somebody edits stays until the service or its pods change."""
        present = new if new is not None else old
        assert present is not None
        key = key_of(present)
        if key in self._waiting or (new is None and self.view.get(SERVICES, key) is not None):
            yield key


def plan_endpoints(service: Object, pods: Sequence[Object], current: Object | None, *, trigger: str) -> Object | None:
    """The Endpoints to write; None if `current` are as they should be. `pods`: those that the service selects."""
    subsets, truncated = truncate_subsets(compute_subsets(service, pods))
    labels = dict(service["metadata"].get("labels") or {})
    labels.pop(HEADLESS, None)
    if is_headless(service):
        labels[HEADLESS] = ""
    labels[MANAGED_BY] = MANAGER
    metadata = dict(current["metadata"]) if current is not None else _new_metadata(service)
    annotations = dict(metadata.get("annotations") or {})
    marks = {name: annotations.pop(name, None) for name in (LAST_CHANGE, OVER_CAPACITY)}
    if (
        current is not None
        and (_same_subsets(current.get("subsets") or (), subsets))
        and (metadata.get("labels") or {}) == labels
        and (marks[OVER_CAPACITY] == "truncated") == truncated
    ):
        return None
    if trigger:
        annotations[LAST_CHANGE] = trigger
    if truncated:
        annotations[OVER_CAPACITY] = "truncated"
    metadata |= {"labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}


def compute_subsets(service: Object, pods: Iterable[Object]) -> list[Object]:
    """Of the pods behind a service."""
    spec = service["spec"]
    unready_too = bool(spec.get("publishNotReadyAddresses"))
    subsets: list[Object] = []
    for pod in pods:
        if not can_serve(pod) or (pod["metadata"].get("deletionTimestamp") and not unready_too):
            continue
        address = _address(service, pod)
        if address is None:
            continue
        field = "addresses" if unready_too or is_ready(pod) else "notReadyAddresses"
        if spec.get("ports"):
            subsets += [{field: [address], "ports": [port]} for port in _ports(service, pod)]
        elif spec.get("clusterIP") == "None":
            subsets.append({field: [address]})
    return repack_subsets(subsets)


def _address(service: Object, pod: Object) -> Object | None:
    """None: the pod has no address of the service's family."""
    found = canonical_addresses(pod, _ip_version(service, pod))
    if not found:
        return None
    # Also an empty name is written, for the API to refuse: an address that is nowhere.
    address: Object = {"ip": found[0], "nodeName": pod["spec"].get("nodeName", "")}
    if hostname := hostname_in(pod, service):
        address["hostname"] = hostname
    return address | {"targetRef": reference_to_pod(pod)}


def _ip_version(service: Object, pod: Object) -> int:
    spec = service["spec"]
    if spec.get("ipFamilies"):
        return 6 if spec["ipFamilies"][0] == "IPv6" else 4
    cluster_ip = spec.get("clusterIP")
    shown = cluster_ip if cluster_ip and cluster_ip != "None" else (pod.get("status") or {}).get("podIP") or ""
    return 6 if ":" in shown else 4


def _ports(service: Object, pod: Object) -> Iterable[Object]:
    for port in service["spec"]["ports"]:
        number = target_port(pod, port)
        if number is None:
            continue
        made = {"port": number, "protocol": port.get("protocol") or "TCP"}
        made |= {field: port[field] for field in ("name", "appProtocol") if port.get(field)}
        yield made


def _new_metadata(service: Object) -> Object:
    return {"name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"]}


def _same_subsets(current: Iterable[Object], wanted: Iterable[Object]) -> bool:
    """Also if `current` is in another order; versions of pods do not count."""
    shown, aim = list(map(_plain, current)), list(map(_plain, wanted))
    return shown == aim or list(map(_plain, repack_subsets(shown))) == aim


def _plain(subset: Object) -> Object:
    plain: Object = {"ports": list(subset.get("ports") or ())}
    for field in ("addresses", "notReadyAddresses"):
        plain[field] = [
            address | {"targetRef": {name: value for name, value in reference.items() if name != "resourceVersion"}}
            if (reference := address.get("targetRef"))
            else address
            for address in subset.get(field) or ()
        ]
    return plain
