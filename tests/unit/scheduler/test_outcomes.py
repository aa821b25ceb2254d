"""What a pod is told."""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.scheduler.outcomes import UNSCHEDULABLE, plan_eviction, plan_refusal, shortened

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
METADATA = {"namespace": "ns", "name": "p", "uid": "u", "generation": 3}


def plan(*, nominated=None, message="no", **status):
    pod = {"metadata": METADATA, "status": status}
    return plan_refusal(pod, UNSCHEDULABLE, message, nominated=nominated, now=NOW)


def condition(**changes):
    return {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "no",
        "observedGeneration": 3,
        "lastProbeTime": None,
        "lastTransitionTime": "2026-01-01T12:00:00Z",
        **changes,
    }


def test_why_it_waits_is_a_condition():
    assert plan() == {"metadata": {"uid": "u"}, "status": {"conditions": [condition()]}}


def test_what_it_says_already_is_not_said_again():
    assert plan(conditions=[condition(lastTransitionTime="2025-01-01T00:00:00Z")]) is None


def test_another_reason_is_no_transition():
    known = condition(message="never", lastTransitionTime="2025-01-01T00:00:00Z")
    assert plan(conditions=[known])["status"]["conditions"] == [condition(lastTransitionTime="2025-01-01T00:00:00Z")]


def test_from_true_to_false_is_one():
    known = condition(status="True", lastTransitionTime="2025-01-01T00:00:00Z")
    assert plan(conditions=[known])["status"]["conditions"] == [condition()]


def test_a_node_is_nominated_or_no_longer():
    assert plan(nominated="a", conditions=[condition()])["status"] == {"nominatedNodeName": "a"}
    assert plan(nominated="a", nominatedNodeName="a", conditions=[condition()]) is None
    assert plan(nominated="", nominatedNodeName="a", conditions=[condition()])["status"] == {"nominatedNodeName": None}
    assert plan(nominatedNodeName="a", conditions=[condition()]) is None


def test_events_hold_a_kilobyte():
    assert shortened("x" * 1024) == "x" * 1024
    assert shortened("x" * 1025) == "x" * 1020 + " ..."


def test_who_is_deleted_is_told_why():
    told = condition(
        type="DisruptionTarget",
        status="True",
        reason="PreemptionByScheduler",
        message="mine: preempting to accommodate a higher priority pod",
    )
    pod = {"metadata": METADATA}
    assert plan_eviction(pod, "mine", now=NOW) == {"metadata": {"uid": "u"}, "status": {"conditions": [told]}}
    assert plan_eviction({"metadata": METADATA, "status": {"conditions": [told]}}, "mine", now=NOW) is None
