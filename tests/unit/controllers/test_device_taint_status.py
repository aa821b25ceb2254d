"""What rules say about the evictions that they cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.controllers.device_taint_status import IN_PROGRESS, Count, plan_condition, too_early_s

from .objects import meta

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
STAMP = "2026-01-01T00:01:00Z"


def rule(effect="NoExecute", *conditions):
    metadata = meta("r", generation=2)
    return {"metadata": metadata, "spec": {"taint": {"effect": effect}}, "status": {"conditions": list(conditions)}}


@pytest.mark.parametrize(
    ("effect", "count", "told"),
    [
        ("NoExecute", Count(0, 0, 0), ("False", "NotStarted", "")),
        ("NoExecute", Count(1, 1, 0), ("True", "PodsPendingEviction", "1 pod needs to be evicted in 1 namespace.")),
        (
            "NoExecute",
            Count(3, 2, 1),
            (
                "True",
                "PodsPendingEviction",
                "3 pods need to be evicted in 2 different namespaces. 1 pod evicted since starting the controller.",
            ),
        ),
        ("NoExecute", Count(0, 0, 4), ("False", "Completed", "4 pods evicted since starting the controller.")),
        ("NoSchedule", Count(0, 0, 0), ("False", "OtherEffect", "Eviction only happens for the NoExecute effect.")),
        (
            "None",
            Count(2, 1, 0, published=1, allocated=0),
            (
                "False",
                "NoEffect",
                (
                    "1 published device selected. 0 allocated devices selected. 2 pods would be evicted in 1 namespace "
                    "if the effect was NoExecute. This information will not be updated again. Recreate the "
                    "DeviceTaintRule to trigger an update."
                ),
            ),
        ),
    ],
)
def test_what_a_rule_says(effect, count, told):
    condition = plan_condition(rule(effect), count, timestamp=STAMP)
    assert (condition["status"], condition["reason"], condition["message"]) == told
    assert (condition["observedGeneration"], condition["lastTransitionTime"]) == (2, STAMP)
    assert plan_condition(rule(effect, condition), count, timestamp="later") is None


def test_every_change_has_its_time():
    before = plan_condition(rule(), Count(1, 1, 0), timestamp="before")
    after = plan_condition(rule("NoExecute", before), Count(2, 1, 0), timestamp=STAMP)
    assert after["lastTransitionTime"] == STAMP


@pytest.mark.parametrize(
    ("ago_s", "generation", "wait_s"), [(3, 2, 7), (10, 2, None), (60, 2, None), (3, 1, None), (0, 2, 10)]
)
def test_it_is_not_said_too_often(ago_s, generation, wait_s):
    then = (NOW - timedelta(seconds=ago_s)).isoformat()[:19] + "Z"
    known = {"type": IN_PROGRESS, "observedGeneration": generation, "lastTransitionTime": then}
    assert too_early_s(rule("NoExecute", known), NOW) == wait_s
    assert too_early_s(rule(), NOW) is None
