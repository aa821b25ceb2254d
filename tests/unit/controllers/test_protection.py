"""Finalizers that protect."""

from __future__ import annotations

from steersman.controllers.protection import needs_finalizer, protected, released, wants_to_go


def test_the_life_of_a_protection():
    fresh = {"metadata": {"finalizers": ["x"]}}
    assert needs_finalizer(fresh, "f")
    kept = protected(fresh, "f")
    assert kept["metadata"]["finalizers"] == ["x", "f"]
    assert not needs_finalizer(kept, "f")
    assert not wants_to_go(kept, "f")
    going = {"metadata": kept["metadata"] | {"deletionTimestamp": "T"}}
    assert wants_to_go(going, "f")
    gone = released(going, "f")
    assert gone["metadata"]["finalizers"] == ["x"]
    assert not wants_to_go(gone, "f")
    assert not needs_finalizer(gone, "f")
