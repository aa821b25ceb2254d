"""Gates keep pods out of the queue."""

from __future__ import annotations

from steersman.scheduler.plugins.scheduling_gates import SchedulingGates

from ..nodes import pod


def test_a_pod_without_gates_may_be_queued():
    assert SchedulingGates().pre_enqueue(pod()) == ""
    assert SchedulingGates().pre_enqueue(pod(spec={"schedulingGates": []})) == ""


def test_all_gates_must_go():
    gates = [{"name": "example.com/a"}, {"name": "example.com/b"}]
    refusal = SchedulingGates().pre_enqueue(pod(spec={"schedulingGates": gates}))
    assert refusal == "waiting for scheduling gates: [example.com/a example.com/b]"
