"""persistentvolume_protection: a volume that is bound stays until its claim is gone.

Reads: persistent volumes. Writes: persistent volumes (update).
Invariants: every volume carries the finalizer until it is being deleted and is not bound any more.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.errors import NotFound
from steersman.controllers.base import Controller, Writes
from steersman.controllers.protection import needs_finalizer, protected, released, wants_to_go

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key

FINALIZER = "kubernetes.io/pv-protection"


class PersistentVolumeProtection(Controller):
    """See the module."""

    name = "persistentvolume_protection"
    account = "pv-protection-controller"
    reads = (PERSISTENT_VOLUMES,)
    writes = (Writes(PERSISTENT_VOLUMES, ("update",)),)

    def setup(self) -> None:
        self.on(PERSISTENT_VOLUMES)

    async def reconcile(self, key: Key) -> None:
        changed = plan(self.view.get(PERSISTENT_VOLUMES, key))
        if changed is None:
            return
        try:
            await self.client.update(PERSISTENT_VOLUMES, changed)
        except NotFound:
            return


def plan(volume: Object | None) -> Object | None:
    """The volume with the finalizer that it lacks, or without the one that it needs no more."""
    if volume is None:
        return None
    if wants_to_go(volume, FINALIZER):
        return released(volume, FINALIZER) if (volume.get("status") or {}).get("phase") != "Bound" else None
    return protected(volume, FINALIZER) if needs_finalizer(volume, FINALIZER) else None
