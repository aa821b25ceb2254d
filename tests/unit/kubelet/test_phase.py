"""The phase of a pod from the statuses of its containers."""

from __future__ import annotations

import pytest

from steersman.kubelet.phase import compute_phase

RUNS = {"state": {"running": {}}}
WAITS = {"state": {"waiting": {}}}


def ended(code, reason=""):
    return {"state": {"terminated": {"exitCode": code, "reason": reason}}}


def backing_off(code):
    return {"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": code}}}


@pytest.mark.parametrize(
    ("policy", "statuses", "phase"),
    [
        ("Always", {}, "Pending"),
        ("Always", {"a": WAITS, "b": RUNS}, "Pending"),
        ("Always", {"a": RUNS, "b": RUNS}, "Running"),
        ("Always", {"a": ended(1), "b": RUNS}, "Running"),
        ("Always", {"a": backing_off(1), "b": backing_off(1)}, "Running"),
        ("Never", {"a": ended(0), "b": RUNS}, "Running"),
        ("Never", {"a": ended(0), "b": ended(0)}, "Succeeded"),
        ("Never", {"a": ended(0), "b": ended(1)}, "Failed"),
        ("OnFailure", {"a": ended(0), "b": ended(1)}, "Running"),
        ("OnFailure", {"a": ended(0), "b": ended(0)}, "Succeeded"),
    ],
)
def test_it_follows_from_containers_and_policy(policy, statuses, phase):
    spec = {"restartPolicy": policy, "containers": [{"name": "a"}, {"name": "b"}]}
    assert compute_phase(spec, statuses, terminated=False, initialized=True) == phase


def test_a_pod_that_is_over_ends_whatever_its_policy():
    spec = {"restartPolicy": "Always", "containers": [{"name": "a"}]}
    assert compute_phase(spec, {"a": ended(0)}, terminated=True, initialized=True) == "Succeeded"
    assert compute_phase(spec, {"a": ended(143)}, terminated=True, initialized=True) == "Failed"


def test_an_init_container_that_failed_for_good_fails_the_pod():
    spec = {"restartPolicy": "Never", "initContainers": [{"name": "i"}], "containers": [{"name": "a"}]}
    statuses = {"i": ended(1), "a": WAITS}
    assert compute_phase(spec, statuses, terminated=False, initialized=False) == "Failed"
    again = spec | {"restartPolicy": "Always"}
    assert compute_phase(again, statuses, terminated=False, initialized=False) == "Pending"


def test_a_sidecar_keeps_an_ended_pod_running_until_it_ends():
    spec = {
        "restartPolicy": "Never",
        "initContainers": [{"name": "s", "restartPolicy": "Always"}],
        "containers": [{"name": "a"}],
    }
    running = RUNS | {"started": True}
    assert compute_phase(spec, {"s": running, "a": ended(0)}, terminated=False, initialized=True) == "Running"
    assert compute_phase(spec, {"s": ended(1), "a": ended(0)}, terminated=False, initialized=True) == "Succeeded"
