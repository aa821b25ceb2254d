from __future__ import annotations

import pytest

from steersman.api.core.claim_class import BETA_CLASS_ANNOTATION
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.apiserver.admission.default_storage_class import DefaultStorageClass

from .shelf import Shelf, review

DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def _class(shelf, name, created="2026-01-01T00:00:00Z", annotations=DEFAULT):
    shelf.put(STORAGE_CLASSES, {}, name=name, creationTimestamp=created, annotations=annotations)


def _chosen(shelf, spec=None, **metadata):
    claim = {"metadata": {"name": "c", **metadata}, "spec": spec or {}}
    DefaultStorageClass(reader=shelf).admit(review(PERSISTENT_VOLUME_CLAIMS, claim))
    return claim["spec"].get("storageClassName")


def test_no_default_no_class():
    shelf = Shelf()
    _class(shelf, "a", annotations={})
    assert _chosen(shelf) is None


def test_the_newest_default_wins_then_the_first_name():
    shelf = Shelf()
    _class(shelf, "b")
    _class(shelf, "a")
    assert _chosen(shelf) == "a"
    _class(
        shelf,
        "z",
        created="2026-01-01T00:00:01Z",
        annotations={"storageclass.beta.kubernetes.io/is-default-class": "true"},
    )
    assert _chosen(shelf) == "z"


@pytest.mark.parametrize(
    ("spec", "metadata", "stays"),
    [
        ({"storageClassName": ""}, {}, ""),
        ({"storageClassName": "x"}, {}, "x"),
        ({}, {"annotations": {BETA_CLASS_ANNOTATION: ""}}, None),
    ],
)
def test_a_choice_stays(spec, metadata, stays):
    shelf = Shelf()
    _class(shelf, "a")
    assert _chosen(shelf, spec, **metadata) == stays
