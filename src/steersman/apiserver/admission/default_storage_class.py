"""DefaultStorageClass: a claim that names no storage class gets the cluster's default, if there is one.

Reads: storageclasses. Changes: CREATE of persistentvolumeclaims.
Invariants: the empty class name is a name ("no class") and stays. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import BETA_CLASS_ANNOTATION
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.apiserver.admission.default_class import default_class
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Reader, Review

_IS_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


class DefaultStorageClass(Plain):
    """Claims made before there is a default get it later, from their controller."""

    name = "DefaultStorageClass"
    resources = (PERSISTENT_VOLUME_CLAIMS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource:
            return
        if review.obj is None:
            return
        spec = review.obj.setdefault("spec", {})
        if spec.get("storageClassName") is not None:
            return
        if BETA_CLASS_ANNOTATION in (review.obj["metadata"].get("annotations") or {}):
            return
        if name := default_class(self._reader.list(STORAGE_CLASSES), _IS_DEFAULT):
            spec["storageClassName"] = name
