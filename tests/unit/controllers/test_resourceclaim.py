"""ResourceClaims come from templates, are reserved, and are given back."""

from __future__ import annotations

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.pod import PODS
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.dra.resource_claim_template import RESOURCE_CLAIM_TEMPLATES
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.resourceclaim import (
    FINALIZER,
    ResourceClaims,
    claims_of,
    generate_base,
    is_done,
    new_claim,
    plan_release,
    plan_reservation,
    recorded_claim,
)

from .kubelets import prepare
from .objects import meta, pod

GONE = "2026-01-02T00:00:00Z"
ENTRY = {"name": "g", "resourceClaimTemplateName": "t"}
TEMPLATE = {"metadata": meta("t"), "spec": {"metadata": {"labels": {"l": "m"}}, "spec": {"devices": {}}}}


def user(name="p", *entries, recorded=None, **more):
    made = pod(name, **more)
    made["spec"]["resourceClaims"] = list(entries or [ENTRY])
    if recorded is not None:
        made["status"]["resourceClaimStatuses"] = recorded
    return made


def consumer(name):
    return {"resource": "pods", "name": name, "uid": f"uid-{name}"}


def claim(*consumers, allocated=True, protected=True, **metadata):
    status = {"allocation": {"devices": {}}} if allocated else {}
    if consumers:
        status["reservedFor"] = [consumer(name) for name in consumers]
    finalizers = {"finalizers": ["mine", FINALIZER]} if protected else {}
    return {"metadata": meta("c", **finalizers, **metadata), "status": status}


def test_a_claim_is_known_by_name_or_when_it_was_recorded():
    assert recorded_claim(user(), {"name": "x", "resourceClaimName": "c"}) == (True, "c")
    assert recorded_claim(user(), ENTRY) == (False, None)
    assert recorded_claim(user(recorded=[{"name": "g", "resourceClaimName": "p-g-1"}]), ENTRY) == (True, "p-g-1")
    assert recorded_claim(user(recorded=[{"name": "g"}]), ENTRY) == (True, None)


def test_a_pod_uses_what_it_names_what_was_made_for_it_and_what_its_extended_resources_need():
    made = user("p", {"name": "x", "resourceClaimName": "c"}, ENTRY, recorded=[{"name": "g", "resourceClaimName": "d"}])
    made["status"]["extendedResourceClaimStatus"] = {"resourceClaimName": "e"}
    assert claims_of(made) == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("of", "done"),
    [
        (pod("p"), False),
        (pod("p", phase="Succeeded"), True),
        (pod("p", deletionTimestamp=GONE), False),
        (pod("p", node="", deletionTimestamp=GONE), True),
    ],
)
def test_a_pod_is_done_when_it_ended_or_will_never_start(of, done):
    assert is_done(of) is done


def test_a_claim_is_made_of_its_template_and_belongs_to_the_pod():
    made = new_claim(user(), "g", TEMPLATE)
    assert made["spec"] == {"devices": {}}
    assert made["metadata"] == {
        "generateName": "p-g-",
        "namespace": "ns",
        "labels": {"l": "m"},
        "annotations": {"resource.kubernetes.io/pod-claim-name": "g"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "uid-p", "controller": True}],
    }


def test_long_names_are_cut_in_proportion():
    assert generate_base("a" * 20, "b" * 20) == "a" * 20 + "-" + "b" * 20 + "-"
    assert generate_base("a" * 60, "b" * 38) == "a" * 34 + "-" + "b" * 21


def test_an_allocated_claim_is_reserved_once():
    reserved = plan_reservation(claim("other"), user())
    assert reserved["status"]["reservedFor"] == [consumer("other"), consumer("p")]
    assert plan_reservation(reserved, user()) is None
    assert plan_reservation(claim(allocated=False), user()) is None


def test_a_claim_is_given_back_with_its_last_user():
    assert plan_release(claim("a", "b"), [consumer("b")]) == claim("b")["status"]
    assert plan_release(claim("a"), []) == {}
    assert plan_release(claim("a", protected=False), []) == {"allocation": {"devices": {}}}


def test_a_claim_that_was_never_used_keeps_its_allocation_until_it_is_deleted():
    assert plan_release(claim(), []) is None
    assert plan_release(claim("a"), [consumer("a")]) is None
    assert plan_release(claim(deletionTimestamp=GONE), []) == {}
    assert plan_release(claim(allocated=False, deletionTimestamp=GONE), []) == {}
    assert plan_release(claim(allocated=False, protected=False, deletionTimestamp=GONE), []) is None


# -- on a real API server


@pytest.fixture
async def cluster(bench):
    await prepare(bench)
    await bench.start(ResourceClaims)
    return bench


async def make_template(bench):
    spec = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}
    metadata = {"name": "t", "namespace": "default"}
    await bench.client.create(RESOURCE_CLAIM_TEMPLATES, {"metadata": metadata, "spec": {"spec": spec}})
    await bench.settle()


async def make_pod(bench, **spec):
    containers = [{"name": "c", "image": "i"}]
    spec = {"containers": containers, "resourceClaims": [ENTRY], **spec}
    made = await bench.client.create(PODS, {"metadata": {"name": "p", "namespace": "default"}, "spec": spec})
    await bench.settle()
    return made


async def claims(bench):
    return (await bench.client.list(RESOURCE_CLAIMS, namespace="default"))["items"]


@pytest.mark.virtual_time
async def test_a_pod_gets_its_claim_and_loses_it_when_it_ends(cluster):
    await make_template(cluster)
    made = await make_pod(cluster)
    [found] = await claims(cluster)
    assert found["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    status = (await cluster.client.get(PODS, key_of(made)))["status"]
    assert status["resourceClaimStatuses"] == [{"name": "g", "resourceClaimName": found["metadata"]["name"]}]
    await cluster.client.patch(PODS, key_of(made), {"status": {"phase": "Failed"}}, subresource="status")
    await cluster.settle()
    assert await claims(cluster) == []


@pytest.mark.virtual_time
async def test_a_claim_that_somebody_deleted_is_made_again(cluster):
    await make_template(cluster)
    await make_pod(cluster)
    [found] = await claims(cluster)
    await cluster.client.delete(RESOURCE_CLAIMS, key_of(found))
    await cluster.settle()
    [again] = await claims(cluster)
    assert again["metadata"]["uid"] != found["metadata"]["uid"]


@pytest.mark.virtual_time
async def test_a_template_that_is_missing_is_told_and_waited_for(cluster):
    await make_pod(cluster)
    assert await claims(cluster) == []
    [event] = (await cluster.client.list(EVENTS, namespace="default"))["items"]
    assert (event["reason"], event["source"]["component"]) == ("FailedResourceClaimCreation", "resource_claim")
    assert event["message"] == (
        'PodResourceClaim g: resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found'
    )
    await make_template(cluster)
    assert len(await claims(cluster)) == 1


@pytest.mark.virtual_time
async def test_reservations_of_pods_that_never_were_are_removed_with_the_allocation(cluster):
    spec = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}
    metadata = {"name": "c", "namespace": "default", "finalizers": [FINALIZER]}
    made = await cluster.client.create(RESOURCE_CLAIMS, {"metadata": metadata, "spec": spec})
    result = {"request": "r", "driver": "d.example.com", "pool": "p", "device": "d"}
    status = {"allocation": {"devices": {"results": [result]}}, "reservedFor": [consumer("nobody")]}
    await cluster.client.update_status(RESOURCE_CLAIMS, made | {"status": status})
    await cluster.settle()
    freed = await cluster.client.get(RESOURCE_CLAIMS, Key("default", "c"))
    assert freed.get("status", {}) == {}
    assert "finalizers" not in freed["metadata"]
