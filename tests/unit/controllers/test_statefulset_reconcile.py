"""StatefulSets on a real API server, in virtual time."""

from __future__ import annotations

import pytest

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.client.request import Key, Propagation
from steersman.controllers.history import in_order
from steersman.controllers.statefulset.controller import StatefulSets

from .kubelets import NAMESPACE, events, get, names, pods, prepare, report, run_all

pytestmark = pytest.mark.virtual_time
KEY = Key(NAMESPACE, "web")


def stateful_set(replicas=2, *, image="i:1", storage=False, **spec):
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    return {
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "serviceName": "web",
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
            **({"volumeClaimTemplates": [claim]} if storage else {}),
            **spec,
        },
    }


@pytest.fixture
async def begun(bench):
    await prepare(bench)

    async def begin(wanted):
        await bench.client.create(STATEFUL_SETS, wanted)
        await bench.start(StatefulSets)
        for _ in range(wanted["spec"]["replicas"]):
            await run_all(bench)

    return begin


async def change(bench, **spec):
    await bench.client.patch(STATEFUL_SETS, KEY, {"spec": spec})
    await bench.settle()


async def change_image(bench, image):
    await change(bench, template={"spec": {"containers": [{"name": "c", "image": image}]}})


async def revisions(bench):
    return in_order((await bench.client.list(CONTROLLER_REVISIONS, namespace=NAMESPACE))["items"])


async def images(bench):
    return [pod["spec"]["containers"][0]["image"] for pod in await pods(bench)]


async def test_pods_are_made_one_after_the_other(bench):
    await prepare(bench)
    await bench.client.create(STATEFUL_SETS, stateful_set(2, storage=True))
    await bench.start(StatefulSets)
    assert await names(bench) == ["web-0"]
    await run_all(bench)
    assert await names(bench) == ["web-0", "web-1"]
    await run_all(bench)
    (revision,) = await revisions(bench)
    assert (await get(bench, STATEFUL_SETS, "web"))["status"] == {
        "observedGeneration": 1,
        "replicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "currentReplicas": 2,
        "updatedReplicas": 2,
        "currentRevision": revision["metadata"]["name"],
        "updateRevision": revision["metadata"]["name"],
        "collisionCount": 0,
    }
    assert await events(bench, STATEFUL_SETS, "web") == [
        ("SuccessfulCreate", "Create Claim data-web-0 Pod web-0 in StatefulSet web success"),
        ("SuccessfulCreate", "Create Pod web-0 in StatefulSet web successful"),
        ("SuccessfulCreate", "Create Claim data-web-1 Pod web-1 in StatefulSet web success"),
        ("SuccessfulCreate", "Create Pod web-1 in StatefulSet web successful"),
    ]


async def test_a_set_that_is_as_it_should_be_is_left_alone(bench, begun):
    await begun(stateful_set(2, storage=True))
    before = await get(bench, STATEFUL_SETS, "web"), await pods(bench), await revisions(bench)
    await bench.client.patch(PODS, Key(NAMESPACE, "web-1"), {"metadata": {"annotations": {"touched": "1"}}})
    await bench.settle(3600)
    after = await get(bench, STATEFUL_SETS, "web"), await pods(bench), await revisions(bench)
    assert (after[0], after[1][0], after[2]) == (before[0], before[1][0], before[2])


async def test_a_new_template_replaces_pods_from_above_and_an_old_one_gets_its_revision_back(bench, begun):
    await begun(stateful_set(2))
    await change_image(bench, "i:2")
    assert await images(bench) == ["i:1", "i:2"]
    status = (await get(bench, STATEFUL_SETS, "web"))["status"]
    assert status["currentRevision"] != status["updateRevision"]
    await run_all(bench)
    await run_all(bench)
    assert await images(bench) == ["i:2", "i:2"]
    status = (await get(bench, STATEFUL_SETS, "web"))["status"]
    assert status["currentRevision"] == status["updateRevision"]
    first, second = await revisions(bench)
    await change_image(bench, "i:1")
    assert [(each["metadata"]["name"], each["revision"]) for each in await revisions(bench)] == [
        (second["metadata"]["name"], 2),
        (first["metadata"]["name"], 3),
    ]


async def test_a_pod_that_failed_is_made_again(bench, begun):
    await begun(stateful_set(1))
    (failed,) = await pods(bench)
    await report(bench, failed, "Failed")
    await bench.settle()
    (made,) = await pods(bench)
    assert made["metadata"]["uid"] != failed["metadata"]["uid"]
    assert made["status"]["phase"] == "Pending"


async def test_claims_follow_the_policy(bench, begun):
    policy = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    await begun(stateful_set(2, storage=True, persistentVolumeClaimRetentionPolicy=policy))

    async def owners():
        claims = (await bench.client.list(PERSISTENT_VOLUME_CLAIMS, namespace=NAMESPACE))["items"]
        return {
            each["metadata"]["name"]: [(owner["kind"], owner["name"]) for owner in each["metadata"]["ownerReferences"]]
            for each in claims
        }

    of_set = [("StatefulSet", "web")]
    assert await owners() == {"data-web-0": of_set, "data-web-1": of_set}
    await change(bench, replicas=1)
    assert await names(bench) == ["web-0"]
    assert await owners() == {"data-web-0": of_set, "data-web-1": [("Pod", "web-1")]}


async def test_a_claim_that_is_deleted_while_its_pod_waits_is_made_again(bench):
    await prepare(bench)
    await bench.client.create(STATEFUL_SETS, stateful_set(1, storage=True))
    await bench.start(StatefulSets)
    place = Key(NAMESPACE, "data-web-0")
    old = await bench.client.get(PERSISTENT_VOLUME_CLAIMS, place)
    await bench.client.patch(PERSISTENT_VOLUME_CLAIMS, place, {"metadata": {"finalizers": None}})
    await bench.client.delete(PERSISTENT_VOLUME_CLAIMS, place)
    await bench.settle()
    made = await bench.client.get(PERSISTENT_VOLUME_CLAIMS, place)
    assert made["metadata"]["uid"] != old["metadata"]["uid"]


async def test_pods_are_available_after_they_have_been_ready_for_long_enough(bench):
    await prepare(bench)
    await bench.client.create(STATEFUL_SETS, stateful_set(2, minReadySeconds=30))
    await bench.start(StatefulSets)
    await run_all(bench)
    await bench.settle(25)
    assert await names(bench) == ["web-0"]
    await bench.settle(10)
    assert await names(bench) == ["web-0", "web-1"]


async def test_a_name_that_is_taken_by_another_revision_is_counted(bench, begun):
    await begun(stateful_set(1))
    (revision,) = await revisions(bench)
    await bench.client.delete(STATEFUL_SETS, KEY, propagation=Propagation.BACKGROUND)
    await bench.client.delete(CONTROLLER_REVISIONS, Key(NAMESPACE, revision["metadata"]["name"]))
    foreign = {
        "metadata": {"name": revision["metadata"]["name"], "namespace": NAMESPACE},
        "revision": 1,
        "data": {"spec": {"template": {}}},
    }
    await bench.client.create(CONTROLLER_REVISIONS, foreign)
    await bench.client.create(STATEFUL_SETS, stateful_set(1))
    await bench.settle(30)
    status = (await get(bench, STATEFUL_SETS, "web"))["status"]
    assert status["collisionCount"] == 1
    assert status["updateRevision"] != revision["metadata"]["name"]


async def test_pods_and_revisions_that_match_are_adopted(bench, begun):
    await begun(stateful_set(1))
    await bench.client.delete(STATEFUL_SETS, KEY, propagation=Propagation.ORPHAN)
    for resource, each in ((PODS, (await pods(bench))[0]), (CONTROLLER_REVISIONS, (await revisions(bench))[0])):
        place = Key(NAMESPACE, each["metadata"]["name"])
        await bench.client.patch(resource, place, {"metadata": {"ownerReferences": None}})
    await bench.client.patch(STATEFUL_SETS, KEY, {"metadata": {"finalizers": None}})
    made = await bench.client.create(STATEFUL_SETS, stateful_set(1))
    await bench.settle()
    for each in (*await pods(bench), *await revisions(bench)):
        assert [owner["uid"] for owner in each["metadata"]["ownerReferences"]] == [made["metadata"]["uid"]]
    assert len(await revisions(bench)) == 1
