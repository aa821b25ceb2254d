"""persistentvolume_expander: users are told who makes a volume larger: its driver's resizer, not this cluster.

Reads: persistent volume claims, persistent volumes. Writes: nothing but events.
Keys: claims.
Invariants: only a claim that asks for more than it has, of a volume that is its own, is told of.
Upstream differences: volumes of what became drivers are treated as all others; there they get an annotation for the
resizer too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.meta.quantity import ZERO, parse
from steersman.client.client import key_of
from steersman.client.events import NORMAL
from steersman.client.request import Key
from steersman.controllers.base import Controller

if TYPE_CHECKING:
    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

PRE_RESIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"


class PersistentVolumeExpander(Controller):
    """See the module."""

    name = "persistentvolume_expander"
    account = "expand-controller"
    component = "volume_expand"
    reads = (PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES)

    def setup(self) -> None:
        self.on(PERSISTENT_VOLUME_CLAIMS, grown)

    async def reconcile(self, key: Key) -> None:
        claim = self.view.get(PERSISTENT_VOLUME_CLAIMS, key)
        if claim is None:
            return
        volume = self.view.get(PERSISTENT_VOLUMES, Key("", claim["spec"].get("volumeName", "")))
        if wants_more(claim, volume):
            message = "waiting for an external controller to expand this PVC"
            self.recorder.event(claim, NORMAL, "ExternalExpanding", message)


def grown(old: Object | None, new: Object | None) -> list[Key]:
    """A claim that asks for more than before, or that appears."""
    if new is None or (old is not None and requested(new) <= requested(old)):
        return []
    return [key_of(new)]


def wants_more(claim: Object, volume: Object | None) -> bool:
    """Whether the volume of a bound claim is to become larger."""
    if volume is None or (claim.get("status") or {}).get("phase") != "Bound":
        return False
    reference = volume["spec"].get("claimRef") or {}
    metadata = claim["metadata"]
    if (reference.get("namespace"), reference.get("uid")) != (metadata["namespace"], metadata["uid"]):
        return False
    has = _storage((claim.get("status") or {}).get("capacity"))
    return requested(claim) > has or PRE_RESIZE in (volume["metadata"].get("annotations") or {})


def requested(claim: Object) -> Quantity:
    return _storage((claim["spec"].get("resources") or {}).get("requests"))


def _storage(amounts: Object | None) -> Quantity:
    text = (amounts or {}).get("storage")
    return parse(text) if text is not None else ZERO
