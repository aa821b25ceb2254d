"""How many pods may be evicted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.pod import PODS
from steersman.api.meta.times import format_time
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.client.request import Key
from steersman.controllers.disruption import (
    Disruptions,
    Expected,
    count_healthy,
    disruption_stale_in_s,
    plan_disrupted,
    plan_expected,
    plan_failure,
    plan_status,
)
from steersman.controllers.ownership import reference_to

from . import kubelets
from .objects import meta, pod

pytestmark = pytest.mark.virtual_time
NOW = datetime(2026, 1, 2, tzinfo=UTC)
STAMP, EARLIER = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
DELETED = {"deletionTimestamp": STAMP}


def ago(seconds):
    return format_time(NOW - timedelta(seconds=seconds))


def budget(*, status=None, **spec):
    return {"metadata": meta("b", generation=2), "spec": spec, "status": status or {}}


# -- what is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"minAvailable": 2}, Expected(5, 2)),
        ({"minAvailable": 0}, Expected(5, 0)),
        ({"minAvailable": "50%"}, Expected(7, 4, unmanaged=True)),
        ({"maxUnavailable": 3}, Expected(7, 4, unmanaged=True)),
        ({"maxUnavailable": 9}, Expected(7, 0, unmanaged=True)),
        ({"maxUnavailable": "30%"}, Expected(7, 4, unmanaged=True)),
        ({}, Expected(0, 0)),
    ],
)
def test_amounts_are_of_the_pods_there_or_of_those_that_owners_want(spec, expected):
    assert plan_expected(spec, 5, (7, True)) == expected


# -- pods that evictions were allowed for


def test_an_eviction_is_believed_in_until_the_pod_goes_or_for_two_minutes():
    disrupted = {"fresh": ago(20), "late": ago(130), "going": ago(10), "gone": ago(10), "last": ago(120)}
    pods = [pod("fresh"), pod("late"), pod("going", **DELETED), pod("other"), pod("last")]
    kept, overdue, recheck_s = plan_disrupted(budget(status={"disruptedPods": disrupted}), pods, NOW)
    assert kept == {"fresh": ago(20)}
    assert [each["metadata"]["name"] for each in overdue] == ["late", "last"]
    assert recheck_s == 100
    assert plan_disrupted(budget(), pods, NOW) == ({}, [], None)


def test_healthy_are_ready_pods_that_stay():
    pods = [pod("a"), pod("b", ready=False), pod("c", **DELETED), pod("d"), pod("e")]
    assert count_healthy(pods, {"d": ago(5), "e": ago(121)}, NOW) == 2


# -- status


@pytest.mark.parametrize(
    ("expected", "healthy", "allowed", "told"),
    [
        (Expected(3, 2), 3, 1, ("True", "SufficientPods")),
        (Expected(3, 2), 2, 0, ("False", "InsufficientPods")),
        (Expected(3, 2), 0, 0, ("False", "InsufficientPods")),
        (Expected(0, 0), 2, 0, ("False", "InsufficientPods")),
    ],
)
def test_the_status_says_how_many_may_go(expected, healthy, allowed, told):
    status = plan_status(budget(), expected, healthy, {}, timestamp=STAMP)
    (condition,) = status.pop("conditions")
    assert status == {
        "observedGeneration": 2,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": expected.healthy,
        "expectedPods": expected.pods,
    }
    assert (condition["status"], condition["reason"]) == told
    assert condition["observedGeneration"] == 2


def test_a_status_that_says_all_that_is_not_written():
    status = plan_status(budget(), Expected(3, 2), 3, {"p": STAMP}, timestamp=EARLIER)
    assert status["disruptedPods"] == {"p": STAMP}
    assert plan_status(budget(status=status), Expected(3, 2), 3, {"p": STAMP}, timestamp=STAMP) is None
    assert plan_status(budget(status=status), Expected(3, 2), 3, {}, timestamp=STAMP) is not None


def test_conditions_keep_their_time_and_those_of_others_their_place():
    other = {"type": "Other", "status": "True"}
    status = plan_status(budget(), Expected(3, 2), 3, {}, timestamp=EARLIER)
    status["conditions"].append(other)
    more = plan_status(budget(status=status), Expected(5, 2), 4, {}, timestamp=STAMP)
    assert [each["type"] for each in more["conditions"]] == ["DisruptionAllowed", "Other"]
    assert more["conditions"][0]["lastTransitionTime"] == EARLIER
    less = plan_status(budget(status=status), Expected(5, 2), 1, {}, timestamp=STAMP)
    assert less["conditions"][0]["lastTransitionTime"] == STAMP


def test_what_is_not_known_allows_nothing():
    old = plan_status(budget(), Expected(3, 2), 3, {}, timestamp=EARLIER)
    failed = plan_failure(budget(status=old), "why", timestamp=STAMP)
    assert failed["disruptionsAllowed"] == 0
    assert failed["currentHealthy"] == 3
    (condition,) = failed["conditions"]
    assert condition == {
        "type": "DisruptionAllowed",
        "status": "False",
        "reason": "SyncFailed",
        "message": "why",
        "lastTransitionTime": STAMP,
        "observedGeneration": 2,
    }
    assert plan_failure(budget(status=failed), "why", timestamp=STAMP) is None


# -- conditions of pods


def condemned(since_s=30, *, status="True", reason="EvictionByEvictionAPI", **more):
    made = pod("p", **more)
    condition = {"type": "DisruptionTarget", "status": status, "reason": reason, "lastTransitionTime": ago(since_s)}
    made["status"]["conditions"].append(condition)
    return made


@pytest.mark.parametrize(
    ("subject", "stale_in_s"),
    [
        (condemned(30), 90),
        (condemned(500), 0),
        (condemned(status="False"), None),
        (condemned(reason="TerminationByKubelet"), None),
        (condemned(**DELETED), None),
        (condemned(phase="Failed"), None),
        (pod("p"), None),
        (None, None),
    ],
)
def test_what_does_not_come_true_in_two_minutes_is_stale(subject, stale_in_s):
    assert disruption_stale_in_s(subject, NOW) == stale_in_s


# -- on a server


@pytest.fixture
async def cluster(bench):
    await kubelets.prepare(bench)
    await bench.start(Disruptions)
    return bench


async def make_pod(bench, name, *, owner=None, **labels):
    metadata = {"name": name, "namespace": kubelets.NAMESPACE, "labels": labels or {"app": "web"}}
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    spec = {"containers": [{"name": "c", "image": "i"}]}
    made = await bench.client.create(PODS, {"metadata": metadata, "spec": spec})
    await kubelets.report(bench, made, "Running", ready=True)
    await bench.settle()


async def make_budget(bench, name="b", **spec):
    spec = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    metadata = {"name": name, "namespace": kubelets.NAMESPACE}
    await bench.client.create(POD_DISRUPTION_BUDGETS, {"metadata": metadata, "spec": spec})
    await bench.settle()


async def counts(bench):
    status = (await kubelets.get(bench, POD_DISRUPTION_BUDGETS, "b"))["status"]
    (condition,) = status["conditions"]
    names = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
    return [status[name] for name in names] + [condition["reason"]]


async def test_a_budget_follows_its_pods(cluster):
    await make_budget(cluster, minAvailable=1)
    assert await counts(cluster) == [0, 1, 0, 0, "InsufficientPods"]
    assert ("NoPods", "No matching pods found") in await kubelets.events(cluster, POD_DISRUPTION_BUDGETS, "b")
    await make_pod(cluster, "p")
    await make_pod(cluster, "q")
    assert await counts(cluster) == [2, 1, 2, 1, "SufficientPods"]
    key = Key(kubelets.NAMESPACE, "q")
    await cluster.client.patch(PODS, key, {"metadata": {"labels": {"app": "other"}}})
    await cluster.settle()
    assert await counts(cluster) == [1, 1, 1, 0, "InsufficientPods"]


async def test_owners_say_how_many_there_should_be(cluster):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    metadata = {"name": "web", "namespace": kubelets.NAMESPACE}
    owner = reference_to(await cluster.client.create(REPLICA_SETS, {"metadata": metadata, "spec": spec}), REPLICA_SETS)
    for name in ("p", "q", "r"):
        await make_pod(cluster, name, owner=owner)
    await make_budget(cluster, maxUnavailable="50%")
    assert await counts(cluster) == [4, 2, 3, 1, "SufficientPods"]


async def test_pods_without_owner_are_told_of(cluster):
    await make_pod(cluster, "p")
    await make_budget(cluster, minAvailable="50%")
    assert await counts(cluster) == [0, 0, 1, 0, "InsufficientPods"]
    ((reason, message),) = set(await kubelets.events(cluster, POD_DISRUPTION_BUDGETS, "b"))
    assert reason == "UnmanagedPods"
    assert message == (
        "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},"
        "MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. As a result, the status of the PDB "
        "cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set "
        '".spec.minAvailable" field of the PDB to an integer value.'
    )


async def test_an_owner_that_cannot_be_asked_makes_the_budget_allow_nothing(cluster):
    owner = {"apiVersion": "example.com/v1", "kind": "Nobody", "name": "x", "uid": "x", "controller": True}
    await make_pod(cluster, "p", owner=owner)
    await make_budget(cluster, maxUnavailable=1)
    status = (await kubelets.get(cluster, POD_DISRUPTION_BUDGETS, "b"))["status"]
    assert status["disruptionsAllowed"] == 0
    assert status["conditions"][0]["reason"] == "SyncFailed"
    assert status["conditions"][0]["message"] == 'no matches for kind "Nobody" in version "example.com/v1"'
    message = f"Failed to calculate the number of expected pods: {status['conditions'][0]['message']}"
    events = await kubelets.events(cluster, POD_DISRUPTION_BUDGETS, "b")
    assert ("CalculateExpectedPodCountFailed", message) in events


async def test_an_eviction_that_does_not_happen_is_forgotten(cluster):
    await make_pod(cluster, "p")
    await make_budget(cluster, minAvailable=0)
    patch = {"status": {"disruptedPods": {"p": format_time(cluster.clock.now()), "ghost": "2020-01-01T00:00:00Z"}}}
    key = Key(kubelets.NAMESPACE, "b")
    await cluster.client.patch(POD_DISRUPTION_BUDGETS, key, patch, subresource="status")
    await cluster.settle()
    assert await counts(cluster) == [1, 0, 0, 0, "InsufficientPods"]
    status = (await kubelets.get(cluster, POD_DISRUPTION_BUDGETS, "b"))["status"]
    assert list(status["disruptedPods"]) == ["p"]
    await cluster.settle(125)
    assert await counts(cluster) == [1, 0, 1, 1, "SufficientPods"]
    told = ("NotDeleted", "Pod was expected by PDB default/default to be deleted but it wasn't")
    assert told in await kubelets.events(cluster, PODS, "p")


async def test_a_pod_of_two_budgets_concerns_both(cluster):
    await make_budget(cluster, minAvailable=0)
    await make_budget(cluster, "c", minAvailable=0)
    await make_pod(cluster, "p")
    for name in ("b", "c"):
        assert (await kubelets.get(cluster, POD_DISRUPTION_BUDGETS, name))["status"]["currentHealthy"] == 1
    ((reason, _message),) = await kubelets.events(cluster, PODS, "p")
    assert reason == "MultiplePodDisruptionBudgets"


async def test_a_pod_that_was_not_deleted_is_not_said_to_be_about_to_be(cluster):
    await make_pod(cluster, "p")
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "X", "message": "m"}
    condition["lastTransitionTime"] = format_time(cluster.clock.now())
    patch = {"status": {"conditions": [condition]}}
    await cluster.client.patch(PODS, Key(kubelets.NAMESPACE, "p"), patch, subresource="status")
    await cluster.settle(115)
    assert (await kubelets.get(cluster, PODS, "p"))["status"]["conditions"][0]["status"] == "True"
    await cluster.settle(10)
    (condition,) = (await kubelets.get(cluster, PODS, "p"))["status"]["conditions"]
    assert (condition["status"], condition.get("reason"), condition["observedGeneration"]) == ("False", None, 1)
