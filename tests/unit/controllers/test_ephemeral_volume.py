"""Claims that are made for pods."""

from __future__ import annotations

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.client.request import Key
from steersman.controllers.ephemeral_volume import EphemeralVolumes, concerned, new_claim

from .volumes import user

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def test_a_claim_is_as_its_template_says_and_belongs_to_the_pod():
    pod = user(made=True)
    pod["spec"]["volumes"][0]["ephemeral"] = {"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": SPEC}}
    made = new_claim(pod, pod["spec"]["volumes"][0])
    assert made["spec"] == SPEC
    assert made["metadata"]["labels"] == {"a": "b"}
    assert (
        made["metadata"]["ownerReferences"][0] | {"uid": "uid-p", "controller": True, "kind": "Pod"}
        == (made["metadata"]["ownerReferences"][0])
    )


def test_only_pods_with_such_volumes_matter():
    assert concerned(None, user(made=True)) == [Key("ns", "p")]
    assert concerned(None, user()) == concerned(user(made=True), None) == []
    assert concerned(None, user(made=True, deletionTimestamp="T")) == []


async def make_pod(bench):
    place = {"namespace": "default"}
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", **place}})
    volumes = [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": SPEC}}}]
    pod = {"volumes": volumes, "containers": [{"name": "c", "image": "i"}]}
    await bench.client.create(PODS, {"metadata": {"name": "p", **place}, "spec": pod})
    await bench.settle()


@pytest.mark.virtual_time
async def test_a_claim_is_made_and_made_again(bench):
    await bench.start(EphemeralVolumes)
    await make_pod(bench)
    first = await bench.client.get(PERSISTENT_VOLUME_CLAIMS, Key("default", "p-v"))
    await bench.client.update(PERSISTENT_VOLUME_CLAIMS, first | {"metadata": first["metadata"] | {"finalizers": []}})
    await bench.client.delete(PERSISTENT_VOLUME_CLAIMS, Key("default", "p-v"))
    await bench.settle()
    again = await bench.client.get(PERSISTENT_VOLUME_CLAIMS, Key("default", "p-v"))
    assert again["metadata"]["uid"] != first["metadata"]["uid"]


@pytest.mark.virtual_time
async def test_a_claim_of_somebody_else_is_told_of(bench):
    await bench.start(EphemeralVolumes)
    metadata = {"name": "p-v", "namespace": "default"}
    await bench.client.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": metadata, "spec": SPEC})
    await make_pod(bench)
    events = (await bench.client.list(EVENTS, namespace="default"))["items"]
    assert {(event["source"]["component"], event["reason"], event["message"]) for event in events} == {
        (
            "ephemeral_volume",
            "FailedBinding",
            "ephemeral volume v: PVC default/p-v was not created for pod default/p (pod is not owner)",
        )
    }
