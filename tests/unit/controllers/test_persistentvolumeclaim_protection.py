"""Claims that are used stay."""

from __future__ import annotations

import pytest

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.persistentvolumeclaim_protection import (
    PersistentVolumeClaimProtection,
    concerned,
    holds,
    is_terminated,
    keeps_busy,
    plan_condition,
    tells_use,
)

from .objects import owned_by
from .volumes import claim, user


def test_a_pod_on_a_node_holds_its_claims_even_when_it_has_ended():
    assert holds(user(), claim())
    assert holds(user(phase="Succeeded"), claim())
    assert not holds(user(node=""), claim())


def test_a_claim_made_for_a_pod_is_held_until_that_is_shut_down():
    pod = user(made=True)
    made = claim("p-c", metadata={"ownerReferences": owned_by(pod, kind="Pod")})
    assert holds(pod, made)
    shut_down = pod | {"metadata": pod["metadata"] | {"deletionTimestamp": "T", "deletionGracePeriodSeconds": 0}}
    assert not holds(shut_down, made)


def test_use_is_by_any_pod_that_has_not_ended():
    assert keeps_busy(user(node=""), claim())
    assert not keeps_busy(user(phase="Failed"), claim())
    running = user(deletionTimestamp="T")
    running["status"]["containerStatuses"] = [{"state": {"running": {}}}]
    assert not is_terminated(running)
    running["status"]["containerStatuses"] = [{"state": {"terminated": {"exitCode": 0}}}]
    assert is_terminated(running)


def test_a_bound_claim_tells_whether_it_is_used():
    bound = claim(phase="Bound")
    assert tells_use(bound)
    assert not tells_use(claim(phase="Pending"))
    told = plan_condition(bound, used=False, timestamp="T")
    assert told is not None
    assert told["status"]["conditions"] == [
        {
            "type": "Unused",
            "status": "True",
            "lastTransitionTime": "T",
            "reason": "NoPodsUsingPVC",
            "message": "No pods are currently referencing this PVC",
        }
    ]
    assert plan_condition(told, used=False, timestamp="U") is None
    used = plan_condition(told, used=True, timestamp="U")
    assert used is not None
    assert [each["reason"] for each in used["status"]["conditions"]] == ["PodUsingPVC"]


def test_a_pod_concerns_its_claims():
    assert concerned(user(), None) == concerned(None, user()) == [Key("ns", "c")]


@pytest.mark.virtual_time
async def test_a_claim_outlives_its_pod(bench):
    await bench.start(PersistentVolumeClaimProtection)
    place = {"namespace": "default"}
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", **place}})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await bench.client.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": "c", **place}, "spec": spec})
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    pod = {"nodeName": "n1", "volumes": volumes, "containers": [{"name": "c", "image": "i"}]}
    await bench.client.create(PODS, {"metadata": {"name": "p", **place}, "spec": pod})
    await bench.client.delete(PERSISTENT_VOLUME_CLAIMS, Key("default", "c"))
    await bench.settle()
    assert await bench.client.get(PERSISTENT_VOLUME_CLAIMS, Key("default", "c"))
    await bench.client.delete(PODS, Key("default", "p"), grace_s=0)
    await bench.settle()
    with pytest.raises(NotFound):
        await bench.client.get(PERSISTENT_VOLUME_CLAIMS, Key("default", "c"))
