"""What is done about a Job: nothing, a wait, or its deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.controllers.ttl_after_finished import Delete, Wait, plan

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def job(ttl_s=100, *, ago_s=30, kind="Complete", status="True", **metadata):
    then = (NOW - timedelta(seconds=ago_s)).isoformat()[:19] + "Z"
    conditions = [
        {"type": "Suspended", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"},
        {"type": kind, "status": status, "lastTransitionTime": then},
    ]
    return {
        "metadata": {"uid": "u", "resourceVersion": "7", **metadata},
        "spec": {} if ttl_s is None else {"ttlSecondsAfterFinished": ttl_s},
        "status": {"conditions": conditions},
    }


@pytest.mark.parametrize(
    "unfinished",
    [
        None,
        job(None),
        job(status="False"),
        job(kind="FailureTarget"),
        job(deletionTimestamp="2026-01-01T11:00:00Z"),
        {"metadata": {}, "spec": {"ttlSecondsAfterFinished": 0}},
    ],
)
def test_what_is_unfinished_unlimited_or_going_is_left_alone(unfinished):
    assert plan(unfinished, now=NOW) is None


@pytest.mark.parametrize("kind", ["Complete", "Failed"])
def test_it_is_waited_for_the_rest_of_the_time(kind):
    assert plan(job(100, ago_s=30, kind=kind), now=NOW) == Wait(70)


@pytest.mark.parametrize(("ttl_s", "ago_s"), [(30, 30), (0, 0), (0, 5), (10, 86400)])
def test_then_it_is_deleted_as_it_was_seen(ttl_s, ago_s):
    assert plan(job(ttl_s, ago_s=ago_s), now=NOW) == Delete("u", "7")


def test_a_clock_that_is_behind_delays():
    assert plan(job(10, ago_s=-60), now=NOW) == Wait(70)
