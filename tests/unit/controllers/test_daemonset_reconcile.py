"""DaemonSets on a real API server, in virtual time."""

from __future__ import annotations

import pytest

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.daemonset.controller import DaemonSets
from steersman.controllers.daemonset.pods import node_of
from steersman.controllers.hashes import template_hash
from steersman.controllers.history import in_order

from .kubelets import NAMESPACE, assign, events, get, pods, prepare, report

pytestmark = pytest.mark.virtual_time
KEY = Key(NAMESPACE, "web")


def daemon_set(*, image="i:1", **spec):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    return {
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
    }


async def make_node(bench, name, **labels):
    await bench.client.create(NODES, {"metadata": {"name": name, "labels": labels}})
    await taint(bench, name)


async def taint(bench, name, *keys):
    taints = [{"key": key, "effect": "NoSchedule"} for key in keys]
    await bench.client.patch(NODES, Key("", name), {"spec": {"taints": taints or None}})
    await bench.settle()


async def run_each(bench):
    """Every pod runs on the node that it is meant for; what is being deleted ends."""
    for pod in await pods(bench):
        if pod["metadata"].get("deletionTimestamp"):
            await bench.client.delete(PODS, key_of(pod), grace_s=0)
            continue
        if not pod["spec"].get("nodeName"):
            await assign(bench, pod, node_of(pod) or "")
        if pod["status"]["phase"] == "Pending":
            await report(bench, pod, "Running", ready=True)
    await bench.settle()


async def places(bench):
    return sorted(node_of(pod) or "" for pod in await pods(bench))


async def revisions(bench):
    return in_order((await bench.client.list(CONTROLLER_REVISIONS, namespace=NAMESPACE))["items"])


@pytest.fixture
async def begun(bench):
    await prepare(bench)
    for name in ("n1", "n2"):
        await make_node(bench, name)
    await bench.client.create(DAEMON_SETS, daemon_set())
    await bench.start(DaemonSets)
    await run_each(bench)
    return bench


async def test_every_node_gets_a_pod_and_new_ones_too(begun):
    assert await places(begun) == ["n1", "n2"]
    await make_node(begun, "n3")
    assert await places(begun) == ["n1", "n2", "n3"]
    await run_each(begun)
    assert (await get(begun, DAEMON_SETS, "web"))["status"] == {
        "currentNumberScheduled": 3,
        "desiredNumberScheduled": 3,
        "numberMisscheduled": 0,
        "numberReady": 3,
        "numberAvailable": 3,
        "updatedNumberScheduled": 3,
        "observedGeneration": 1,
    }
    told = await events(begun, DAEMON_SETS, "web")
    assert [reason for reason, _ in told] == ["SuccessfulCreate"] * 3
    assert {message for _, message in told} == {f"Created pod: {pod['metadata']['name']}" for pod in await pods(begun)}


async def test_a_node_that_does_not_fit_waits_until_it_does(begun):
    await begun.client.create(
        NODES, {"metadata": {"name": "n3"}, "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}}
    )
    await begun.settle()
    assert await places(begun) == ["n1", "n2"]
    await taint(begun, "n3")
    assert await places(begun) == ["n1", "n2", "n3"]


async def test_a_node_that_goes_away_takes_its_place_along(begun):
    await begun.client.delete(NODES, Key("", "n2"))
    await begun.settle()
    assert (await get(begun, DAEMON_SETS, "web"))["status"]["desiredNumberScheduled"] == 1


async def test_a_new_template_replaces_one_pod_at_a_time(begun):
    await begun.client.patch(DAEMON_SETS, KEY, {"spec": daemon_set(image="i:2")["spec"]})
    await begun.settle()

    async def images():
        return sorted(pod["spec"]["containers"][0]["image"] for pod in await pods(begun))

    async def going():
        return sum("deletionTimestamp" in pod["metadata"] for pod in await pods(begun))

    assert (await images(), await going()) == (["i:1", "i:1"], 1)
    await run_each(begun)  # the old one ends
    assert (await images(), await going()) == (["i:1", "i:2"], 0)
    await run_each(begun)  # the new one is ready
    assert (await images(), await going()) == (["i:1", "i:2"], 1)
    await run_each(begun)
    await run_each(begun)
    assert (await images(), await going()) == (["i:2", "i:2"], 0)
    assert [each["revision"] for each in await revisions(begun)] == [1, 2]


async def test_an_old_template_gets_its_revision_back(begun):
    for image in ("i:2", "i:1"):
        await begun.client.patch(DAEMON_SETS, KEY, {"spec": daemon_set(image=image)["spec"]})
        await begun.settle()
    assert [each["revision"] for each in await revisions(begun)] == [2, 3]


async def test_pods_that_fail_again_and_again_stay_longer_each_time(begun):
    await begun.client.delete(NODES, Key("", "n2"))

    async def fail():
        (pod,) = [pod for pod in await pods(begun) if node_of(pod) == "n1"]
        if not pod["spec"].get("nodeName"):
            await assign(begun, pod, "n1")
        await report(begun, pod, "Failed")
        return pod["metadata"]["uid"]

    async def lasts(uid):
        seconds = 0
        while any(pod["metadata"]["uid"] == uid for pod in await pods(begun)):
            for pod in await pods(begun):
                if pod["metadata"].get("deletionTimestamp"):
                    await begun.client.delete(PODS, key_of(pod), grace_s=0)
            await begun.settle(0.5)
            seconds += 0.5
        return seconds

    spans = [await lasts(await fail()) for _ in range(4)]
    assert spans == sorted(spans)
    assert spans[-1] >= 2


async def test_a_name_that_is_taken_by_another_revision_is_counted(bench):
    made = await bench.client.create(DAEMON_SETS, daemon_set())
    taken = f"web-{template_hash(made['spec']['template'], None)}"
    metadata = {"name": taken, "namespace": NAMESPACE}
    await bench.client.create(CONTROLLER_REVISIONS, {"metadata": metadata, "data": {"spec": {}}, "revision": 1})
    await bench.start(DaemonSets)
    assert (await get(bench, DAEMON_SETS, "web"))["status"]["collisionCount"] == 1
    assert [each["metadata"]["name"] == taken for each in await revisions(bench)] == [True, False]
    assert (await get(bench, DAEMON_SETS, "web"))["status"]["observedGeneration"] == 1


async def test_revisions_of_the_same_template_become_one(begun):
    (kept,) = await revisions(begun)
    (pod, _) = await pods(begun)
    labels = kept["metadata"]["labels"] | {"controller-revision-hash": "other"}
    owners = kept["metadata"]["ownerReferences"]
    metadata = {"name": "web-other", "namespace": NAMESPACE, "labels": labels, "ownerReferences": owners}
    await begun.client.create(CONTROLLER_REVISIONS, {"metadata": metadata, "data": kept["data"], "revision": 7})
    await begun.settle()
    assert len(await revisions(begun)) == 2  # one that is the set's already is no reason to look
    await begun.client.patch(DAEMON_SETS, KEY, {"metadata": {"annotations": {"touched": "1"}}})
    await begun.settle()
    assert [each["metadata"]["name"] for each in await revisions(begun)] == ["web-other"]
    assert {each["metadata"]["labels"]["controller-revision-hash"] for each in await pods(begun)} == {"other"}
    assert pod["metadata"]["uid"] in {each["metadata"]["uid"] for each in await pods(begun)}
