"""What a pod asks for."""

from __future__ import annotations

from steersman.scheduler.pod_info import read_pod

from .nodes import pod


def test_requests_are_integers_rounded_up_and_overhead_comes_on_top():
    asked = pod(cpu="0.1001", memory="1500m", spec={"overhead": {"cpu": "50m"}})
    assert dict(asked.requests) == {"cpu": 151, "memory": 2}


def test_an_init_container_counts_where_it_needs_more_than_the_others_together():
    asked = pod(cpu="1", init=[{"name": "i", "resources": {"requests": {"cpu": "3"}}}])
    assert asked.requests["cpu"] == 3000


def test_what_is_unsaid_counts_in_scores():
    assert dict(pod().scored) == {"cpu": 100, "memory": 200 << 20}
    assert dict(pod(cpu="0").scored) == {"cpu": 0, "memory": 200 << 20}
    assert dict(pod().requests) == {}


def test_of_a_resize_that_cannot_be_only_what_is_allocated_counts():
    entry = {"name": "c", "allocatedResources": {"cpu": "1"}, "resources": {"requests": {"cpu": "1"}}}
    status = {"containerStatuses": [entry], "conditions": [{"type": "PodResizePending", "reason": "Infeasible"}]}
    spec = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}
    assert read_pod({"metadata": {"name": "p"}, "spec": spec, "status": status}).requests == {"cpu": 1000}
