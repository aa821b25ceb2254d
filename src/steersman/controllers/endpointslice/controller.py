"""endpointslice: keeps the EndpointSlices of services with a selector.

Reads: services, pods, nodes, endpointslices. Writes: endpointslices (create, update, delete), events.
Keys: services, and NODES_CHANGED (which no service is called) for what follows from all nodes together.
Invariants: see the package.
Upstream differences: a pod whose node is not there is looked at again when the node comes, and not every few seconds; a
pod that ends without having been ready is left out at once; a slice that somebody else changed is corrected at once.
Upstream: pkg/controller/endpointslice, k8s.io/endpointslice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.meta.conditions import is_condition_true
from steersman.client.request import Key
from steersman.controllers.backends import (
    BY_SELECTOR,
    LAST_CHANGE,
    is_ours,
    pods_behind,
    selector_keys,
    services_concerned,
)
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.endpointslice.packing import (
    ENDPOINTS_MAX,
    MANAGER,
    ZONE,
    address_types,
    is_owned,
    plan_slices,
)
from steersman.controllers.endpointslice.topology import Topology, wants_shares
from steersman.controllers.endpointslice.traffic_distribution import distribution_of, hint_nearest, remove_hints
from steersman.controllers.slices import BY_MANAGED_SERVICE, Changes, SliceError, SliceWriter, managed_keys, recycle
from steersman.controllers.trigger_times import TriggerTimes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.endpointslice.topology import Told

NODES_CHANGED = Key("", "nodes")


@dataclass(frozen=True, slots=True)
class SliceSizes:
    """What a user can choose."""

    endpoints_max: int = ENDPOINTS_MAX
    """In one slice."""


class EndpointSlices(Controller):
    """See the module."""

    name = "endpointslice"
    component = "endpoint-slice-controller"
    backoff_s = 1.0
    reads = (SERVICES, PODS, NODES, ENDPOINT_SLICES)
    writes = (
        Writes(SERVICES, ("update",), "finalizers"),
        Writes(ENDPOINT_SLICES, ("create", "delete", "update")),
    )

    def __init__(self, tools: Tools, *, settings: SliceSizes | None = None) -> None:
        self._sizes = settings or SliceSizes()
        super().__init__(tools)

    def setup(self) -> None:
        self._slices = SliceWriter(client=self.client, view=self.view, manager=MANAGER)
        self._triggers = TriggerTimes()
        self._topology = Topology()
        self._nodes_known = False
        self._nodes_missed: dict[str, set[Key]] = {}
        """Services with pods on nodes that are not there."""
        self.index(SERVICES, BY_SELECTOR, selector_keys)
        self.index(ENDPOINT_SLICES, BY_MANAGED_SERVICE, managed_keys)
        self.on(SERVICES)
        self.on(PODS, self._of_pod)
        self.on(NODES, self._of_node)
        self.on(ENDPOINT_SLICES, self._slices.concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        if key == NODES_CHANGED:
            self._look_at_nodes()
            return None
        service = self.view.get(SERVICES, key)
        if service is None:
            self._forget(key)
            return None
        if not is_ours(service) or not self._slices.settled(key):
            return None
        pods = pods_behind(service, self.view.list(PODS, key.namespace))
        trigger = self._triggers.observe(key, service, pods)
        changes, told, missing = self._plan(key, service, pods)
        for event in told:
            self.recorder.event(service, event.type, event.reason, event.message)
        failures = [f"skipping Pod {pod} for Service {key}: Node {node} Not Found" for pod, node in missing.items()]
        for node in missing.values():
            self._nodes_missed.setdefault(node, set()).add(key)
        try:
            await self._slices.write(key, mark(changes, trigger), owner=service)
        except SliceError as error:
            failures.append(str(error))
            raise error.cause from None
        finally:
            if failures:
                why = failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]"
                text = f"Error updating Endpoint Slices for Service {key}: {why}"
                self.recorder.event(service, "Warning", "FailedToUpdateEndpointSlices", text)
        return None

    # -- planning

    def _plan(self, key: Key, service: Object, pods: list[Object]) -> tuple[Changes, list[Told], dict[str, str]]:
        """What to write, what to tell, and which pods are left out."""
        existing = self._slices.slices_of(key)
        families = address_types(service)
        everything = Changes(delete=[each for each in existing if each["addressType"] not in families])
        for address_type in {each["addressType"] for each in everything.delete}:
            self._topology.drop(key, address_type)
        told: list[Told] = []
        missing: dict[str, str] = {}
        for address_type in families:
            of_family = [each for each in existing if each["addressType"] == address_type]
            plan = plan_slices(
                service, pods, of_family, address_type, self._node, endpoints_max=self._sizes.endpoints_max
            )
            missing |= plan.missing_nodes
            changes, events = self._hint(key, service, address_type, plan.changes, of_family)
            told += events
            everything.add(recycle(changes, usable=(each for each in of_family if is_owned(each, service))))
        return everything, told, missing

    def _hint(
        self, key: Key, service: Object, address_type: str, changes: Changes, existing: list[Object]
    ) -> tuple[Changes, list[Told]]:
        if wants_shares(service):
            if not self._nodes_known:
                self._look_at_nodes()
            return self._topology.hint(key, address_type, changes, existing)
        told = self._topology.disable(key, address_type)
        if distribution := distribution_of(service):
            return hint_nearest(changes, existing, distribution), told
        return remove_hints(changes, existing), told

    def _node(self, name: str) -> Object | None:
        return self.view.get(NODES, Key("", name))

    def _look_at_nodes(self) -> None:
        self._nodes_known = True
        self._topology.set_nodes(self.view.list(NODES))
        for key in self._topology.overloaded():
            self.queue.add(key)

    def _forget(self, key: Key) -> None:
        # Its slices are the garbage collector's: they name the service as their owner.
        self._slices.forget(key)
        self._triggers.forget(key)
        self._topology.forget(key)
        for keys in self._nodes_missed.values():
            keys.discard(key)

    # -- which keys a change concerns

    def _of_pod(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        return services_concerned(old, new, lambda value: self.view.by_index(SERVICES, BY_SELECTOR, value))

    def _of_node(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is None or new is None or _seen_of(old) != _seen_of(new):
            yield NODES_CHANGED
        if old is None and new is not None:
            yield from self._nodes_missed.pop(new["metadata"]["name"], ())


def mark(changes: Changes, trigger: str) -> Changes:
    """The same changes with the time (see TriggerTimes) in an annotation, or without one."""

    def marked(each: Object) -> Object:
        metadata = each["metadata"]
        annotations = dict(metadata.get("annotations") or {})
        annotations.pop(LAST_CHANGE, None)
        if trigger:
            annotations[LAST_CHANGE] = trigger
        return each | {"metadata": metadata | {"annotations": annotations}}

    return Changes([marked(each) for each in changes.create], [marked(each) for each in changes.update], changes.delete)


def _seen_of(node: Object) -> tuple[bool, str]:
    return is_condition_true(node, "Ready"), (node["metadata"].get("labels") or {}).get(ZONE) or ""
