"""Owners that are known not to exist."""

from __future__ import annotations

from steersman.controllers.garbage_collector.absent_owners import AbsentOwners
from steersman.controllers.garbage_collector.graph import Identity


def owner(name):
    return Identity("ConfigMap", "v1", "n", name, f"uid-{name}")


def test_what_was_not_asked_for_longest_is_forgotten():
    absent = AbsentOwners(absent_max=2)
    absent.add(owner("a"))
    absent.add(owner("b"))
    assert owner("a") in absent
    absent.add(owner("c"))
    assert owner("a") in absent
    assert owner("b") not in absent
    assert owner("c") in absent
