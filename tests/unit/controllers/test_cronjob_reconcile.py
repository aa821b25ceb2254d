"""CronJobs on a real API server, in virtual time."""

from __future__ import annotations

import pytest

from steersman.api.batch.cron_job import CRON_JOBS
from steersman.api.batch.job import JOBS
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, Propagation
from steersman.controllers.cronjob.controller import CronJobs

from .kubelets import NAMESPACE, events, get

pytestmark = pytest.mark.virtual_time
KEY = Key(NAMESPACE, "c")


def cron_job(schedule="* * * * *", **spec):
    pods = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}
    template = {
        "metadata": {"labels": {"a": "b"}, "annotations": {"x": "y"}},
        "spec": {"template": {"metadata": {"labels": {"app": "c"}}, "spec": pods}},
    }
    return {
        "metadata": {"name": "c", "namespace": NAMESPACE},
        "spec": {"schedule": schedule, "jobTemplate": template, **spec},
    }


@pytest.fixture
async def begun(bench):
    await bench.start(CronJobs)

    async def begin(wanted):
        await bench.client.create(CRON_JOBS, wanted)
        await bench.settle()

    return begin


async def jobs(bench):
    listed = (await bench.client.list(JOBS, namespace=NAMESPACE))["items"]
    return sorted(listed, key=lambda job: job["metadata"]["creationTimestamp"])


async def names(bench):
    return [job["metadata"]["name"] for job in await jobs(bench)]


async def end(bench, job, kind="Complete"):
    now = format_time(bench.clock.now())
    before = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[kind]
    times = {"lastTransitionTime": now, "lastProbeTime": now}
    status = {
        "startTime": job["metadata"]["creationTimestamp"],
        "conditions": [{"type": each, "status": "True", "reason": "R", **times} for each in (before, kind)],
        "uncountedTerminatedPods": {},
        **({"completionTime": now, "succeeded": 1} if kind == "Complete" else {"failed": 1}),
    }
    await bench.client.patch(JOBS, key_of(job), {"status": status}, subresource="status")
    await bench.settle()


async def status_of(bench):
    return (await get(bench, CRON_JOBS, "c"))["status"]


async def reasons(bench):
    return [reason for reason, _ in await events(bench, CRON_JOBS, "c")]


async def test_a_job_is_made_at_each_time_and_called_after_it(bench, begun):
    await begun(cron_job())
    assert not await jobs(bench)
    await bench.settle(59)
    [job] = await jobs(bench)
    minute = 29453761  # of 2026-01-01T00:01Z, since 1970
    metadata = job["metadata"]
    assert metadata["name"] == f"c-{minute}"
    assert metadata["labels"]["a"] == "b"
    assert metadata["annotations"] == {
        "x": "y",
        "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:01:00Z",
    }
    assert metadata["ownerReferences"][0]["kind"] == "CronJob"
    status = await status_of(bench)
    assert status["lastScheduleTime"] == "2026-01-01T00:01:00Z"
    [entry] = status["active"]
    assert (entry["kind"], entry["apiVersion"], entry["name"]) == ("Job", "batch/v1", f"c-{minute}")
    assert await events(bench, CRON_JOBS, "c") == [("SuccessfulCreate", f"Created job c-{minute}")]
    await bench.settle(60)
    assert await names(bench) == [f"c-{minute}", f"c-{minute + 1}"]


async def test_a_job_that_has_ended_is_active_no_more(bench, begun):
    await begun(cron_job("*/10 * * * *"))
    await bench.settle(600)
    [job] = await jobs(bench)
    await end(bench, job)
    status = await status_of(bench)
    assert "active" not in status
    assert status["lastSuccessfulTime"] == (await jobs(bench))[0]["status"]["completionTime"]
    name = job["metadata"]["name"]
    assert (await events(bench, CRON_JOBS, "c"))[-1] == (
        "SawCompletedJob",
        f"Saw completed job: {name}, condition: Complete",
    )


async def test_forbid_waits_for_the_job_before(bench, begun):
    await begun(cron_job(concurrencyPolicy="Forbid"))
    await bench.settle(60)
    [first] = await names(bench)
    await bench.settle(60)
    assert await names(bench) == [first]
    assert (await reasons(bench))[-1] == "JobAlreadyActive"
    await end(bench, (await jobs(bench))[0])
    assert len(await names(bench)) == 2


async def test_replace_deletes_the_job_before(bench, begun):
    await begun(cron_job(concurrencyPolicy="Replace"))
    await bench.settle(60)
    [first] = await names(bench)
    await bench.settle(60)
    [second] = await names(bench)
    assert first != second
    assert [entry["name"] for entry in (await status_of(bench))["active"]] == [second]
    assert await reasons(bench) == ["SuccessfulCreate", "SuccessfulDelete", "SuccessfulCreate"]


async def test_only_so_many_ended_jobs_are_kept_of_each_kind(bench, begun):
    await begun(cron_job(successfulJobsHistoryLimit=1, failedJobsHistoryLimit=0))
    for kind in ("Failed", "Complete", "Complete"):
        await bench.settle(60)
        await end(bench, (await jobs(bench))[-1], kind)
    assert len(await names(bench)) == 1
    assert (await reasons(bench)).count("SuccessfulDelete") == 2


async def test_a_suspended_one_starts_nothing_and_is_not_late_afterwards(bench, begun):
    await begun(cron_job("0 * * * *", suspend=True, startingDeadlineSeconds=10))
    await bench.settle(3700)
    assert not await jobs(bench)
    await bench.client.patch(CRON_JOBS, KEY, {"spec": {"suspend": False}})
    await bench.settle()
    assert not await jobs(bench)
    await bench.settle(3500)
    assert len(await jobs(bench)) == 1


async def test_a_time_that_was_missed_is_made_up_for_once(bench, begun):
    await begun(cron_job("0 * * * *", suspend=True))
    await bench.settle(3 * 3600)
    await bench.client.patch(CRON_JOBS, KEY, {"spec": {"suspend": False}})
    await bench.settle(5)
    [job] = await jobs(bench)
    scheduled = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert scheduled == "2026-01-01T03:00:00Z"


async def test_a_new_schedule_begins_with_its_next_time(bench, begun):
    await begun(cron_job("0 0 1 6 *"))
    await bench.settle(90)
    await bench.client.patch(CRON_JOBS, KEY, {"spec": {"schedule": "* * * * *"}})
    await bench.settle(5)
    assert not await jobs(bench)
    await bench.settle(40)
    assert len(await jobs(bench)) == 1


async def test_a_schedule_is_of_its_time_zone(bench, begun):
    await begun(cron_job("30 1 * * *", timeZone="Europe/Berlin"))
    await bench.settle(30 * 60)
    [job] = await jobs(bench)
    scheduled = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert scheduled == "2026-01-01T01:30:00+01:00"


async def test_a_job_that_is_gone_is_told_of_and_one_of_strangers_too(bench, begun):
    await begun(cron_job("*/10 * * * *"))
    await bench.settle(600)
    [job] = await jobs(bench)
    await bench.client.delete(JOBS, key_of(job), propagation=Propagation.BACKGROUND)
    await bench.settle()
    assert "active" not in await status_of(bench)
    owner = job["metadata"]["ownerReferences"]
    stranger = {"metadata": {"name": "m", "namespace": NAMESPACE, "ownerReferences": owner}}
    stranger["spec"] = cron_job()["spec"]["jobTemplate"]["spec"]
    await bench.client.create(JOBS, stranger)
    await bench.settle()
    assert (await events(bench, CRON_JOBS, "c"))[1:] == [
        ("MissingJob", f"Active job went missing: {job['metadata']['name']}"),
        ("UnexpectedJob", "Saw a job that the controller did not create or forgot: m"),
    ]
    assert "active" not in await status_of(bench)
