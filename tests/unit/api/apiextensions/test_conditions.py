"""Conditions of definitions."""

from __future__ import annotations

from typing import Any

from steersman.api.apiextensions.conditions import (
    condition,
    find_condition,
    is_condition_true,
    remove_condition,
    says_the_same,
    set_condition,
)

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def test_the_time_tells_when_the_status_changed() -> None:
    crd: dict[str, Any] = {"status": {"conditions": None}}
    set_condition(crd, condition("A", "False", "Because", ""), EARLY)
    set_condition(crd, condition("B", "True", "So", "it is"), EARLY)
    set_condition(crd, condition("A", "False", "Other", "still"), LATE)
    assert [item["type"] for item in crd["status"]["conditions"]] == ["A", "B"]
    found = find_condition(crd, "A")
    assert found == {"type": "A", "status": "False", "lastTransitionTime": EARLY, "reason": "Other", "message": "still"}
    set_condition(crd, condition("A", "True", "Other", ""), LATE)
    assert is_condition_true(crd, "A")
    assert find_condition(crd, "A") == {"type": "A", "status": "True", "lastTransitionTime": LATE, "reason": "Other"}


def test_what_others_hold_is_not_changed() -> None:
    shared = [condition("A", "True", "", "")]
    crd = {"status": {"conditions": shared}}
    set_condition(crd, condition("A", "False", "", ""), EARLY)
    remove_condition(crd, "A")
    assert crd["status"]["conditions"] == []
    assert shared == [condition("A", "True", "", "")]


def test_times_do_not_matter_for_what_is_said() -> None:
    said = condition("A", "True", "", "")
    assert says_the_same(said, said | {"lastTransitionTime": EARLY})
    assert not says_the_same(said, said | {"message": "x"})
    assert not says_the_same(said, None)
    assert says_the_same(None, None)
