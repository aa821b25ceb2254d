"""Volumes that can hold what claims ask for."""

from __future__ import annotations

import pytest

from steersman.api.core.volume_matching import FRESH, has_modes, has_room, is_bound_to, is_free_for

CLAIM = {
    "metadata": {"namespace": "ns", "name": "c", "uid": "u"},
    "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "s", "resources": {"requests": {"storage": "1Gi"}}},
}


def volume(*, metadata=None, phase="Available", **spec):
    whole = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "s", **spec}
    return {"metadata": {"name": "v", **(metadata or {})}, "spec": whole, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("reference", "bound"),
    [
        (None, False),
        ({"namespace": "ns", "name": "c"}, True),
        ({"namespace": "ns", "name": "c", "uid": "u"}, True),
        ({"namespace": "ns", "name": "c", "uid": "other"}, False),
        ({"namespace": "other", "name": "c"}, False),
    ],
)
def test_a_volume_is_bound_to_the_claim_that_it_names(reference, bound):
    held = volume(claimRef=reference)
    assert is_bound_to(held, CLAIM) is bound
    assert has_room(held, CLAIM) is (bound or reference is None)


@pytest.mark.parametrize(
    "other",
    [
        {"capacity": {"storage": "1Mi"}},
        {"volumeMode": "Block"},
        {"volumeAttributesClassName": "gold"},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
)
def test_what_has_no_room_for_a_claim(other):
    assert has_room(volume(), CLAIM)
    assert not has_room(volume(**other), CLAIM)


def test_what_is_free_for_a_claim():
    assert is_free_for(volume(), CLAIM)
    assert not is_free_for(volume(phase="Released"), CLAIM)
    assert not is_free_for(volume(storageClassName="t"), CLAIM)
    assert is_free_for(volume(phase="Pending"), CLAIM, FRESH)
    choosy = {**CLAIM, "spec": {**CLAIM["spec"], "selector": {"matchLabels": {"a": "b"}}}}
    assert not is_free_for(volume(), choosy)
    assert is_free_for(volume(metadata={"labels": {"a": "b"}}), choosy)


def test_all_ways_of_access_have_to_be_there():
    assert has_modes(volume(accessModes=["ReadWriteOnce", "ReadOnlyMany"]), CLAIM)
    assert not has_modes(volume(accessModes=["ReadOnlyMany"]), CLAIM)
