"""What controllers count, under upstream's names."""

import pytest

from steersman.controllers.horizontal_pod_autoscaler.measured import NO_ERROR, SPEC, Measured, action_of
from steersman.controllers.job.metrics import CREATED, TRACKED, JobMetrics
from steersman.lib.metrics import Registry


def exposed(registry):
    """Series that count something, by name and labels."""
    lines = [line.rpartition(" ") for line in registry.render().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines if "_bucket" not in name and "_sum" not in name}


def job(**status):
    return {"spec": {}, "status": status}


def test_jobs_are_counted_by_kind_and_end():
    registry = Registry()
    metrics = JobMetrics(registry=registry)
    metrics.looked(job(), CREATED, 0.1, failed=False)
    metrics.looked({"spec": {"completionMode": "Indexed"}}, TRACKED, 0.1, failed=True)
    metrics.counted(job(succeeded=1), job(succeeded=3, failed=1))
    metrics.ended(job(), {"type": "Complete", "reason": "CompletionsReached"})
    found = exposed(registry)
    plain = 'completion_mode="NonIndexed",result='
    assert found[f'job_controller_job_syncs_total{{{plain}"success",action="pods_created"}}'] == 1
    indexed = '{completion_mode="Indexed",result="error",action="tracking"}'
    assert found[f"job_controller_job_syncs_total{indexed}"] == 1
    assert found[f"job_controller_job_sync_duration_seconds_count{indexed}"] == 1
    assert found[f'job_controller_job_pods_finished_total{{{plain}"succeeded"}}'] == 2
    assert found[f'job_controller_job_pods_finished_total{{{plain}"failed"}}'] == 1
    assert found[f'job_controller_jobs_finished_total{{{plain}"succeeded",reason="CompletionsReached"}}'] == 1


@pytest.mark.parametrize(("before", "after", "action"), [(1, 1, "none"), (1, 2, "scale_up"), (2, 1, "scale_down")])
def test_autoscalers_are_counted_by_what_was_done(before, after, action):
    registry = Registry()
    measured = Measured(registry=registry)
    measured.looked(action_of(before, after), NO_ERROR, 0.1)
    measured.computed("Resource", action, SPEC, 0.1)
    found = exposed(registry)
    prefix = "horizontal_pod_autoscaler_controller"
    assert found[f'{prefix}_reconciliations_total{{action="{action}",error="none"}}'] == 1
    assert found[f'{prefix}_metric_computation_total{{action="{action}",error="spec",metric_type="Resource"}}'] == 1
