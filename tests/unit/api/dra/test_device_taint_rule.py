from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.device_taint_rule import DEVICE_TAINT_RULES
from steersman.api.resource import Context

LONG_AGO = "2001-01-01T00:00:00Z"
NOW = "2026-01-01T00:00:00Z"


def rule(selector: dict[str, Any] | None = None, **taint: Any) -> dict[str, Any]:
    return {"spec": {"deviceSelector": selector or {}, "taint": {"key": "k", "effect": "NoExecute"} | taint}}


def test_a_taint_is_added_now_unless_it_says_when(judge: Any) -> None:
    rules = judge(DEVICE_TAINT_RULES)
    assert rules.created(rule())["spec"]["taint"]["timeAdded"] == NOW
    assert rules.created(rule(timeAdded=LONG_AGO))["spec"]["taint"]["timeAdded"] == LONG_AGO


@pytest.mark.parametrize(("effect", "added"), [("NoExecute", LONG_AGO), ("NoSchedule", NOW)])
def test_a_new_effect_counts_as_added_now(judge: Any, effect: str, added: str) -> None:
    rules = judge(DEVICE_TAINT_RULES)
    old, new = (rules.defaulted(rule(timeAdded=LONG_AGO, effect=each)) for each in ("NoExecute", effect))
    assert DEVICE_TAINT_RULES.strategy.prepare_update is not None
    DEVICE_TAINT_RULES.strategy.prepare_update(new, old, Context(now=rules.now))
    assert new["spec"]["taint"]["timeAdded"] == added


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (rule({"driver": ""}), "spec.deviceSelector.driver: Required value"),
        (rule({"pool": ""}), "spec.deviceSelector.pool: Required value"),
        (rule({"driver": "a." * 31 + "ab"}), "spec.deviceSelector.driver: Too long: may not be more than 63 bytes"),
        (rule(effect=""), "spec.taint.effect: Required value"),
        (
            rule(effect="No"),
            'spec.taint.effect: Unsupported value: "No": supported values: "NoExecute", "NoSchedule", "None"',
        ),
    ],
)
def test_each_rule(judge: Any, obj: dict[str, Any], text: str) -> None:
    assert judge(DEVICE_TAINT_RULES).errors(obj) == [text]


def test_conditions_of_the_status_are_few(judge: Any) -> None:
    condition = {"status": "True", "reason": "R", "lastTransitionTime": NOW}
    status = {"conditions": [condition | {"type": f"t{n}"} for n in range(9)]}
    errors = judge(DEVICE_TAINT_RULES).status_errors({"status": status}, {})
    assert errors == ["status.conditions: Too many: 9: must have at most 8 items"]


def test_the_taint_is_shown_in_columns(judge: Any) -> None:
    obj = rule(timeAdded="2025-12-31T00:00:00Z") | {"metadata": {"creationTimestamp": NOW}}
    assert list(judge(DEVICE_TAINT_RULES).cells(obj).values()) == ["k", "", "NoExecute", "24h", "0s"]
