"""namespace: delete all that is in a namespace which is being deleted, then let go of it.

    wait a little > pods > when none is left: everything else > say what is left > take away the finalizer `kubernetes`

Reads: namespaces, pods; the namespace where it is kept, and what the API serves, before every pass. Writes: everything
namespaced (deletecollection, delete; list), namespaces/status, namespaces/finalize.
Invariants: nothing but pods is deleted before the last pod is gone; the conditions are written before the finalizer
goes; it stays while anything is left, could not be deleted, or could not be asked about.
Upstream differences: a pass begins when the last pod goes, and not only when the pods' grace is over; the objects of
several resources are deleted at the same time.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from steersman.api.core.namespace import FINALIZER, NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.errors import Conflict, NotFound
from steersman.api.meta.times import format_time
from steersman.client.request import Key
from steersman.controllers.base import Controller, NotYet, Requeue, Writes
from steersman.controllers.namespace.conditions import Findings, apply_conditions, compute_conditions
from steersman.controllers.namespace.content import Content, Rest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.client.discovery import Served, Surface

SETTLE_S = 5.0
"""So long after its deletion a namespace is left alone: other API servers have to hear of it, and to stop creating."""
BACKOFF_S_MAX = 60.0
AT_ONCE = 8
"""Resources of one namespace whose objects are deleted at a time."""


class Namespaces(Controller):
    """Keys: ("", name of a namespace)."""

    name = "namespace"
    reads = (NAMESPACES, PODS)
    writes = (
        Writes(NAMESPACES, ("get",)),
        Writes(NAMESPACES, ("update",), subresource="status"),
        Writes(NAMESPACES, ("update",), subresource="finalize"),
    )
    verbs_on_all = ("delete", "deletecollection", "list")
    workers = 10
    backoff_s_max = BACKOFF_S_MAX

    def setup(self) -> None:
        self._content = Content(client=self.client)
        self.on(NAMESPACES, self._deleted)
        self.on(PODS, self._emptied)

    def _deleted(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A namespace's deletion has begun, or it has other finalizers now; what its status says is our own doing."""
        if new is not None and is_deleted(new) and (old is None or not is_deleted(old) or old["spec"] != new["spec"]):
            key = Key("", new["metadata"]["name"])
            self.queue.add_after(key, settle_s(new, now=self.clock.now()))
        return ()

    def _emptied(self, _old: Object | None, new: Object | None) -> Iterable[Key]:
        """The last pod of a namespace that is being deleted has gone."""
        if new is not None or _old is None:
            return ()
        name = _old["metadata"]["namespace"]
        namespace = self.view.get(NAMESPACES, Key("", name))
        if namespace is None or not is_deleted(namespace) or self.view.list(PODS, name):
            return ()
        if settle_s(namespace, now=self.clock.now()) > 0:
            return ()
        return (Key("", name),)

    async def reconcile(self, key: Key) -> Requeue | None:
        try:
            namespace = await self.client.get(NAMESPACES, key)
            if not is_deleted(namespace) or not finalizers_of(namespace):
                return None
            namespace = await self._mark(namespace)
            return await self._empty(namespace)
        except NotFound:
            return None  # it is gone, or the server that told us of it was behind

    async def _mark(self, namespace: Object) -> Object:
        status = namespace.get("status") or {}
        if status.get("phase") == "Terminating":
            return namespace
        return await self.client.update_status(NAMESPACES, namespace | {"status": status | {"phase": "Terminating"}})

    async def _empty(self, namespace: Object) -> Requeue | None:
        """Raises NotYet if something is left that is not expected to go by itself."""
        name = namespace["metadata"]["name"]
        surface = await self.discovery.fetch()
        findings = Findings(tuple(surface.failures), surface.failure)
        pods, others = plan_order(surface)
        deleted_for_s = (self.clock.now() - deleted_at(namespace)).total_seconds()
        estimate_s = await self._delete(pods, name, deleted_for_s, findings)
        pods_left = bool(findings.remaining)
        if not pods_left:
            estimate_s = max(estimate_s, await self._delete(others, name, deleted_for_s, findings))
        namespace = await self._tell(namespace, compute_conditions(findings, counted=not pods_left))
        if findings.failures or findings.discovery_failure:
            raise NotYet(", ".join([*findings.failures, findings.discovery_failure]))
        if estimate_s > 0:
            return Requeue(after_s=estimate_s // 2 + 1)
        await self._finalize(namespace)
        return None

    async def _delete(self, resources: list[Served], namespace: str, deleted_for_s: float, findings: Findings) -> int:
        """How long what is left is expected to take, in s."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def delete(resource: Served) -> Rest:
            async with turns:
                return await self._content.delete(resource, namespace, deleted_for_s=deleted_for_s)

        rests = await asyncio.gather(*map(delete, resources))
        for resource, rest in zip(resources, rests, strict=True):
            if rest.failure:
                findings.failures.append(rest.failure)
            if rest.count:
                findings.remaining[resource.plural, resource.group] = rest.count
                findings.finalizers.update(rest.finalizers)
        return max((rest.estimate_s for rest in rests), default=0)

    async def _tell(self, namespace: Object, conditions: list[Object]) -> Object:
        """The namespace as it is now."""
        changed = apply_conditions(namespace, conditions, format_time(self.clock.now()))
        if changed is None:
            return namespace
        try:
            return await self.client.update_status(NAMESPACES, changed)
        except Conflict:
            # Others write it too, for instance its labels: what we say depends on nothing of that.
            latest = await self._latest(namespace)
            changed = apply_conditions(latest, conditions, format_time(self.clock.now()))
            return latest if changed is None else await self.client.update_status(NAMESPACES, changed)

    async def _finalize(self, namespace: Object) -> None:
        try:
            await self._let_go(namespace)
        except Conflict:
            await self._let_go(await self._latest(namespace))

    async def _let_go(self, namespace: Object) -> None:
        kept = sorted({name for name in finalizers_of(namespace) if name != FINALIZER})
        spec = namespace["spec"] | {"finalizers": kept}
        await self.client.update(NAMESPACES, namespace | {"spec": spec}, subresource="finalize")

    async def _latest(self, namespace: Object) -> Object:
        """Raises NotFound if it is gone, even if another of its name is there."""
        key = Key("", namespace["metadata"]["name"])
        latest = await self.client.get(NAMESPACES, key)
        if latest["metadata"]["uid"] != namespace["metadata"]["uid"]:
            raise NotFound.of("", NAMESPACES.plural, key.name)
        return latest


def is_deleted(namespace: Object) -> bool:
    return bool(namespace["metadata"].get("deletionTimestamp"))


def deleted_at(namespace: Object) -> datetime:
    return datetime.fromisoformat(namespace["metadata"]["deletionTimestamp"])


def finalizers_of(namespace: Object) -> list[str]:
    return (namespace.get("spec") or {}).get("finalizers") or []


def settle_s(namespace: Object, *, now: datetime) -> float:
    """How long a deleted namespace is still left alone."""
    return min(SETTLE_S, SETTLE_S - (now - deleted_at(namespace)).total_seconds())


def plan_order(surface: Surface) -> tuple[list[Served], list[Served]]:
    """(pods, everything else): what may be in a namespace and can be deleted."""
    content = [each for each in surface.preferred("delete") if each.namespaced]
    pods = [each for each in content if (each.group, each.plural) == (PODS.group, PODS.plural)]
    return pods, [each for each in content if each not in pods]
