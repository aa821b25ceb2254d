"""Bound volumes stay."""

from __future__ import annotations

from steersman.controllers.persistentvolume_protection import FINALIZER, plan

from .volumes import volume

GOING = {"deletionTimestamp": "T", "finalizers": [FINALIZER]}


def test_every_volume_is_protected():
    changed = plan(volume())
    assert changed is not None
    assert changed["metadata"]["finalizers"] == [FINALIZER]
    assert plan(volume(metadata={"finalizers": [FINALIZER]})) is None
    assert plan(None) is None


def test_until_it_is_deleted_and_not_bound():
    assert plan(volume(phase="Bound", metadata=GOING)) is None
    for phase in ("Available", "Released", "Failed", ""):
        changed = plan(volume(phase=phase, metadata=GOING))
        assert changed is not None
        assert changed["metadata"]["finalizers"] == []
