"""resourcequota: the status of a ResourceQuota says what its namespace has, measured.

Admission charges what is created; this controller measures when a quota appears or changes, and when something is
given back: deleted, ended, made smaller.

Reads: resource quotas, what they bound by name, and every other resource that a quota counts (`count/...`), from when
one does. Writes: resource quotas (status).
Invariants: a resource that cannot be measured keeps the usage it had; only bounded resources are told; a status that
says it all is not written.
Upstream differences: only what quotas count is watched, not everything there is. What was created is looked at a little
later too: a measurement that a cache behind the charge made too small does not last until the next resync.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.pod_resources import Amounts, add, amounts
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.core.secret import SECRETS
from steersman.api.core.service import SERVICES
from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.errors import NotFound
from steersman.api.meta.quantity import ZERO
from steersman.api.quota.meters import Counter
from steersman.api.quota.quota import compile_quota
from steersman.api.quota.registry import Kind, Meters, counted
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.quota.quota import Quota
    from steersman.api.resource import Resource
    from steersman.client.discovery import Served, Surface
    from steersman.client.informer import Informer
    from steersman.client.request import Named
    from steersman.controllers.base import Tools, View

RESYNC_S = 300.0
"""Everything is measured anew so often, as upstream does."""
CREATED_S = 5.0
"""So long after a creation its quota is measured, however many more come in between."""
_NAMED = (PODS, SERVICES, PERSISTENT_VOLUME_CLAIMS, RESOURCE_CLAIMS, CONFIG_MAPS, REPLICATION_CONTROLLERS, SECRETS)
"""What quotas bound by other names than `count/...`."""
_WEIGHED = (PODS, SERVICES, PERSISTENT_VOLUME_CLAIMS, RESOURCE_CLAIMS)
"""Objects of these use more or less as they change."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """What a user can choose."""

    resync_s: float = RESYNC_S


class ResourceQuotas(Controller):
    """See the module."""

    name = "resourcequota"
    reads = (RESOURCE_QUOTAS, *_NAMED, DEVICE_CLASSES)
    writes = (Writes(RESOURCE_QUOTAS, ("update",), subresource="status"),)

    def __init__(self, tools: Tools, *, settings: Measuring | None = None) -> None:
        self._resync_s = (settings or Measuring()).resync_s
        self._discovery = tools.discovery
        self._followed: dict[Kind, Informer] = {}
        super().__init__(tools)

    def setup(self) -> None:
        self._meters = Meters(lookup=_Lookup(self.view))
        self.on(RESOURCE_QUOTAS, changed_quotas)
        self._follow(("", RESOURCE_QUOTAS.plural), RESOURCE_QUOTAS)
        for resource in _NAMED:
            self._follow((resource.group, resource.plural), resource, weighed=resource in _WEIGHED)
        self._discovery.on_change(self._surface_changed)

    async def reconcile(self, key: Key) -> Requeue | None:
        quota = self.view.get(RESOURCE_QUOTAS, key)
        if quota is None:
            return None
        hard = quota["spec"].get("hard") or {}
        objects: dict[Kind, Sequence[Object]] = {}
        for kind, _ in self._meters.needed(hard):
            informer = self._informer(kind)
            if informer is not None:
                await informer.synced.wait()
                objects[kind] = informer.list(key.namespace)
        # Looked at again: measuring may have waited for a first list.
        quota = self.view.get(RESOURCE_QUOTAS, key)
        if quota is None:
            return None
        status = plan_status(quota, objects, meters=self._meters, now=self.clock.now())
        if status is not None:
            try:
                await self.client.update_status(RESOURCE_QUOTAS, quota | {"status": status})
            except NotFound:
                return None
        return Requeue(after_s=self._resync_s)

    # -- what is counted

    def _informer(self, kind: Kind) -> Informer | None:
        """None for what the API does not serve."""
        known = self._followed.get(kind)
        if known is not None:
            return known
        served = _served(self._discovery.surface, kind)
        return self._follow(kind, served) if served is not None else None

    def _follow(self, kind: Kind, resource: Named, *, weighed: bool = False) -> Informer:
        informer = self._informers.of(resource) if weighed else self._informers.of_metadata(resource)
        self._followed[kind] = informer
        informer.add_handler(self._handler(kind))
        return informer

    def _handler(self, kind: Kind) -> Callable[[Object | None, Object | None], None]:
        meter = self._meters.of(*kind)
        assert meter is not None

        def handle(old: Object | None, new: Object | None) -> None:
            present = new if new is not None else old
            assert present is not None
            quotas = self.view.list(RESOURCE_QUOTAS, present["metadata"].get("namespace", ""))
            for quota in quotas:
                if not meter.matching(quota["spec"].get("hard") or ()):
                    continue
                if old is None:
                    self.queue.add_after(key_of(quota), CREATED_S)
                elif new is None or uses_otherwise(meter, old, new, now=self.clock.now()):
                    self.queue.add(key_of(quota))

        return handle

    def _surface_changed(self, surface: Surface) -> None:
        """What goes is counted no more; what comes may be what a quota has been waiting for."""
        for kind in [kind for kind in self._followed if counted_by_name(kind) and _served(surface, kind) is None]:
            del self._followed[kind]
        for quota in self.view.list(RESOURCE_QUOTAS):
            kinds = (counted(name) for name in quota["spec"].get("hard") or ())
            if any(kind is not None and kind not in self._followed for kind in kinds):
                self.queue.add(key_of(quota))


class _Lookup:
    """What meters ask, answered from caches."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        return self._view.get(resource, Key(namespace, name))

    def list(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        return self._view.list(resource, namespace)

    def version(self, resource: Resource) -> int:
        objects = self._view.list(resource)
        latest = max((int(obj["metadata"]["resourceVersion"]) for obj in objects), default=0)
        return (latest << 16) + len(objects)  # a deletion leaves no version behind


def changed_quotas(old: Object | None, new: Object | None) -> list[Key]:
    """Those that appear, or bound something else, or say something that was not measured."""
    if new is None:
        return []
    status = new.get("status") or {}
    hard = new["spec"].get("hard") or {}
    measured = status.get("hard") == hard and set(status.get("used") or ()) >= set(hard)
    return [key_of(new)] if old is None or not measured or old["spec"] != new["spec"] else []


def counted_by_name(kind: Kind) -> bool:
    """Whether a kind is watched only because a quota counts it."""
    return kind not in {("", RESOURCE_QUOTAS.plural), *((resource.group, resource.plural) for resource in _NAMED)}


def uses_otherwise(meter: Counter, old: Object, new: Object, *, now: datetime) -> bool:
    """Whether a change of an object changes what it uses, or whether quotas with scopes are about it."""
    if old["metadata"].get("resourceVersion") == new["metadata"].get("resourceVersion"):
        return False
    if type(meter) is Counter:
        return False
    return (
        meter.usage(old, now) != meter.usage(new, now)
        or old["spec"].get("activeDeadlineSeconds") != new["spec"].get("activeDeadlineSeconds")
        or old["spec"].get("volumeAttributesClassName") != new["spec"].get("volumeAttributesClassName")
    )


def plan_status(
    quota: Object, objects: Mapping[Kind, Iterable[Object]], *, meters: Meters, now: datetime
) -> Object | None:
    """The status that a quota should have; None if it has it. `objects`: of its namespace, of all that can be listed
    of what it counts.
    """
    hard: Object = quota["spec"].get("hard") or {}
    status = quota.get("status") or {}
    used = amounts(status.get("used"))
    compiled = compile_quota(quota)
    for kind, meter in meters.needed(hard):
        if kind in objects:
            used |= measure(compiled, meter, meter.matching(hard), objects[kind], now=now)
    told = {name: str(used[name]) for name in sorted(used) if name in hard}
    wanted = {"hard": dict(hard), "used": told}
    same = (
        amounts(status.get("hard")) == amounts(hard)
        and "used" in status
        and amounts(status["used"]) == {name: used[name] for name in told}
    )
    if same or (not hard and not status):
        return None
    return wanted


def measure(quota: Quota, meter: Counter, names: Iterable[str], objects: Iterable[Object], *, now: datetime) -> Amounts:
    """What objects use of `names`, those of them that a quota is about."""
    names = frozenset(names)
    total: Amounts = dict.fromkeys(names, ZERO)
    for obj in objects:
        if all(meter.in_scope(scope, obj) for scope in quota.scopes):
            usage = meter.usage(obj, now)
            add(total, {name: usage[name] for name in names & usage.keys()})
    return total


def _served(surface: Surface, kind: Kind) -> Served | None:
    for each in surface.preferred("list", "watch"):
        if (each.group, each.plural) == kind and each.namespaced:
            return each
    return None
