"""Simulated nodes in a whole cluster, in held time: what users see of them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import BadRequest, NotFound
from steersman.client.request import Key, PatchType
from steersman.cluster.hollow import HollowPart
from steersman.kubelet.hollow.behaviours import Behaviours
from steersman.kubelet.hollow.node_spec import NodeSpec
from steersman.kubelet.hollow.resource_metrics import ResourceMetrics
from steersman.kubelet.hollow.rules import RulesError, parse_behaviours
from steersman.kubelet.hollow.settings import SettingError, check_annotation
from steersman.testing.cluster import AsyncCluster
from steersman.testing.held_time import HeldTimeLoop

PREFIX = "hollow.steersman.dev/"


def held(test):
    """Run an async test in a loop whose time is held."""

    def run():
        loop = HeldTimeLoop()
        try:
            loop.run_until_complete(loop.let(test(), limit_s=1e6))
        finally:
            loop.close()

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


class World:
    """A cluster with its nodes and an administrator."""

    def __init__(self, cluster, behaviours):
        plane = cluster._plane
        self.cluster = cluster
        self.part = HollowPart(
            clients=plane.clients("nodes"),
            specs=[NodeSpec(name="n1"), NodeSpec(name="n2")],
            clock=cluster.clock,
            rng=plane.rng("nodes"),
            on_crash=lambda name, error: cluster._crashes.append((name, error)),
            behaviours=behaviours,
        )
        self.nodes = self.part.nodes
        self.admin = plane.clients("admin").client("admin", ("system:masters",))

    async def run(self, name="p", *, containers=1, annotations=None, owner=None, **spec):
        named = [{"name": f"c{n}", "image": "nginx:1"} for n in range(containers)]
        noted = {PREFIX + key: value for key, value in (annotations or {}).items()}
        pod = {
            "metadata": {"name": name, "namespace": "default", "annotations": noted},
            "spec": {"containers": named, "terminationGracePeriodSeconds": 5, **spec},
        }
        if owner is not None:
            pod["metadata"]["ownerReferences"] = [owner]
        await self.admin.create(PODS, pod)
        await self.cluster.advance(seconds=2)
        return await self.status(name)

    async def pod(self, name="p"):
        return await self.admin.get(PODS, Key("default", name))

    async def status(self, name="p"):
        return (await self.pod(name))["status"]

    async def after(self, seconds, name="p"):
        await self.cluster.advance(seconds=seconds)
        return await self.status(name)

    async def reasons(self, name="p"):
        events = (await self.admin.list(EVENTS))["items"]
        return [each["reason"] for each in events if each["involvedObject"]["name"] == name]


@asynccontextmanager
async def world(behaviours=None):
    async with AsyncCluster() as cluster:
        made = World(cluster, behaviours or Behaviours())
        await made.part.start()
        await cluster.advance(seconds=3)
        try:
            yield made
        finally:
            await made.part.stop()


def ready(status):
    return next(each["status"] for each in status["conditions"] if each["type"] == "Ready")


@held
async def test_a_pod_runs_and_is_deleted_only_when_it_has_ended():
    async with world() as w:
        status = await w.run()
        assert (status["phase"], ready(status)) == ("Running", "True")
        assert status["podIP"].startswith("10.244.")
        assert {"Pulled", "Created", "Started"} <= {*await w.reasons()}
        manager = next(each for each in (await w.pod())["metadata"]["managedFields"] if each["manager"] == "kubelet")
        assert manager["subresource"] == "status"
        await w.admin.delete(PODS, Key("default", "p"))
        assert "deletionTimestamp" in (await w.pod())["metadata"]
        await w.cluster.advance(seconds=3)
        assert not (await w.admin.list(PODS))["items"]
        assert "Killing" in await w.reasons()


@held
async def test_a_start_takes_two_writes():
    async with world() as w:
        written = []
        w.cluster.faults.observers.append(lambda call: written.append((call.verb, call.info.subresource)))
        await w.run()
        assert written.count(("patch", "status")) == 2


def test_the_same_seed_gives_the_same_writes_in_the_same_order():
    told = []

    async def once():
        async with world() as w:
            written = []
            w.cluster.faults.observers.append(
                lambda call: written.append((call.info.name, call.verb, call.info.resource, call.info.subresource))
            )
            for number in range(5):
                await w.run(f"p{number}", annotations={"exit": "1 after 1s-5s"})
            await w.cluster.advance(seconds=60)
            told.append([call for call in written if call[2] in ("pods", "leases", "nodes") and call[1] != "get"])

    held(once)()
    held(once)()
    assert told[0] == told[1]


@held
async def test_a_crash_loop_waits_longer_each_time():
    async with world() as w:
        await w.run(annotations={"exit": "3 after 1s"})
        (container,) = (await w.after(30))["containerStatuses"]
        assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        assert container["lastState"]["terminated"]["exitCode"] == 3
        assert "back-off 20s restarting failed container=c0" in container["state"]["waiting"]["message"]
        assert "BackOff" in await w.reasons()


@held
async def test_out_of_memory_is_told_as_such():
    async with world() as w:
        await w.run(annotations={"oom": "after 1s 1 times"}, containers=2)
        containers = (await w.after(10))["containerStatuses"]
        assert [each["lastState"]["terminated"]["reason"] for each in containers] == ["OOMKilled", "OOMKilled"]
        assert [each["restartCount"] for each in containers] == [1, 1]


@held
async def test_an_image_that_is_not_found_backs_off():
    async with world() as w:
        status = await w.run(annotations={"pull": "error"})
        assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "ErrImagePull"
        waiting = (await w.after(5))["containerStatuses"][0]["state"]["waiting"]
        assert waiting["reason"] == "ImagePullBackOff"
        assert waiting["message"].startswith('Back-off pulling image "nginx:1": ErrImagePull: rpc error')


@held
async def test_another_image_is_pulled_at_once():
    async with world() as w:
        await w.run(annotations={"pull": "c0=error"})
        await w.after(30)
        images = {"spec": {"containers": [{"name": "c0", "image": "nginx:2"}]}}
        images["metadata"] = {"annotations": {PREFIX + "pull": "1s"}}
        await w.admin.patch(PODS, Key("default", "p"), images, kind=PatchType.STRATEGIC)
        assert (await w.after(3))["containerStatuses"][0]["image"] == "nginx:2"
        assert (await w.after(3))["phase"] == "Running"


@held
async def test_after_so_many_times_an_init_container_succeeds_as_usual():
    async with world() as w:
        init = [{"name": "first", "image": "nginx:1"}]
        await w.run(annotations={"exit": "first=1 after 1s 2 times"}, initContainers=init)
        status = await w.after(40)
        assert status["phase"] == "Running"
        assert status["initContainerStatuses"][0]["restartCount"] == 2


@held
async def test_probes_fail_on_command():
    probe = {"httpGet": {"port": 80}, "periodSeconds": 5, "failureThreshold": 2}
    container = {"name": "c", "image": "i", "readinessProbe": probe, "livenessProbe": probe}
    async with world() as w:
        assert ready(await _run(w, container)) == "True"
        w.nodes.command(Key("default", "p"), {"readiness": "fail"})
        assert ready(await w.after(11)) == "False"
        assert "Unhealthy" in await w.reasons()
        w.nodes.command(Key("default", "p"), {"liveness": "fail"})
        status = await w.after(14)
        assert status["containerStatuses"][0]["restartCount"] >= 1
        w.nodes.command(Key("default", "p"), {})
        assert ready(await w.after(60)) == "True"
        with pytest.raises(SettingError):
            w.nodes.command(Key("default", "p"), {"liveness": "perhaps"})


@held
async def test_a_probe_fails_on_time_whenever_its_container_began():
    probe = {"tcpSocket": {"port": 80}, "periodSeconds": 10, "failureThreshold": 1}
    container = {"name": "c", "image": "i", "readinessProbe": probe}
    async with world() as w:
        for number in range(8):
            name = f"p{number}"
            noted = {PREFIX + "readiness": "fail after 30s", PREFIX + "start": f"{100 + 7 * number}ms"}
            pod = {"metadata": {"name": name, "annotations": noted}, "spec": {"containers": [container]}}
            await w.admin.create(PODS, pod, key=Key("default", ""))
        await w.cluster.advance(seconds=25)
        assert {ready(await w.status(f"p{number}")) for number in range(8)} == {"True"}
        await w.cluster.advance(seconds=10)
        assert {ready(await w.status(f"p{number}")) for number in range(8)} == {"False"}


async def _run(w, container):
    pod = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"containers": [container]}}
    await w.admin.create(PODS, pod)
    return await w.after(2)


@held
async def test_a_deadline_and_a_natural_end_are_final():
    async with world() as w:
        await w.run(activeDeadlineSeconds=10)
        status = await w.after(12)
        assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
        await w.run("once", restartPolicy="Never", annotations={"exit": "0 after 1s"})
        status = await w.after(3, "once")
        assert status["phase"] == "Succeeded"
        assert ready(status) == "False"


@held
async def test_what_is_written_wrong_is_told_on_the_pod():
    async with world() as w:
        status = await w.run(annotations={"exit": "sometimes"})
        assert status["phase"] == "Running"
        assert "InvalidBehaviour" in await w.reasons()


@held
async def test_a_pod_that_does_not_fit_is_refused():
    async with world() as w:
        status = await w.run(nodeName="n1", nodeSelector={"no": "where"})
        assert (status["phase"], status["reason"]) == ("Failed", "NodeAffinity")


@held
async def test_a_dead_machine_is_noticed_and_its_pods_begin_again_after_the_next_boot():
    async with world() as w:
        await w.run(nodeName="n1")
        w.nodes.fail("n1")
        await w.cluster.advance(seconds=70)
        node = await w.admin.get(NODES, Key("", "n1"))
        assert ready(node["status"]) == "Unknown"
        w.nodes.heal("n1")
        (container,) = (await w.after(15))["containerStatuses"]
        assert (container["restartCount"], container["lastState"]["terminated"]["exitCode"]) == (1, 255)
        assert ready((await w.admin.get(NODES, Key("", "n1")))["status"]) == "True"
        assert "SandboxChanged" in await w.reasons()


@held
async def test_behind_a_partition_life_goes_on_and_is_told_afterwards():
    async with world() as w:
        await w.run(nodeName="n1", annotations={"exit": "1 after 20s 1 times"})
        w.nodes.partition("n1")
        assert (await w.after(25))["containerStatuses"][0]["restartCount"] == 0
        w.nodes.heal("n1")
        assert (await w.after(2))["containerStatuses"][0]["restartCount"] == 1


@held
async def test_what_pods_use_is_what_was_said_of_them():
    async with world() as w:
        await w.run(nodeName="n1", annotations={"cpu": "c0=250m", "memory": "64Mi"}, containers=2)
        usage = w.nodes.usage_of_pod(Key("default", "p"))
        assert (usage["c0"].cpu_m, usage["c1"].cpu_m) == (250, 1)
        assert w.nodes.usage_of_node("n1").memory_bytes == 128 * 1024 * 1024
        assert w.nodes.usage_of_node("n2").cpu_m == 0


@held
async def test_what_they_use_is_told_as_metrics_of_what_can_be_asked():
    async with world() as w:
        await w.run("p", nodeName="n1", annotations={"cpu": "c0=250m, c1=2m", "memory": "64Mi"}, containers=2)
        await w.run("q", nodeName="n2", annotations={"cpu": "1"})
        metrics = ResourceMetrics(nodes=w.nodes, clock=w.cluster.clock)
        root = "/apis/metrics.k8s.io/v1beta1"
        assert [each["name"] for each in metrics.answer(root)["resources"]] == ["nodes", "pods"]
        pod = metrics.answer(f"{root}/namespaces/default/pods/p")
        assert (pod["kind"], pod["apiVersion"]) == ("PodMetrics", "metrics.k8s.io/v1beta1")
        assert pod["containers"] == [
            {"name": "c0", "usage": {"cpu": "250m", "memory": "64Mi"}},
            {"name": "c1", "usage": {"cpu": "2m", "memory": "64Mi"}},
        ]
        assert metrics.answer(f"{root}/nodes/n1")["usage"] == {"cpu": "252m", "memory": "128Mi"}

        def names(path, **query):
            return [each["metadata"]["name"] for each in metrics.answer(root + path, **query)["items"]]

        assert names("/pods") == names("/namespaces/default/pods") == ["p", "q"]
        assert names("/namespaces/other/pods") == []
        assert names("/pods", fields="metadata.name=q") == ["q"]
        assert names("/nodes", labels="kubernetes.io/hostname=n2") == ["n2"]
        w.nodes.partition("n1")
        assert (names("/nodes"), names("/pods")) == (["n2"], ["q"])
        w.nodes.end_container(Key("default", "q"), "c0")
        assert names("/pods") == []
        for path in (f"{root}/nodes/n1", f"{root}/nodes/n2/x", "/apis/metrics.k8s.io/v2/nodes", "/healthz"):
            with pytest.raises(NotFound):
                metrics.answer(path)
        with pytest.raises(BadRequest):
            metrics.answer(f"{root}/nodes", labels="a in")


@held
async def test_containers_survive_their_kubelet():
    async with world() as w:
        await w.run(nodeName="n1")
        before = (await w.pod())["metadata"]["resourceVersion"]
        w.nodes.restart("n1")
        await w.cluster.advance(seconds=5)
        assert (await w.pod())["metadata"]["resourceVersion"] == before


@held
async def test_leases_are_renewed_and_nodes_removed():
    async with world() as w:
        first = (await w.admin.get(LEASES, Key("kube-node-lease", "n1")))["spec"]["renewTime"]
        await w.cluster.advance(seconds=25)
        lease = await w.admin.get(LEASES, Key("kube-node-lease", "n1"))
        assert lease["spec"]["renewTime"] > first
        assert lease["metadata"]["ownerReferences"][0]["kind"] == "Node"
        await w.nodes.remove("n1")
        assert [node["metadata"]["name"] for node in (await w.admin.list(NODES))["items"]] == ["n2"]


@held
async def test_another_process_goes_on_with_the_same_nodes():
    async with world() as w:
        await w.run()
        before = await w.pod()
        state = json.loads(json.dumps(w.nodes.dump()))
        await w.part.stop()
        other = HollowPart(
            clients=w.cluster._plane.clients("nodes"),
            specs=(),
            clock=w.cluster.clock,
            rng=w.cluster._plane.rng("nodes"),
            on_crash=lambda name, error: w.cluster._crashes.append((name, error)),
            state=state,
        )
        await other.start()
        await w.cluster.advance(seconds=20)
        assert await w.pod() == before
        assert other.nodes.names == ("n1", "n2")
        await w.admin.delete(PODS, Key("default", "p"))
        await w.cluster.advance(seconds=5)
        assert not (await w.admin.list(PODS))["items"]
        await other.stop()


@held
async def test_rules_from_a_file_hold_for_pods_and_nodes():
    text = """
pods:
  - match: {name: bad-*, image: "nginx:*"}
    exit: 9 after 1s
nodes:
  - match: {name: n2}
    fail: after 20s
"""
    async with world(parse_behaviours(text)) as w:
        await w.run("bad-1", restartPolicy="Never")
        end = (await w.after(3, "bad-1"))["containerStatuses"][0]["state"]["terminated"]
        assert end["exitCode"] == 9
        await w.cluster.advance(seconds=90)
        assert ready((await w.admin.get(NODES, Key("", "n2")))["status"]) == "Unknown"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is no mapping"),
        ("pods: {}", "pods: {} is no list of rules"),
        ("pods: [{match: {nme: x}}]", r"pods\[0\].match: there is no 'nme'; there are namespace, name"),
        ("pods: [{exit: soon}]", r"pods\[0\].exit: 'soon': write `never`, or a code"),
        ("nodes: [{fail: often}]", r"nodes\[0\].fail: 'often': write `after 10m`"),
        ("jobs_complete: 1", "jobs_complete: 1 is neither true nor false"),
    ],
)
def test_rules_that_mean_nothing_are_refused_with_their_place(text, message):
    with pytest.raises(RulesError, match=message):
        parse_behaviours(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("exit", "1 after 5s"),
        ("exit", "a=1 after 1s-3s, b=0 2 times"),
        ("oom", "after 1m30s"),
        ("pull", "error no such thing"),
        ("stop", "5s with 0"),
        ("readiness", "fail after 30s for 1m"),
        ("cpu", "80%"),
        ("memory", "64Mi"),
    ],
)
def test_what_the_manual_says_can_be_written(name, text):
    check_annotation(name, text)


@pytest.mark.parametrize(("name", "text"), [("exit", "300"), ("oom", "5s"), ("nothing", "1"), ("start", "3s-1s")])
def test_what_it_does_not_say_is_refused(name, text):
    with pytest.raises(SettingError):
        check_annotation(name, text)
