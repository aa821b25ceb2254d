"""The condition of a pod that is about to be deleted."""

from __future__ import annotations

import pytest

from steersman.controllers.disruption_target import DISRUPTION_TARGET, plan_condition, render_patch

from .objects import pod

NOW, THEN = "2026-01-02T00:00:00Z", "2026-01-01T12:00:00Z"


def told(**fields):
    condition = {"type": DISRUPTION_TARGET, "status": "True", "reason": "R", "message": "m", "lastTransitionTime": THEN}
    made = pod("p", generation=3)
    made["status"]["conditions"].append(condition | fields)
    return made


def plan(subject, **more):
    return plan_condition(subject, timestamp=NOW, reason="R", message="m", **more)


def test_it_is_new():
    expected = {"type": DISRUPTION_TARGET, "status": "True", "reason": "R", "message": "m", "lastTransitionTime": NOW}
    assert plan(pod("p", generation=3)) == expected | {"observedGeneration": 3}
    assert plan(pod("p", generation=3), observes=False) == expected
    assert plan(pod("p")) == expected


def test_what_is_said_already_is_not_said_again():
    assert plan(told()) is None


@pytest.mark.parametrize(
    ("fields", "since"), [({"reason": "X"}, THEN), ({"message": ""}, THEN), ({"status": "False"}, NOW)]
)
def test_the_time_is_that_of_the_last_change_of_status(fields, since):
    assert plan(told(**fields))["lastTransitionTime"] == since


def test_a_patch_is_for_the_very_pod():
    patch = render_patch(pod("p"), {"type": "x"}, phase="Failed")
    assert patch == {"metadata": {"uid": "uid-p"}, "status": {"phase": "Failed", "conditions": [{"type": "x"}]}}
    assert render_patch(pod("p"), None, phase="Failed")["status"] == {"phase": "Failed"}
