from __future__ import annotations

import pytest

from steersman.api.meta.conditions import validate_conditions

GOOD = {"type": "Ready", "status": "True", "reason": "AllGood", "lastTransitionTime": "2026-01-01T00:00:00Z"}


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
