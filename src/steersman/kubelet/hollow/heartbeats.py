"""What a node writes of itself: its registration, its lease, its status. One at a time for each node.

    registered (or found, and told anew) > a lease every 10 s, the status when it has changed and every 5 minutes

Upstream: kubelet_node_status.go, component-helpers' lease controller. Difference: images that have come to a node are
told with the next regular status, not within ten seconds: thousands of nodes would write for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.coordination.lease import LEASES
from steersman.api.core.node import NODES
from steersman.api.errors import AlreadyExists, Conflict, NotFound
from steersman.api.meta.times import format_micro_time, format_time
from steersman.client.request import Key, PatchType
from steersman.kubelet.node_status import Machine, render_node, render_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.lib.clock import Clock

LEASE_NAMESPACE = "kube-node-lease"
LEASE_S = 40
RENEW_S = 10.0
RENEW_JITTER = 0.04
STATUS_S = 300.0


class Heartbeats:
    """Of one node. Every method raises ApiError and TransportError."""

    __slots__ = ("_client", "_clock", "_lease", "_machine", "_name", "pressures", "uid")

    def __init__(self, *, name: str, machine: Machine, client: Client, clock: Clock) -> None:
        self.uid = ""
        """Of the Node; empty: it is not registered."""
        self.pressures: Sequence[str] = ()
        """Conditions that are to hold: MemoryPressure, DiskPressure, PIDPressure."""
        self._name = name
        self._machine = machine
        self._client = client
        self._clock = clock
        self._lease: Object | None = None

    async def register(self, images: Mapping[str, int]) -> None:
        """Make the Node; one that is there is taken over."""
        now = format_time(self._clock.now())
        node = render_node(self._name, self._machine, images=images, now=now)
        try:
            made = await self._client.create(NODES, node)
        except AlreadyExists:
            key = Key("", self._name)
            present = await self._client.get(NODES, key)
            labels = present["metadata"].get("labels") or {}
            missing = {name: text for name, text in node["metadata"]["labels"].items() if labels.get(name) != text}
            if missing:
                await self._client.patch(NODES, key, {"metadata": {"labels": missing}}, kind=PatchType.STRATEGIC)
            made = await self.tell_status(present, images)
        self.uid = made["metadata"]["uid"]

    async def tell_status(self, node: Object | None, images: Mapping[str, int]) -> Object:
        """All of it. `node`: the object as it is known, whose conditions' times are kept."""
        old = (node or {}).get("status") or {}
        now = format_time(self._clock.now())
        new = render_status(self._machine, images=images, old=old, now=now, pressures=self.pressures)
        changes = {name: value for name, value in new.items() if value != old.get(name)}
        patch = {"status": changes}
        return await self._client.patch(
            NODES, Key("", self._name), patch, kind=PatchType.STRATEGIC, subresource="status"
        )

    async def renew(self) -> None:
        """Say that the node lives. Whatever became of its lease, it has one afterwards."""
        lease = self._lease
        if lease is None:
            lease = await self._find_or_make()
            if lease is None:
                return
        try:
            self._lease = await self._client.update(LEASES, self._renewed(lease))
        except NotFound:
            self._lease = None
            await self._find_or_make()
        except Conflict:
            self._lease = None
            found = await self._find_or_make()
            if found is not None:
                self._lease = await self._client.update(LEASES, self._renewed(found))

    async def _find_or_make(self) -> Object | None:
        """The lease that is there; None: it has just been made, and is fresh."""
        owner = {"apiVersion": "v1", "kind": "Node", "name": self._name, "uid": self.uid}
        metadata = {"name": self._name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}}
        try:
            return await self._client.get(LEASES, Key(LEASE_NAMESPACE, self._name))
        except NotFound:
            self._lease = await self._client.create(LEASES, self._renewed(lease))
            return None

    def _renewed(self, lease: Object) -> Object:
        spec = {
            "holderIdentity": self._name,
            "leaseDurationSeconds": LEASE_S,
            "renewTime": format_micro_time(self._clock.now()),
        }
        return lease | {"spec": {**lease["spec"], **spec}}
