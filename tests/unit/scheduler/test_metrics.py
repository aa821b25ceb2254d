"""What is counted, under upstream's names."""

from __future__ import annotations

from steersman.lib.metrics import Registry
from steersman.scheduler.cycle import Profile
from steersman.scheduler.events import POD_DELETED, Event
from steersman.scheduler.metrics import SCHEDULED, UNSCHEDULABLE, SchedulerMetrics
from steersman.scheduler.placements import Placements
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.scheduling_gates import SchedulingGates
from steersman.scheduler.queue import SchedulingQueue
from steersman.scheduler.snapshot import Snapshot

from .nodes import node, pod


def told(registry):
    lines = registry.render().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_attempts_by_result_and_profile():
    registry = Registry()
    metrics = SchedulerMetrics(registry=registry)
    metrics.attempted(SCHEDULED, "a", 0.5)
    metrics.attempted(SCHEDULED, "a", 0.5)
    metrics.attempted(UNSCHEDULABLE, "b", 0.1)
    metrics.placed(2.0, 3)
    metrics.evicts(2)
    found = told(registry)
    assert found['scheduler_schedule_attempts_total{result="scheduled",profile="a"}'] == "2"
    assert found['scheduler_scheduling_attempt_duration_seconds_sum{result="scheduled",profile="a"}'] == "1"
    assert found['scheduler_schedule_attempts_total{result="unschedulable",profile="b"}'] == "1"
    assert found['scheduler_pod_scheduling_sli_duration_seconds_count{attempts="3"}'] == "1"
    assert found["scheduler_preemption_victims_sum"] == "2"


def test_what_waits_and_why_and_what_is_known():
    registry, snapshot = Registry(), Snapshot()
    placements = Placements(snapshot=snapshot)
    queue = SchedulingQueue(profiles={"default-scheduler": Profile((SchedulingGates(), NodeResourcesFit()))})
    SchedulerMetrics(registry=registry).follow(queue, snapshot, placements)
    placements.node_changed(None, node("a"))
    placements.assume(pod("x"), "a")
    for name, spec in (("p", {}), ("q", {}), ("g", {"schedulingGates": [{"name": "x"}]})):
        queue.add(pod(name, spec=spec), 0)
    queue.failed(queue.pop(0), ["NodeResourcesFit"], 0)
    found = told(registry)
    waits = {
        place: found[f'scheduler_pending_pods{{queue="{place}"}}'] for place in ("active", "unschedulable", "gated")
    }
    assert waits == {"active": "1", "unschedulable": "1", "gated": "1"}
    assert found['scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"}'] == "1"
    assert found['scheduler_queue_incoming_pods_total{queue="active",event="PodAdd"}'] == "2"
    assert found['scheduler_queue_incoming_pods_total{queue="unschedulable",event="ScheduleAttemptFailure"}'] == "1"
    assert found['scheduler_cache_size{type="nodes"}'] == found['scheduler_cache_size{type="assumed_pods"}'] == "1"
    queue.happened(Event(POD_DELETED, pod("x").pod, None), 0)
    assert told(registry)['scheduler_queue_incoming_pods_total{queue="backoff",event="AssignedPodDelete"}'] == "1"
