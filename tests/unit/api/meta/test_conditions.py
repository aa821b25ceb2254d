from __future__ import annotations

from typing import Any

import pytest

from steersman.api.meta.conditions import (
    condition,
    find_condition,
    is_condition_true,
    remove_condition,
    says_the_same,
    set_condition,
    validate_conditions,
)

GOOD = {"type": "Ready", "status": "True", "reason": "AllGood", "lastTransitionTime": "2026-01-01T00:00:00Z"}
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"type": ""}, "type: Required value: is required"),
        ({"status": ""}, "status: Required value"),
        ({"status": "Yes"}, 'status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"'),
        ({"reason": ""}, "reason: Required value"),
        ({"lastTransitionTime": None}, "lastTransitionTime: Required value"),
        ({"observedGeneration": -1}, "observedGeneration: Invalid value: -1: must be greater than or equal to zero"),
        ({"message": "x" * 32769}, "message: Too long: may not be more than 32768 bytes"),
    ],
)
def test_each_rule(change, text) -> None:
    assert [str(error) for error in validate_conditions([GOOD | change], "c")] == [f"c[0].{text}"]


def test_one_of_each_type() -> None:
    assert [str(error) for error in validate_conditions([GOOD, GOOD], "c")] == ['c[1]: Duplicate value: "Ready"']


def test_the_time_tells_when_the_status_changed() -> None:
    obj: dict[str, Any] = {"status": {"conditions": None}}
    set_condition(obj, condition("A", "False", "Because", ""), EARLY)
    set_condition(obj, condition("B", "True", "So", "it is"), EARLY)
    set_condition(obj, condition("A", "False", "Other", "still"), LATE)
    assert [item["type"] for item in obj["status"]["conditions"]] == ["A", "B"]
    found = find_condition(obj, "A")
    assert found == {"type": "A", "status": "False", "lastTransitionTime": EARLY, "reason": "Other", "message": "still"}
    set_condition(obj, condition("A", "True", "Other", ""), LATE)
    assert is_condition_true(obj, "A")
    assert find_condition(obj, "A") == {"type": "A", "status": "True", "lastTransitionTime": LATE, "reason": "Other"}


def test_what_others_hold_is_not_changed() -> None:
    shared = [condition("A", "True", "", "")]
    obj = {"status": {"conditions": shared}}
    set_condition(obj, condition("A", "False", "", ""), EARLY)
    remove_condition(obj, "A")
    assert obj["status"]["conditions"] == []
    assert shared == [condition("A", "True", "", "")]


def test_times_do_not_matter_for_what_is_said() -> None:
    said = condition("A", "True", "", "")
    assert says_the_same(said, said | {"lastTransitionTime": EARLY})
    assert not says_the_same(said, said | {"message": "x"})
    assert not says_the_same(said, None)
    assert says_the_same(None, None)
