"""PersistentVolumeClaimResize: a claim grows only when it is bound, and its class allows it.

Reads: storageclasses. Judges: UPDATE of persistentvolumeclaims. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_claim
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.meta.quantity import ZERO, Quantity, parse
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.apiserver.admission.interface import UPDATE, Plain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review


class PersistentVolumeClaimResize(Plain):
    """See the module."""

    name = "PersistentVolumeClaimResize"
    resources = (PERSISTENT_VOLUME_CLAIMS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def validate(self, review: Review) -> None:
        if review.operation != UPDATE or review.subresource:
            return
        new, old = review.obj, review.old
        if new is None or old is None or _size(new) <= _size(old):
            return
        if (old.get("status") or {}).get("phase") != "Bound":
            raise review.forbidden("Only bound persistent volume claims can be expanded")
        if not self._may_grow(new, old):
            raise review.forbidden(
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
                "support resize"
            )

    def _may_grow(self, new: Object, old: Object) -> bool:
        name = class_of_claim(new)
        if not name or name != class_of_claim(old):
            return False
        storage_class = self._reader.get(STORAGE_CLASSES, "", name)
        return storage_class is not None and bool(storage_class.get("allowVolumeExpansion"))


def _size(claim: Object) -> Quantity:
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return parse(requests["storage"]) if "storage" in requests else ZERO
