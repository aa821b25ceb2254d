"""Deployments and ReplicaSets on a real API server, in virtual time; the test plays the kubelet."""

from __future__ import annotations

import contextlib

import pytest

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.event import EVENTS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import NotFound
from steersman.api.meta.conditions import find_condition
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.deployment.controller import Deployments
from steersman.controllers.replicaset import ReplicaSets

from .objects import deployment

pytestmark = pytest.mark.virtual_time

WEB = Key("ns", "web")


class Cluster:
    """A Deployment `web`, and those who look after it."""

    def __init__(self, bench):
        self.bench = bench
        self.client = bench.client

    async def create(self, replicas=3, **spec):
        await self.create_namespace()
        wanted = deployment(replicas=replicas, **spec)
        wanted["metadata"] = {"name": "web", "namespace": "ns", **spec.get("metadata", {})}
        await self.client.create(DEPLOYMENTS, wanted)
        await self.bench.start(Deployments, ReplicaSets)

    async def create_namespace(self):
        await self.client.create(NAMESPACES, {"metadata": {"name": "ns"}})
        await self.client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "ns"}})

    async def patch(self, **spec):
        await self.client.patch(DEPLOYMENTS, WEB, {"spec": spec})
        await self.bench.settle()

    async def set_image(self, image):
        await self.patch(template={"spec": {"containers": [{"name": "c", "image": image}]}})

    async def list(self, resource):
        return (await self.client.list(resource, namespace="ns"))["items"]

    async def make_ready(self, image=None):
        """All pods, or those with an image; whether there were any to make ready."""
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": format_time(self.bench.clock.now())}
        pods = [pod for pod in await self.list(PODS) if not find_condition(pod, "Ready")]
        pods = [pod for pod in pods if image in (None, pod["spec"]["containers"][0]["image"])]
        for pod in pods:
            status = {"phase": "Running", "conditions": [ready]}
            with contextlib.suppress(NotFound):  # given up in the meantime
                await self.client.patch(PODS, key_of(pod), {"status": status}, subresource="status")
        await self.bench.settle()
        return bool(pods)

    async def settle(self):
        for _ in range(30):
            if not await self.make_ready():
                return
        raise AssertionError("it does not come to rest")

    async def status(self):
        return (await self.client.get(DEPLOYMENTS, WEB))["status"]

    async def sizes(self):
        """{image: (wanted, present)} of ReplicaSets."""
        return {
            each["spec"]["template"]["spec"]["containers"][0]["image"]: (
                each["spec"]["replicas"],
                each["status"]["replicas"],
            )
            for each in await self.list(REPLICA_SETS)
        }

    async def revisions(self):
        return sorted(
            (each["metadata"]["annotations"]["deployment.kubernetes.io/revision"], image)
            for each in await self.list(REPLICA_SETS)
            for image in [each["spec"]["template"]["spec"]["containers"][0]["image"]]
        )

    async def messages(self, kind="Deployment"):
        events = [each for each in await self.list(EVENTS) if each["involvedObject"]["kind"] == kind]
        names = {
            each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"]
            for each in await self.list(REPLICA_SETS)
        }
        texts = [each["message"] for each in sorted(events, key=lambda each: each["metadata"]["name"])]
        for name, image in names.items():
            texts = [text.replace(name, image) for text in texts]
        return texts


@pytest.fixture
def cluster(bench):
    return Cluster(bench)


def reasons(status):
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


async def test_a_replica_set_is_made_and_its_pods_become_available(cluster):
    await cluster.create(3)
    (replica_set,) = await cluster.list(REPLICA_SETS)
    name, suffix = replica_set["metadata"]["name"].rsplit("-", 1)
    labels = {"app": "web", "pod-template-hash": suffix}
    assert name == "web"
    assert replica_set["metadata"]["labels"] == labels == replica_set["spec"]["selector"]["matchLabels"]
    assert replica_set["metadata"]["annotations"] == {
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
        "deployment.kubernetes.io/revision": "1",
    }
    status = await cluster.status()
    assert reasons(status) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "ReplicaSetUpdated"),
    }
    await cluster.settle()
    status = await cluster.status()
    assert status.pop("conditions")
    assert status == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert await cluster.messages() == ["Scaled up replica set v1 from 0 to 3"]


async def test_a_new_template_takes_over_step_by_step(cluster):
    await cluster.create(4)
    await cluster.settle()
    await cluster.set_image("v2")
    assert await cluster.sizes() == {"v1": (3, 3), "v2": (2, 2)}
    await cluster.settle()
    assert await cluster.sizes() == {"v1": (0, 0), "v2": (4, 4)}
    assert await cluster.revisions() == [("1", "v1"), ("2", "v2")]
    assert reasons(await cluster.status())["Progressing"] == ("True", "NewReplicaSetAvailable")
    found = await cluster.client.get(DEPLOYMENTS, WEB)
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


async def test_an_old_template_again_is_its_old_replica_set_with_a_new_revision(cluster):
    await cluster.create(2)
    await cluster.settle()
    await cluster.set_image("v2")
    await cluster.settle()
    await cluster.set_image("v1")
    await cluster.settle()
    assert await cluster.revisions() == [("2", "v2"), ("3", "v1")]
    history = [
        each["metadata"]["annotations"].get("deployment.kubernetes.io/revision-history")
        for each in await cluster.list(REPLICA_SETS)
    ]
    assert sorted(filter(None, history)) == ["1"]


async def test_a_wish_to_roll_back_is_carried_out_once(cluster):
    await cluster.create(1)
    await cluster.settle()
    await cluster.set_image("v2")
    await cluster.settle()
    wish = {"metadata": {"annotations": {"deprecated.deployment.rollback.to": "1"}}}
    await cluster.client.patch(DEPLOYMENTS, WEB, wish)
    await cluster.bench.settle()
    await cluster.settle()
    assert await cluster.sizes() == {"v1": (1, 1), "v2": (0, 0)}
    assert 'Rolled back deployment "web" to revision 1' in await cluster.messages()


async def test_while_it_is_paused_it_only_changes_its_size(cluster):
    await cluster.create(2)
    await cluster.settle()
    await cluster.patch(paused=True)
    await cluster.set_image("v2")
    await cluster.patch(replicas=3)
    assert await cluster.sizes() == {"v1": (3, 3)}
    assert reasons(await cluster.status())["Progressing"] == ("Unknown", "DeploymentPaused")
    await cluster.patch(paused=False)
    await cluster.settle()
    assert await cluster.sizes() == {"v1": (0, 0), "v2": (3, 3)}


async def test_recreate_waits_until_all_old_pods_are_gone(cluster):
    await cluster.create(2, strategy={"type": "Recreate"})
    await cluster.settle()
    (first, second) = await cluster.list(PODS)
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    await cluster.client.patch(PODS, key_of(first), hold)
    await cluster.set_image("v2")
    assert await cluster.sizes() == {"v1": (0, 0)}
    assert [each["metadata"]["name"] for each in await cluster.list(PODS)] == [first["metadata"]["name"]]
    await cluster.client.patch(PODS, key_of(first), {"metadata": {"finalizers": None}})
    await cluster.settle()
    assert await cluster.sizes() == {"v1": (0, 0), "v2": (2, 2)}
    assert second["metadata"]["name"] not in [each["metadata"]["name"] for each in await cluster.list(PODS)]


async def test_a_rollout_without_progress_times_out_and_may_still_succeed(cluster):
    await cluster.create(1, progressDeadlineSeconds=60)
    await cluster.bench.settle(50)
    assert reasons(await cluster.status())["Progressing"] == ("True", "ReplicaSetUpdated")
    await cluster.bench.settle(15)
    status = await cluster.status()
    assert reasons(status)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert find_condition({"status": status}, "Progressing")["message"].endswith("has timed out progressing.")
    await cluster.settle()
    assert reasons(await cluster.status())["Progressing"] == ("True", "NewReplicaSetAvailable")


async def test_only_so_many_old_replica_sets_are_kept(cluster):
    await cluster.create(1, revisionHistoryLimit=1)
    for image in ("v1", "v2", "v3", "v4"):
        await cluster.set_image(image)
        await cluster.settle()
    assert await cluster.revisions() == [("3", "v3"), ("4", "v4")]


async def test_another_under_its_name_makes_another_name(cluster):
    await cluster.create(1)
    (first,) = await cluster.list(REPLICA_SETS)
    await cluster.client.delete(DEPLOYMENTS, WEB, propagation="Orphan")
    # What the garbage collector would do is done here: the ReplicaSet has no owner, and another template.
    gone = {"metadata": {"finalizers": None, "ownerReferences": None}}
    await cluster.client.patch(DEPLOYMENTS, WEB, gone)
    other = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "other"}]}}}}
    await cluster.client.patch(REPLICA_SETS, key_of(first), gone | other)
    await cluster.client.create(DEPLOYMENTS, deployment(replicas=1) | {"metadata": {"name": "web", "namespace": "ns"}})
    await cluster.bench.settle()
    assert (await cluster.status())["collisionCount"] == 1
    assert await cluster.revisions() == [("1", "other"), ("2", "v1")]


async def test_a_replica_set_that_cannot_be_made_is_told_of(cluster):
    await cluster.create_namespace()
    quota = {"metadata": {"name": "q", "namespace": "ns"}, "spec": {"hard": {"count/replicasets.apps": "0"}}}
    made = await cluster.client.create(RESOURCE_QUOTAS, quota)
    used = {"hard": quota["spec"]["hard"], "used": {"count/replicasets.apps": "0"}}
    await cluster.client.update_status(RESOURCE_QUOTAS, made | {"status": used})
    await cluster.client.create(DEPLOYMENTS, deployment() | {"metadata": {"name": "web", "namespace": "ns"}})
    await cluster.bench.start(Deployments)
    status = await cluster.status()
    assert reasons(status)["Progressing"] == ("False", "ReplicaSetCreateError")
    assert "exceeded quota: q" in find_condition({"status": status}, "Progressing")["message"]


async def test_an_orphan_with_the_template_is_adopted_and_becomes_the_new_one(cluster):
    await cluster.create(1)
    await cluster.settle()
    (first,) = await cluster.list(REPLICA_SETS)
    await cluster.client.patch(REPLICA_SETS, key_of(first), {"metadata": {"ownerReferences": None}})
    await cluster.bench.settle()
    (again,) = await cluster.list(REPLICA_SETS)
    assert again["metadata"]["uid"] == first["metadata"]["uid"]
    assert again["metadata"]["ownerReferences"] == first["metadata"]["ownerReferences"]


async def test_one_that_no_longer_matches_is_released_and_replaced(cluster):
    await cluster.create(1)
    await cluster.settle()
    (first,) = await cluster.list(REPLICA_SETS)
    await cluster.client.patch(REPLICA_SETS, key_of(first), {"metadata": {"labels": {"app": "other"}}})
    await cluster.bench.settle()
    # Its name is taken by the one that was released.
    owners = [bool(each["metadata"].get("ownerReferences")) for each in await cluster.list(REPLICA_SETS)]
    assert sorted(owners) == [False, True]
    assert (await cluster.status())["collisionCount"] == 1


async def test_scaling_in_the_middle_of_a_rollout_keeps_the_proportion(cluster):
    await cluster.create(10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    await cluster.settle()
    await cluster.set_image("v2")
    assert await cluster.sizes() == {"v1": (8, 8), "v2": (5, 5)}
    await cluster.patch(replicas=30)
    assert await cluster.sizes() == {"v1": (20, 20), "v2": (13, 13)}
    await cluster.settle()
    assert await cluster.sizes() == {"v1": (0, 0), "v2": (30, 30)}


async def test_a_rollout_of_what_cannot_run_leaves_the_old_pods_that_do(cluster):
    await cluster.create(4)
    await cluster.settle()
    await cluster.set_image("broken")
    await cluster.bench.settle(30)
    assert await cluster.sizes() == {"v1": (3, 3), "broken": (2, 2)}
    await cluster.set_image("v3")
    for _ in range(10):
        await cluster.make_ready("v3")
    assert await cluster.sizes() == {"v1": (0, 0), "broken": (0, 0), "v3": (4, 4)}


async def test_pods_have_to_be_ready_for_long_enough(cluster):
    await cluster.create(2, minReadySeconds=30)
    await cluster.make_ready()
    assert (await cluster.status()).get("availableReplicas", 0) == 0
    await cluster.bench.settle(31)
    assert (await cluster.status())["availableReplicas"] == 2
    await cluster.patch(minReadySeconds=5)
    (replica_set,) = await cluster.list(REPLICA_SETS)
    assert replica_set["spec"]["minReadySeconds"] == 5


async def test_nothing_is_written_when_all_is_as_it_should_be(cluster):
    await cluster.create(2)
    await cluster.settle()
    before = [await cluster.client.get(DEPLOYMENTS, WEB), await cluster.list(REPLICA_SETS)]
    await cluster.bench.settle(3600)
    assert [await cluster.client.get(DEPLOYMENTS, WEB), await cluster.list(REPLICA_SETS)] == before


async def test_labels_that_its_replica_set_looks_at_are_looked_at(cluster):
    labels = {"app": "web", "more": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "v1"}]}}
    await cluster.create(replicas=2, template=template)
    await cluster.bench.settle()
    (replica_set,) = await cluster.list(REPLICA_SETS)
    assert replica_set["status"]["fullyLabeledReplicas"] == 2
    one, other = map(key_of, await cluster.list(PODS))
    await cluster.client.patch(PODS, one, {"metadata": {"labels": {"more": "y", "topology.kubernetes.io/zone": "z"}}})
    await cluster.bench.settle()
    (replica_set,) = await cluster.list(REPLICA_SETS)
    assert replica_set["status"]["fullyLabeledReplicas"] == 1
    await cluster.client.patch(PODS, other, {"metadata": {"labels": {"app": "else"}}})
    await cluster.bench.settle()
    pods = await cluster.list(PODS)
    assert [pod["metadata"].get("ownerReferences") for pod in pods if key_of(pod) == other] == [None]
    assert len(pods) == 3  # another one took its place
