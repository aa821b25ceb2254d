"""garbage_collector: delete what nobody owns any more, and let owners go whose deletion waits for their dependents.

    every change > graph > keys > look at the live object, and at its owners > delete it, detach it, or let it be

Reads: everything that is served and has list, watch and delete (monitors); objects and owners where they are kept.
Writes: everything (delete; patch of ownerReferences and finalizers).
Keys: ("attempt", uid) for objects that may have to go, ("orphan", uid) for owners whose dependents are set free.
Invariants: nothing is deleted unless the API server has said of each of its owners that it is not there, or waits for
it; what is deleted is the object that was looked at, and its owners are those that were looked at; the finalizer
`orphan` goes when every dependent has been set free, and not before.
Upstream differences: an object whose owner is of a kind that is not served is looked at again when that is served, and
not from time to time; objects of a resource that is served no more do not stay in the graph.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from steersman.api.errors import Conflict, NotFound, UnsupportedMediaType, go_quote
from steersman.client.events import WARNING
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, NotYet
from steersman.controllers.garbage_collector.absent_owners import AbsentOwners
from steersman.controllers.garbage_collector.decisions import (
    Delete,
    Detach,
    Standing,
    detaching,
    detaching_merge,
    plan,
    releasing,
    standing_of,
    unblocking,
    unblocking_merge,
)
from steersman.controllers.garbage_collector.graph import FOREGROUND, ORPHAN, Graph, Node, owner_identity
from steersman.controllers.garbage_collector.monitors import Monitors

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.client.discovery import Served, Surface
    from steersman.client.request import Propagation
    from steersman.controllers.garbage_collector.graph import Effects, Identity

SYNC_S_MAX = 30.0
"""So long the first contents are waited for: one resource that cannot be read must not keep all garbage."""
ORPHANS_AT_ONCE = 20
CONFLICTS_MAX = 5
UNKNOWN_MIN = 1000
"""With so many keys that wait for kinds, it is looked whether their objects are still there."""
_ATTEMPT, _ORPHAN = "attempt", "orphan"


class _UnknownKind(Exception):
    """(apiVersion, kind) is not served."""


class _NamespacedOwner(Exception):
    """A cluster-wide object names a namespaced owner, which cannot be: nothing is done about it."""


class GarbageCollector(Controller):
    """See the module."""

    name = "garbage_collector"
    account = "generic-garbage-collector"
    component = "garbage-collector-controller"
    verbs_on_all = ("delete", "get", "list", "patch", "update", "watch")
    workers = 20

    def setup(self) -> None:
        self._graph = Graph()
        self._absent = AbsentOwners()
        self._metadata = self.client.only_metadata()
        self._unknown: dict[Key, tuple[str, str]] = {}
        """Keys that wait for a kind to be served."""
        self._unknown_max = UNKNOWN_MIN
        self._monitors = Monitors(informers=self._informers, graph=self._graph, then=self._take_note)
        self.discovery.on_change(self._served)

    async def run(self) -> None:
        """Until cancelled; begins to work when all that there is has been seen."""
        if self.discovery.surface.resources:
            self._served(self.discovery.surface)
        try:
            async with asyncio.timeout(SYNC_S_MAX):
                await self._monitors.synced()
        except TimeoutError:
            self.logger.warning("not everything could be read in %.0f s, proceeding anyway", SYNC_S_MAX)
        await super().run()

    async def reconcile(self, key: Key) -> None:
        node = self._graph.get(key.name)
        if node is None:
            return
        try:
            await (self._orphan(node) if key.namespace == _ORPHAN else self._consider(node))
        except _UnknownKind as unknown:
            self._park(key, unknown.args[0])
        except _NamespacedOwner:
            return

    # -- what has to be looked at

    def _served(self, surface: Surface) -> None:
        self._monitors.follow(surface)
        for key, kind in tuple(self._unknown.items()):
            if surface.of_kind(*kind) is not None:
                del self._unknown[key]
                self.queue.add(key)

    def _park(self, key: Key, kind: tuple[str, str]) -> None:
        self._unknown[key] = kind
        if len(self._unknown) > self._unknown_max:
            self._unknown = {each: kind for each, kind in self._unknown.items() if self._graph.get(each.name)}
            self._unknown_max = max(UNKNOWN_MIN, 2 * len(self._unknown))

    def _take_note(self, effects: Effects) -> None:
        for identity in effects.absent:
            self._absent.add(identity)
        for node in effects.attempt:
            self.queue.add(Key(_ATTEMPT, node.identity.uid))
        for node in effects.orphan:
            self.queue.add(Key(_ORPHAN, node.identity.uid))
        for node, reference in effects.misplaced:
            self._tell(node.identity, reference)

    def _tell(self, identity: Identity, reference: Object) -> None:
        obj = {
            "kind": identity.kind,
            "apiVersion": identity.api_version,
            "namespace": identity.namespace,
            "name": identity.name,
            "uid": identity.uid,
        }
        owner = owner_identity(reference, identity.namespace)
        message = f"ownerRef {owner} does not exist in namespace {go_quote(identity.namespace)}"
        self.recorder.event(obj, WARNING, "OwnerRefInvalidNamespace", message)

    # -- objects that may have to go

    async def _consider(self, node: Node) -> None:
        if node.being_deleted and not node.waits_for_dependents:
            return  # it is on its way
        identity = node.identity
        live = await self._live(identity)
        if live is None:
            self._found_absent(identity)
        elif node.waits_for_dependents:
            await self._finish_foreground(node)
        else:
            standings = {each["uid"]: await self._standing(each, node) for each in _owners(live)}
            waiting = any(each.waits_for_dependents for each in node.dependents.values())
            decision = plan(live, standings, has_dependents=bool(node.dependents), waiting_dependent=waiting)
            await self._carry_out(decision, node, live)
        if node.virtual and self._graph.get(identity.uid) is node:
            # It is there, and is not followed, or not yet: whether it goes can only be seen by looking again.
            raise NotYet(f"{identity} has not been observed yet")

    async def _carry_out(self, decision: Detach | Delete | None, node: Node, live: Object) -> None:
        identity = node.identity
        if decision is None:
            return
        if isinstance(decision, Detach):
            self.logger.debug("%s: owners that are not there are taken away", identity)
            patch, uids = detaching(identity.uid, decision.owner_uids), decision.owner_uids
            await self._patch(identity, patch, lambda obj: detaching_merge(obj, uids))
            return
        if decision.unblock:
            await self._patch(identity, unblocking(identity.uid, node.owners), unblocking_merge)
            live = await self._live(identity) or live
        self.logger.debug("%s: deleted, %s", identity, decision.propagation)
        try:
            await self._delete(identity, live, decision.propagation)
        except NotFound:
            self._found_absent(identity)

    async def _delete(self, identity: Identity, live: Object, propagation: Propagation) -> None:
        """Raises NotFound, and Conflict if its owners have changed."""
        resource = self._resource(identity.api_version, identity.kind)
        key = _key(identity, resource)
        version = live["metadata"]["resourceVersion"]
        try:
            await self.client.delete(resource, key, uid=identity.uid, resource_version=version, propagation=propagation)
        except Conflict:
            now = await self._metadata.get(resource, key)
            changed = now["metadata"]["resourceVersion"] != version
            if now["metadata"]["uid"] != identity.uid or not changed or _owners(now) != _owners(live):
                raise
            # What others write to it all the time must not keep it: what was decided upon is as it was.
            await self.client.delete(resource, key, uid=identity.uid, propagation=propagation)

    def _found_absent(self, identity: Identity) -> None:
        """Raises NotYet if it may be elsewhere."""
        effects = self._graph.remove_absent(identity)
        self._take_note(effects)
        if effects.attempt_later:
            raise NotYet(f"{identity} is not there, but may be elsewhere")

    async def _finish_foreground(self, node: Node) -> None:
        blocking = node.blocking_dependents()
        if not blocking:
            await self._release(node.identity, FOREGROUND)
        for dependent in blocking:
            if not dependent.waits_for_dependents:
                self.queue.add(Key(_ATTEMPT, dependent.identity.uid))

    async def _standing(self, reference: Object, node: Node) -> Standing:
        """How an owner of `node` is."""
        namespace = node.identity.namespace
        placed, wide = owner_identity(reference, namespace), owner_identity(reference, "")
        if wide in self._absent or placed in self._absent:
            return Standing.ABSENT
        resource = self._resource(reference["apiVersion"], reference["kind"])
        if resource.namespaced and not namespace:
            raise _NamespacedOwner
        owner: Object | None = None
        with contextlib.suppress(NotFound):
            key = Key(namespace if resource.namespaced else "", reference["name"])
            owner = await self._metadata.get(resource, key)
        standing = standing_of(owner, reference["uid"])
        if standing is Standing.ABSENT:
            self._absent.add(placed if resource.namespaced else wide)
        return standing

    # -- owners whose dependents are set free

    async def _orphan(self, node: Node) -> None:
        live = await self._live(node.identity)
        if live is None or releasing(live, ORPHAN) is None:
            return
        freed: set[str] = set()
        while left := [each for uid, each in node.dependents.items() if uid not in freed]:
            await self._set_free(left, node.identity.uid)
            freed.update(each.identity.uid for each in left)
        await self._release(node.identity, ORPHAN)

    async def _set_free(self, dependents: list[Node], owner_uid: str) -> None:
        """Raises the first error, after all have been tried."""
        turns = asyncio.Semaphore(ORPHANS_AT_ONCE)

        async def set_free(dependent: Node) -> None:
            identity = dependent.identity
            async with turns:
                with contextlib.suppress(NotFound):
                    patch = detaching(identity.uid, [owner_uid])
                    await self._patch(identity, patch, lambda obj: detaching_merge(obj, [owner_uid]))

        outcomes = await asyncio.gather(*map(set_free, dependents), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    # -- requests

    async def _release(self, identity: Identity, finalizer: str) -> None:
        """Take a finalizer away. Raises Conflict if others are faster every time."""
        resource = self._resource(identity.api_version, identity.kind)
        key = _key(identity, resource)
        for attempt in range(1, CONFLICTS_MAX + 1):
            live = await self._live(identity)
            patch = releasing(live, finalizer) if live is not None else None
            if patch is None:
                return
            try:
                await self._metadata.patch(resource, key, patch)
            except NotFound:
                return
            except Conflict:
                if attempt == CONFLICTS_MAX:
                    raise
            else:
                return

    async def _live(self, identity: Identity) -> Object | None:
        """The object as it is kept; None if there is none of this uid at that place."""
        resource = self._resource(identity.api_version, identity.kind)
        if resource.namespaced and not identity.namespace:
            raise _NamespacedOwner
        try:
            live = await self._metadata.get(resource, _key(identity, resource))
        except NotFound:
            return None
        return live if live["metadata"]["uid"] == identity.uid else None

    async def _patch(self, identity: Identity, patch: Object, merge: Callable[[Object], Object]) -> None:
        """`merge`: the same patch of an object as it is kept, where the kind knows no strategic merge patches."""
        resource = self._resource(identity.api_version, identity.kind)
        key = _key(identity, resource)
        try:
            await self._metadata.patch(resource, key, patch, kind=PatchType.STRATEGIC)
        except UnsupportedMediaType:
            live = await self._metadata.get(resource, key)
            await self._metadata.patch(resource, key, merge(live))

    def _resource(self, api_version: str, kind: str) -> Served:
        found = self.discovery.surface.of_kind(api_version, kind)
        if found is None:
            raise _UnknownKind((api_version, kind))
        return found


def _key(identity: Identity, resource: Served) -> Key:
    """A virtual node's namespace is that of its dependent, also if it is cluster-wide."""
    return Key(identity.namespace if resource.namespaced else "", identity.name)


def _owners(obj: Object) -> list[Object]:
    owners: list[Object] = obj["metadata"].get("ownerReferences") or []
    return owners
