"""volumeattributesclass_protection: a VolumeAttributesClass stays while a claim or a volume has it, or is to have it.

Reads: volume attributes classes, persistent volume claims, persistent volumes. Writes: volume attributes classes
(update).
Keys: volume attributes classes.
Invariants: every class carries the finalizer until it is being deleted and nothing mentions it.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.errors import NotFound
from steersman.api.storage.volume_attributes_class import VOLUME_ATTRIBUTES_CLASSES
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes
from steersman.controllers.protection import needs_finalizer, protected, released, wants_to_go

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

FINALIZER = "kubernetes.io/vac-protection"
BY_CLASS = "by attributes class"
"""Index of claims and of volumes."""


class VolumeAttributesClassProtection(Controller):
    """See the module."""

    name = "volumeattributesclass_protection"
    account = "volumeattributesclass-protection-controller"
    reads = (VOLUME_ATTRIBUTES_CLASSES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES)
    writes = (Writes(VOLUME_ATTRIBUTES_CLASSES, ("update",)),)

    def setup(self) -> None:
        self.index(PERSISTENT_VOLUME_CLAIMS, BY_CLASS, classes_of)
        self.index(PERSISTENT_VOLUMES, BY_CLASS, classes_of)
        self.on(VOLUME_ATTRIBUTES_CLASSES)
        self.on(PERSISTENT_VOLUME_CLAIMS, left_classes)
        self.on(PERSISTENT_VOLUMES, left_classes)

    async def reconcile(self, key: Key) -> None:
        users = [
            *self.view.by_index(PERSISTENT_VOLUMES, BY_CLASS, key.name),
            *self.view.by_index(PERSISTENT_VOLUME_CLAIMS, BY_CLASS, key.name),
        ]
        changed = plan(self.view.get(VOLUME_ATTRIBUTES_CLASSES, key), used=bool(users))
        if changed is None:
            return
        try:
            await self.client.update(VOLUME_ATTRIBUTES_CLASSES, changed)
        except NotFound:
            return


def classes_of(obj: Object) -> tuple[str, ...]:
    """The classes that a claim or a volume has, or is to have."""
    status = obj.get("status") or {}
    names = (
        (obj.get("spec") or {}).get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return tuple({name for name in names if name})


def left_classes(old: Object | None, new: Object | None) -> list[Key]:
    """Those that a claim or a volume has no more."""
    before, after = classes_of(old) if old else (), classes_of(new) if new else ()
    return [Key("", name) for name in before if name not in after]


def plan(attributes_class: Object | None, *, used: bool) -> Object | None:
    """The class with the finalizer that it lacks, or without the one that it needs no more."""
    if attributes_class is None:
        return None
    if wants_to_go(attributes_class, FINALIZER):
        return None if used else released(attributes_class, FINALIZER)
    return protected(attributes_class, FINALIZER) if needs_finalizer(attributes_class, FINALIZER) else None
