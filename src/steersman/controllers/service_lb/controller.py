"""service_lb: makes a load balancer for every Service of type LoadBalancer, and takes it away again.

Reads: services, nodes. Writes: services (status: also the finalizer), events.
Keys: services, and ALL_NODES for what follows from all nodes together.
Invariants: a Service has the finalizer before anything is made for it, and keeps it until all of that is gone; one that
names a class is none of ours.
Upstream differences: of nodes that have changed every load balancer is told in turn, not several at a time.
Upstream: k8s.io/cloud-provider/controllers/service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.service import SERVICES
from steersman.api.errors import ApiError, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, NotYet, Writes
from steersman.controllers.service_lb.cloud import CloudError
from steersman.controllers.service_lb.services import (
    FINALIZER,
    identities,
    is_other_node,
    needs_cleanup,
    needs_update,
    takes_traffic,
    wants_balancer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools
    from steersman.controllers.service_lb.cloud import Cloud

ALL_NODES = Key("", "nodes")
SHOWN_NODES_MAX = 20
_NO_NODES = ("Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")


@dataclass(frozen=True, slots=True)
class Balancing:
    """What this controller is given; without a cloud it does nothing."""

    cloud: Cloud | None = None


class ServiceLB(Controller):
    """See the module."""

    name = "service_lb"
    account = "service-controller"
    reads = (SERVICES, NODES)
    writes = (Writes(SERVICES, ("patch",), "status"),)
    backoff_s = 5.0
    backoff_s_max = 300.0

    def __init__(self, tools: Tools, *, settings: Balancing | None = None) -> None:
        self._cloud = (settings or Balancing()).cloud
        self._known: dict[Key, Object] = {}
        """Services that may have a load balancer, as they were when that was last looked after."""
        self._nodes: dict[Key, frozenset[tuple[str, str]]] = {}
        """To which nodes each load balancer sends, as far as there is one."""
        super().__init__(tools)

    def setup(self) -> None:
        if self._cloud is not None:
            self.on(SERVICES, self._concerned)
            self.on(NODES, lambda old, new: (ALL_NODES,) if is_other_node(old, new) else ())

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        assert self._cloud is not None
        self._cloud.notice(old, new)
        present = new if new is not None else old
        assert present is not None
        if new is None:
            return (key_of(present),)
        if needs_cleanup(new) or (wants_balancer(new) if old is None else needs_update(old, new)):
            return (key_of(new),)
        return ()

    async def reconcile(self, key: Key) -> None:
        if key == ALL_NODES:
            await self._tell_all_of_nodes()
            return
        assert self._cloud is not None
        service, known = self.view.get(SERVICES, key), self._known.get(key)
        if known is not None and (service is None or service["metadata"]["uid"] != known["metadata"]["uid"]):
            await self._delete_for_gone(key, known)
        if service is None:
            return
        self._known[key] = service
        try:
            if not wants_balancer(service) or needs_cleanup(service):
                await self._take_away(key, service, self._cloud)
            else:
                await self._provide(key, service, self._cloud)
        except CloudError as error:
            self.recorder.event(service, "Warning", "SyncLoadBalancerFailed", f"Error syncing load balancer: {error}")
            raise NotYet(str(error)) from error

    async def _provide(self, key: Key, service: Object, cloud: Cloud) -> None:
        self._tell(service, "EnsuringLoadBalancer", "Ensuring load balancer")
        if FINALIZER not in (service["metadata"].get("finalizers") or ()):
            await self._patch(key, {"metadata": {"finalizers": [FINALIZER]}}, "add load balancer cleanup finalizer")
        nodes = [node for node in self.view.list(NODES) if takes_traffic(node)]
        if not nodes:
            self.recorder.event(service, *_NO_NODES)
        self._nodes[key] = identities(nodes)
        try:
            ingress = await cloud.ensure(service, nodes)
        except CloudError as error:
            raise CloudError(f"failed to ensure load balancer: {error}") from error
        self._tell(service, "EnsuredLoadBalancer", "Ensured load balancer")
        await self._set_ingress(key, service, ingress)

    async def _take_away(self, key: Key, service: Object, cloud: Cloud) -> None:
        try:
            if await cloud.exists(service):
                self._tell(service, "DeletingLoadBalancer", "Deleting load balancer")
                await cloud.delete(service)
        except CloudError as error:
            raise CloudError(f"failed to delete load balancer: {error}") from error
        if FINALIZER in (service["metadata"].get("finalizers") or ()):
            patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}}
            await self._patch(key, patch, "remove load balancer cleanup finalizer")
        self._tell(service, "DeletedLoadBalancer", "Deleted load balancer")
        await self._set_ingress(key, service, [])
        self._known.pop(key, None)
        self._nodes.pop(key, None)

    async def _delete_for_gone(self, key: Key, known: Object) -> None:
        """Somebody removed the finalizer, and the Service is no more."""
        if wants_balancer(known) and self._cloud is not None:
            self._tell(known, "DeletingLoadBalancer", "Deleting load balancer")
            try:
                await self._cloud.delete(known)
            except CloudError as error:
                message = f"Error deleting load balancer: {error}"
                self.recorder.event(known, "Warning", "DeleteLoadBalancerFailed", message)
                raise NotYet(message) from error
            self._tell(known, "DeletedLoadBalancer", "Deleted load balancer")
        self._known.pop(key, None)
        self._nodes.pop(key, None)

    # -- nodes

    async def _tell_all_of_nodes(self) -> None:
        assert self._cloud is not None
        nodes = [node for node in self.view.list(NODES) if takes_traffic(node)]
        present = identities(nodes)
        for key, service in list(self._known.items()):
            if wants_balancer(service) and self._nodes.get(key, present) != present:
                self._nodes[key] = present
                await self._tell_of_nodes(key, service, nodes, self._cloud)

    async def _tell_of_nodes(self, key: Key, service: Object, nodes: list[Object], cloud: Cloud) -> None:
        try:
            await cloud.update(service, nodes)
        except CloudError as error:
            shown = sorted(node["metadata"]["name"] for node in nodes[:SHOWN_NODES_MAX])
            shown += [f"<{len(nodes) - SHOWN_NODES_MAX} more>"] if len(nodes) > SHOWN_NODES_MAX else []
            message = (
                f"Error updating load balancer with new hosts [{' '.join(shown)}] [node names limited, total number of "
                f"nodes: {len(nodes)}], error: {error}"
            )
            self.recorder.event(service, "Warning", "UpdateLoadBalancerFailed", message)
            self.queue.add(key)
            return
        if nodes:
            self._tell(service, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
        else:
            self.recorder.event(service, *_NO_NODES)

    # -- writing

    async def _set_ingress(self, key: Key, service: Object, ingress: list[Object]) -> None:
        present = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        pairs = zip(ingress, present, strict=False)
        if len(present) == len(ingress) and all(made.items() <= each.items() for made, each in pairs):
            return  # the API has added what is left out
        try:
            patch = {"status": {"loadBalancer": {"ingress": ingress or None}}}
            await self.client.patch(SERVICES, key, patch, subresource="status")
        except NotFound:
            return  # it went with its finalizer

    async def _patch(self, key: Key, patch: Object, what: str) -> None:
        """Raises CloudError, which tells users of it."""
        try:
            await self.client.patch(SERVICES, key, patch, kind=PatchType.STRATEGIC, subresource="status")
        except NotFound:
            return
        except (ApiError, TransportError) as error:
            raise CloudError(f"failed to {what}: {error}") from error

    def _tell(self, service: Object, reason: str, message: str) -> None:
        self.recorder.event(service, "Normal", reason, message)
