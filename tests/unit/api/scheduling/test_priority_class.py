"""PriorityClass: reserved names, the highest value, and what never changes."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.scheduling.priority_class import HIGHEST_USER_VALUE, PRIORITY_CLASSES, SYSTEM_CLASSES

RESERVED = (
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error:"
)
CRITICAL = "system-node-critical"


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
        ({"value": HIGHEST_USER_VALUE}, []),
        ({"value": -5}, []),
        (
            {"value": HIGHEST_USER_VALUE + 1},
            [f"value: Forbidden: maximum allowed value of a user defined priority is {HIGHEST_USER_VALUE}"],
        ),
        ({"metadata": {"name": CRITICAL}, "value": SYSTEM_CLASSES[CRITICAL]}, []),
        (
            {"metadata": {"name": "system-mine"}, "value": 1},
            [f"{RESERVED} system-mine is not a known system priority class"],
        ),
        (
            {"metadata": {"name": CRITICAL}, "value": 1},
            [f"{RESERVED} value of {CRITICAL} PriorityClass must be {SYSTEM_CLASSES[CRITICAL]}"],
        ),
        (
            {"metadata": {"name": CRITICAL}, "value": SYSTEM_CLASSES[CRITICAL], "globalDefault": True},
            [f"{RESERVED} globalDefault of {CRITICAL} PriorityClass must be false"],
        ),
        (
            {"preemptionPolicy": "Odd"},
            ['preemptionPolicy: Unsupported value: "Odd": supported values: "PreemptLowerPriority", "Never"'],
        ),
        ({"preemptionPolicy": ""}, ["preemptionPolicy: Required value"]),
        ({"preemptionPolicy": "Never"}, []),
    ],
)
def test_users_stay_below_the_system(judge: Any, obj: Any, errors: list[str]) -> None:
    assert judge(PRIORITY_CLASSES).errors(obj) == errors


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"globalDefault": True, "description": "d"}, []),
        ({"value": 2}, ["value: Forbidden: may not be changed in an update."]),
        ({"preemptionPolicy": "Never"}, ['preemptionPolicy: Invalid value: "Never": field is immutable']),
    ],
)
def test_value_and_policy_never_change(judge: Any, change: Any, errors: list[str]) -> None:
    judge = judge(PRIORITY_CLASSES)
    assert judge.update_errors({"value": 1} | change, judge.created({"value": 1})) == errors


def test_it_preempts_unless_told_otherwise(judge: Any) -> None:
    made = judge(PRIORITY_CLASSES).created({"value": 1})
    assert made["preemptionPolicy"] == "PreemptLowerPriority"
    assert judge(PRIORITY_CLASSES).cells(made | {"metadata": {}}) == {
        "Value": 1, "Global-Default": False, "Age": "<unknown>", "PreemptionPolicy": "PreemptLowerPriority",
    }  # fmt: skip
