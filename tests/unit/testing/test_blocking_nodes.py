"""Simulated nodes for tests that do not await."""

from __future__ import annotations

from steersman.kubelet.hollow.node_spec import NodeSpec
from steersman.testing.cluster import Cluster

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}


def ready(cluster: Cluster, name: str) -> str:
    conditions = cluster.client.get("node", name)["status"]["conditions"]
    return next(each["status"] for each in conditions if each["type"] == "Ready")


def test_machines_come_fail_and_come_back() -> None:
    with Cluster(nodes=1) as cluster:
        cluster.nodes.add(NodeSpec(name="extra", zone="a"))
        assert cluster.nodes.names == ("node-1", "extra")
        cluster.nodes.fail("extra")
        cluster.advance(minutes=2)
        assert ready(cluster, "extra") == "Unknown"
        cluster.nodes.heal("extra")
        cluster.advance(minutes=1)
        assert ready(cluster, "extra") == "True"
        cluster.nodes.partition("extra")
        cluster.advance(minutes=2)
        assert ready(cluster, "extra") == "Unknown"
        cluster.nodes.remove("extra")
        cluster.settle()
        assert [each["metadata"]["name"] for each in cluster.client.list("nodes")] == ["node-1"]


def test_containers_do_what_they_are_told() -> None:
    with Cluster(nodes=1) as cluster:
        cluster.client.create(POD)
        cluster.settle()
        cluster.nodes.end_container("a", "c", code=137, reason="OOMKilled")
        cluster.settle()
        [status] = cluster.client.get("pod", "a")["status"]["containerStatuses"]
        assert (status["restartCount"], status["lastState"]["terminated"]["reason"]) == (1, "OOMKilled")
        cluster.nodes.restart("node-1")
        cluster.nodes.press("node-1", "DiskPressure")
        cluster.settle()
        [status] = cluster.client.get("pod", "a")["status"]["containerStatuses"]
        assert status["restartCount"] == 1
        assert "node.kubernetes.io/disk-pressure" in str(cluster.client.get("node", "node-1")["spec"]["taints"])
