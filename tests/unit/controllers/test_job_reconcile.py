"""Jobs on a real API server, in virtual time."""

from __future__ import annotations

import pytest

from steersman.api.batch.job import JOBS
from steersman.api.core.pod import PODS
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key, Propagation
from steersman.controllers.job.controller import Jobs
from steersman.controllers.job.template import TRACKING

from .kubelets import NAMESPACE, assign, events, get, pods, prepare

pytestmark = pytest.mark.virtual_time
KEY = Key(NAMESPACE, "j")


def job(**spec):
    template = {
        "metadata": {"labels": {"app": "j"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]},
    }
    return {"metadata": {"name": "j", "namespace": NAMESPACE}, "spec": {"template": template, **spec}}


def indexed(completions, **spec):
    return job(completions=completions, parallelism=completions, completionMode="Indexed", **spec)


@pytest.fixture
async def begun(bench):
    await prepare(bench)
    await bench.start(Jobs)

    async def begin(wanted):
        await bench.client.create(JOBS, wanted)
        await bench.settle(3)

    return begin


async def end(bench, pod, code=0, *, condition=None):
    now = format_time(bench.clock.now())
    ended = {"exitCode": code, "reason": "Ended", "startedAt": now, "finishedAt": now}
    container = {"name": "c", "image": "i:1", "imageID": "", "ready": False, "restartCount": 0}
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": now}
    status = {
        "phase": "Failed" if code else "Succeeded",
        "conditions": [ready, *([{"type": condition, "status": "True"}] if condition else [])],
        "containerStatuses": [container | {"state": {"terminated": ended}}],
    }
    await bench.client.patch(PODS, key_of(pod), {"status": status}, subresource="status")


async def running(bench):
    return [each for each in await pods(bench) if each["status"]["phase"] == "Pending"]


async def status_of(bench):
    return (await get(bench, JOBS, "j")).get("status")


def conditions_of(status):
    return [(each["type"], each["status"], each["reason"], each["message"]) for each in status.get("conditions", [])]


async def test_a_job_is_complete_when_its_pod_has_succeeded_and_is_counted(bench, begun):
    await begun(job())
    [pod] = await pods(bench)
    assert pod["metadata"]["finalizers"] == [TRACKING]
    assert await status_of(bench) == {
        "active": 1,
        "ready": 0,
        "startTime": "2026-01-01T00:00:01Z",
        "terminating": 0,
        "uncountedTerminatedPods": {},
    }
    await end(bench, pod)
    await bench.settle(3)
    status = await status_of(bench)
    message = "Reached expected number of succeeded pods"
    assert conditions_of(status) == [
        ("SuccessCriteriaMet", "True", "CompletionsReached", message),
        ("Complete", "True", "CompletionsReached", message),
    ]
    assert {"succeeded": 1, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}.items() <= status.items()
    assert "completionTime" in status
    [pod] = await pods(bench)
    assert "finalizers" not in pod["metadata"]
    name = pod["metadata"]["name"]
    told = [("SuccessfulCreate", f"Created pod: {name}"), ("Completed", "Job completed")]
    assert await events(bench, JOBS, "j") == told


async def test_no_more_pods_run_than_completions_are_missing(bench, begun):
    await begun(job(completions=3, parallelism=2))
    assert len(await running(bench)) == 2
    await end(bench, (await running(bench))[0])
    await bench.settle(3)
    assert len(await running(bench)) == 2
    await end(bench, (await running(bench))[0])
    await bench.settle(3)
    assert len(await running(bench)) == 1
    assert (await status_of(bench))["succeeded"] == 2


async def test_a_failed_pod_is_replaced_after_ten_seconds_then_twenty(bench, begun):
    await begun(job())
    for failures, wait_s in ((1, 10), (2, 20)):
        await end(bench, (await running(bench))[0], 1)
        await bench.settle(wait_s - 1)
        assert not await running(bench)
        assert (await status_of(bench))["failed"] == failures
        await bench.settle(4)
        assert len(await running(bench)) == 1


async def test_a_job_fails_when_more_pods_failed_than_it_may_lose(bench, begun):
    await begun(job(backoffLimit=0, parallelism=2, completions=2))
    await end(bench, (await running(bench))[0], 1)
    await bench.settle(5)
    status = await status_of(bench)
    message = "Job has reached the specified backoff limit"
    assert conditions_of(status) == [
        ("FailureTarget", "True", "BackoffLimitExceeded", message),
        ("Failed", "True", "BackoffLimitExceeded", message),
    ]
    assert status["failed"] == 2
    assert not await running(bench)
    assert (await events(bench, JOBS, "j"))[-1] == ("BackoffLimitExceeded", message)


async def test_a_job_is_not_over_before_its_pods_have_ended(bench, begun):
    await begun(job(activeDeadlineSeconds=10))
    [pod] = await pods(bench)
    await assign(bench, pod, "n1")
    await bench.settle(15)
    status = await status_of(bench)
    message = "Job was active longer than specified deadline"
    assert conditions_of(status) == [("FailureTarget", "True", "DeadlineExceeded", message)]
    assert (status["terminating"], status["failed"]) == (1, 1)
    await bench.client.delete(PODS, key_of(pod), grace_s=0)
    await bench.settle(3)
    status = await status_of(bench)
    assert conditions_of(status)[-1] == ("Failed", "True", "DeadlineExceeded", message)
    assert (status["terminating"], status["failed"]) == (0, 1)
    assert not await pods(bench)


async def test_pods_of_an_indexed_job_know_their_index(bench, begun):
    await begun(indexed(2))
    for number, pod in enumerate(await pods(bench)):
        metadata, key = pod["metadata"], "batch.kubernetes.io/job-completion-index"
        assert metadata["generateName"] == f"j-{number}-"
        assert metadata["annotations"][key] == metadata["labels"][key] == str(number)
        assert pod["spec"]["hostname"] == f"j-{number}"
        field = {"apiVersion": "v1", "fieldPath": f"metadata.labels['{key}']"}
        assert pod["spec"]["containers"][0]["env"] == [
            {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": field}}
        ]
        await end(bench, pod)
    await bench.settle(3)
    status = await status_of(bench)
    assert (status["completedIndexes"], status["succeeded"]) == ("0,1", 2)
    assert conditions_of(status)[-1][:2] == ("Complete", "True")


async def test_an_index_that_failed_too_often_is_given_up_and_the_others_go_on(bench, begun):
    await begun(indexed(2, backoffLimitPerIndex=1))
    first, second = await pods(bench)
    await end(bench, first, 1)
    await bench.settle(15)
    [again] = [pod for pod in await running(bench) if pod["metadata"]["name"].startswith("j-0-")]
    assert again["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"] == "1"
    await end(bench, again, 1)
    await end(bench, second)
    await bench.settle(5)
    status = await status_of(bench)
    assert (status["completedIndexes"], status["failedIndexes"]) == ("1", "0")
    assert (status["succeeded"], status["failed"]) == (1, 2)
    assert conditions_of(status)[-1] == ("Failed", "True", "FailedIndexes", "Job has failed indexes")
    assert all("finalizers" not in pod["metadata"] for pod in await pods(bench))


async def test_the_failure_policy_decides_what_a_failure_means(bench, begun):
    codes = {"onExitCodes": {"operator": "In", "values": [42]}, "action": "FailJob"}
    lost = {"onPodConditions": [{"type": "DisruptionTarget", "status": "True"}], "action": "Ignore"}
    await begun(job(backoffLimit=0, podFailurePolicy={"rules": [lost, codes]}))
    await end(bench, (await running(bench))[0], 1, condition="DisruptionTarget")
    await bench.settle(13)
    assert "failed" not in await status_of(bench)
    [pod] = await running(bench)
    await end(bench, pod, 42)
    await bench.settle(5)
    name = pod["metadata"]["name"]
    message = f"Container c for pod {NAMESPACE}/{name} failed with exit code 42 matching FailJob rule at index 1"
    assert conditions_of(await status_of(bench))[-1] == ("Failed", "True", "PodFailurePolicy", message)


async def test_success_of_enough_indexes_ends_the_others(bench, begun):
    await begun(indexed(3, successPolicy={"rules": [{"succeededIndexes": "1-2", "succeededCount": 1}]}))
    await end(bench, (await pods(bench))[2])
    await bench.settle(5)
    status = await status_of(bench)
    assert conditions_of(status) == [
        (kind, "True", "SuccessPolicy", "Matched rules at index 0") for kind in ("SuccessCriteriaMet", "Complete")
    ]
    assert (status["completedIndexes"], status["succeeded"], status.get("failed")) == ("2", 1, None)
    assert len(await pods(bench)) == 1


async def test_a_suspended_job_has_no_pods_and_begins_anew_when_it_is_resumed(bench, begun):
    await begun(job(suspend=True))
    assert not await pods(bench)
    status = await status_of(bench)
    assert conditions_of(status) == [("Suspended", "True", "JobSuspended", "Job suspended")]
    assert "startTime" not in status
    await bench.client.patch(JOBS, KEY, {"spec": {"suspend": False}})
    await bench.settle(3)
    status = await status_of(bench)
    assert conditions_of(status) == [("Suspended", "False", "JobResumed", "Job resumed")]
    assert "startTime" in status
    assert len(await pods(bench)) == 1
    await bench.client.patch(JOBS, KEY, {"spec": {"suspend": True}})
    await bench.settle(3)
    status = await status_of(bench)
    assert not await pods(bench)
    assert (status.get("failed"), status.get("active"), status.get("startTime")) == (None, None, None)
    told = [reason for reason, _ in await events(bench, JOBS, "j")]
    assert told == ["Suspended", "SuccessfulCreate", "Resumed", "SuccessfulDelete"]  # Suspended twice


async def test_a_pod_that_is_being_deleted_keeps_its_place_where_only_failed_ones_are_replaced(bench, begun):
    await begun(job(podReplacementPolicy="Failed"))
    [pod] = await pods(bench)
    await assign(bench, pod, "n1")
    await bench.client.delete(PODS, key_of(pod))
    await bench.settle(3)
    assert len(await pods(bench)) == 1
    status = await status_of(bench)
    assert (status.get("failed"), status["terminating"]) == (None, 1)
    await end(bench, pod, 1)
    await bench.settle(14)
    assert (await status_of(bench))["failed"] == 1
    assert len(await running(bench)) == 1


async def test_a_pod_that_somebody_deletes_counts_as_failed(bench, begun):
    await begun(job())
    [pod] = await pods(bench)
    await bench.client.delete(PODS, key_of(pod))
    await bench.settle(14)
    [other] = await pods(bench)
    assert other["metadata"]["uid"] != pod["metadata"]["uid"]
    assert (await status_of(bench))["failed"] == 1


async def test_pods_that_a_job_leaves_behind_are_let_go(bench, begun):
    await begun(job())
    [pod] = await pods(bench)
    await bench.client.delete(JOBS, KEY, propagation=Propagation.BACKGROUND)
    await bench.client.patch(PODS, key_of(pod), {"metadata": {"ownerReferences": None}})
    await bench.settle(3)
    [pod] = await pods(bench)
    assert "finalizers" not in pod["metadata"]


async def test_an_orphan_that_matches_is_adopted_and_counted(bench, begun):
    labels = {"mine": "yes"}
    template = job()["spec"]["template"] | {"metadata": {"labels": labels}}
    orphan = {"metadata": {"name": "orphan", "namespace": NAMESPACE, "labels": labels}, "spec": template["spec"]}
    await bench.client.create(PODS, orphan)
    await begun(job(manualSelector=True, selector={"matchLabels": labels}, template=template))
    [pod] = await pods(bench)
    assert pod["metadata"]["finalizers"] == [TRACKING]
    assert pod["metadata"]["ownerReferences"][0]["name"] == "j"
    await end(bench, pod)
    await bench.settle(3)
    assert (await status_of(bench))["succeeded"] == 1


async def test_a_job_that_another_controller_manages_is_left_alone(bench, begun):
    await begun(job(managedBy="example.com/mine"))
    assert not await pods(bench)
    assert not await status_of(bench)


async def test_fewer_at_a_time_means_that_the_least_loss_goes(bench, begun):
    await begun(job(parallelism=3, completions=9))
    kept = (await pods(bench))[1]
    await assign(bench, kept, "n1")
    await bench.client.patch(JOBS, KEY, {"spec": {"parallelism": 1}})
    await bench.settle(3)
    assert [pod["metadata"]["uid"] for pod in await pods(bench)] == [kept["metadata"]["uid"]]
    status = await status_of(bench)
    assert (status["active"], status.get("failed")) == (1, None)


async def test_a_pod_that_matches_no_more_is_released_without_the_finalizer(bench, begun):
    await begun(job())
    [pod] = await pods(bench)
    labels = {"batch.kubernetes.io/controller-uid": None}
    await bench.client.patch(PODS, key_of(pod), {"metadata": {"labels": labels}})
    await bench.settle(3)
    released, other = sorted(await pods(bench), key=lambda each: "ownerReferences" in each["metadata"])
    assert released["metadata"]["uid"] == pod["metadata"]["uid"]
    assert "finalizers" not in released["metadata"]
    assert other["metadata"]["finalizers"] == [TRACKING]
    status = await status_of(bench)
    assert (status["active"], status.get("failed")) == (1, None)
