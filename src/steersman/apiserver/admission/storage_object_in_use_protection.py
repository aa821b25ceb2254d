"""StorageObjectInUseProtection: volumes, claims and attribute classes stay while they are in use.

Changes: CREATE of persistentvolumes, persistentvolumeclaims and volumeattributesclasses (a finalizer that their
controllers take away). Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.storage.volume_attributes_class import VOLUME_ATTRIBUTES_CLASSES
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review

FINALIZERS = {
    PERSISTENT_VOLUMES: "kubernetes.io/pv-protection",
    PERSISTENT_VOLUME_CLAIMS: "kubernetes.io/pvc-protection",
    VOLUME_ATTRIBUTES_CLASSES: "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plain):
    """One finalizer per kind."""

    name = "StorageObjectInUseProtection"
    resources = tuple(FINALIZERS)

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        finalizer = FINALIZERS[review.resource]
        finalizers = review.obj["metadata"].setdefault("finalizers", [])
        if finalizer not in finalizers:
            finalizers.append(finalizer)
