from __future__ import annotations

import pytest

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.errors import Forbidden
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.apiserver.admission.persistent_volume_claim_resize import PersistentVolumeClaimResize

from .shelf import Shelf, review


def _claim(size, phase="Bound", storage_class="grows"):
    spec = {"resources": {"requests": {"storage": size}}, "storageClassName": storage_class}
    return {"metadata": {"name": "c"}, "spec": spec, "status": {"phase": phase}}


def _resize(new, old):
    shelf = Shelf()
    shelf.put(STORAGE_CLASSES, {"allowVolumeExpansion": True}, name="grows")
    shelf.put(STORAGE_CLASSES, {}, name="stays")
    PersistentVolumeClaimResize(reader=shelf).validate(review(PERSISTENT_VOLUME_CLAIMS, new, old))


def test_a_bound_claim_grows_if_its_class_allows_it():
    _resize(_claim("2Gi"), _claim("1Gi"))


def test_the_same_size_and_less_is_not_looked_at():
    _resize(_claim("1Gi", storage_class="stays"), _claim("1024Mi", "Pending", "stays"))
    _resize(_claim("1Mi", storage_class="stays"), _claim("1Gi", storage_class="stays"))


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (_claim("2Gi"), _claim("1Gi", "Pending"), "Only bound persistent volume claims can be expanded"),
        (_claim("2Gi", storage_class="stays"), _claim("1Gi", storage_class="stays"), "must support resize"),
        (_claim("2Gi"), _claim("1Gi", storage_class="other"), "must support resize"),
        (_claim("2Gi", storage_class="gone"), _claim("1Gi", storage_class="gone"), "must support resize"),
    ],
)
def test_others_do_not_grow(new, old, why):
    with pytest.raises(Forbidden, match=why):
        _resize(new, old)
