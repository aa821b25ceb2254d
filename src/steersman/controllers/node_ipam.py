"""node_ipam: give every node networks for its pods: a block of each of the cluster's pod networks.

Reads: nodes. Writes: nodes (patch), events.
Invariants: no two nodes are given the same block; nothing of the networks of services is given; a node that has blocks
keeps them; what nodes have is known before the first block is given.
Upstream differences: where one of two networks is used up, nothing of the other stays taken; a node with blocks that
the cluster does not have is told of in the log, once, and neither ends the controller nor is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.errors import ApiError, ServerTimeout
from steersman.client.client import key_of
from steersman.client.errors import Interrupted, TransportError
from steersman.client.request import PatchType
from steersman.controllers.base import Controller, NotYet, Writes
from steersman.controllers.cidr_set import MASK_BITS, CidrError, CidrSet, parse_network
from steersman.controllers.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.request import Key
    from steersman.controllers.base import Tools
    from steersman.controllers.cidr_set import Network

TRIES = 3


@dataclass(frozen=True, slots=True)
class PodNetworks:
    """What a user can choose."""

    cluster_cidrs: tuple[str, ...] = ("10.244.0.0/16",)
    """One, or one of each version of IP; the first is the primary one."""
    service_cidrs: tuple[str, ...] = ("10.96.0.0/16",)
    mask_bits: tuple[int, ...] = ()
    """Of a node's block, for each of `cluster_cidrs`; empty: MASK_BITS."""


class NodeIPAM(Controller):
    """See the module."""

    name = "node_ipam"
    account = "node-controller"
    component = "cidrAllocator"
    reads = (NODES,)
    writes = (Writes(NODES, ("patch",)),)
    workers = 30

    def __init__(self, tools: Tools, *, settings: PodNetworks | None = None) -> None:
        """Raises CidrError for networks that cannot be."""
        self._sets = make_sets(settings or PodNetworks())
        super().__init__(tools)

    def setup(self) -> None:
        self._pending = Pending(view=self.view, resource=NODES)
        self.on(NODES, self._concerned)

    async def reconcile(self, key: Key) -> None:
        node = self.view.get(NODES, key)
        if node is None:
            self._pending.forget(key)
            return
        if node["spec"].get("podCIDRs") or node["metadata"].get("deletionTimestamp") or not self._pending.settled(key):
            return
        try:
            networks = allocate(self._sets)
        except CidrError as error:
            self._tell(node, "CIDRNotAvailable")
            raise NotYet(str(error)) from error
        await self._assign(key, node, networks)

    async def _assign(self, key: Key, node: Object, networks: Sequence[Network]) -> None:
        texts = [str(network) for network in networks]
        patch = {"metadata": {"uid": node["metadata"]["uid"]}, "spec": {"podCIDR": texts[0], "podCIDRs": texts}}
        for attempt in range(1, TRIES + 1):
            try:
                answer = await self.client.patch(NODES, key, patch, kind=PatchType.STRATEGIC)
            except (ApiError, TransportError) as error:
                if attempt < TRIES:
                    continue
                self._tell(node, "CIDRAssignmentFailed")
                # If the request may have been carried out, leaking a block is safer than giving it to two nodes.
                if not isinstance(error, ServerTimeout | Interrupted):
                    release(self._sets, networks)
                raise
            self._pending.created(key, answer)
            return

    def _tell(self, node: Object, status: str) -> None:
        name = node["metadata"]["name"]
        reference = {"kind": "Node", "apiVersion": "v1", "name": name, "uid": node["metadata"]["uid"]}
        self.recorder.event(reference, "Normal", status, f"Node {name} status is now: {status}")

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """Also keeps the books of what nodes have: here, so that they are complete when the first worker begins."""
        before, after = pod_cidrs(old), pod_cidrs(new)
        if before != after:
            present = new if new is not None else old
            assert present is not None
            try:
                if before:
                    release(self._sets, [parse_network(text) for text in before])
                if after:
                    occupy(self._sets, [parse_network(text) for text in after])
            except CidrError as error:
                self.logger.error("node %s: %s", present["metadata"]["name"], error)  # noqa: TRY400 - no bug
        return [key_of(new)] if new is not None else ()


def pod_cidrs(node: Object | None) -> list[str]:
    """Of a node; none of None."""
    return list(node["spec"].get("podCIDRs") or ()) if node is not None else []


def make_sets(settings: PodNetworks) -> list[CidrSet]:
    """A set for each network of the cluster, without what services have of it. Raises CidrError."""
    sets = []
    for index, text in enumerate(settings.cluster_cidrs):
        mask_bits = settings.mask_bits[index] if settings.mask_bits else MASK_BITS[parse_network(text).version]
        sets.append(CidrSet(text, mask_bits=mask_bits))
    for text in settings.service_cidrs:
        services = parse_network(text)
        for cidrs in sets:
            if cidrs.overlaps(services):
                cidrs.occupy(services)
    return sets


def allocate(sets: Sequence[CidrSet]) -> list[Network]:
    """A block of each. Raises CidrError, and has taken none then."""
    networks: list[Network] = []
    for index, cidrs in enumerate(sets):
        try:
            networks.append(cidrs.allocate())
        except CidrError as error:
            release(sets, networks)
            raise CidrError(f"failed to allocate cidr from cluster cidr at idx:{index}: {error}") from error
    return networks


def occupy(sets: Sequence[CidrSet], networks: Sequence[Network]) -> None:
    """Raises CidrError."""
    for index, network in enumerate(networks):
        if index >= len(sets):
            raise CidrError(
                f"allocated cidr: {network} at index:{index} that does not exist in cluster cidrs configuration"
            )
        sets[index].occupy(network)


def release(sets: Sequence[CidrSet], networks: Sequence[Network]) -> None:
    """Raises CidrError."""
    for cidrs, network in zip(sets, networks, strict=False):
        cidrs.release(network)
