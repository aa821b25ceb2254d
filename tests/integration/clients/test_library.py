"""The cluster inside a test, seen by the official client library, which knows nothing of its time."""

from __future__ import annotations

import pytest

from steersman.testing.cluster import Cluster

kubernetes = pytest.importorskip("kubernetes")

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web"}]},
        },
    },
}


def test_the_official_client_works_while_time_stands_still_and_while_it_flows() -> None:
    with Cluster(nodes=2) as cluster:
        api = kubernetes.config.new_client_from_config(str(cluster.kubeconfig))
        try:
            core, apps = kubernetes.client.CoreV1Api(api), kubernetes.client.AppsV1Api(api)
            assert {node.metadata.name for node in core.list_node().items} == {"node-1", "node-2"}
            apps.create_namespaced_deployment("default", DEPLOYMENT)
            cluster.settle()
            assert apps.read_namespaced_deployment("web", "default").status.ready_replicas == 2
            with cluster.flowing(rate=10):
                apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 3}})
                watch = kubernetes.watch.Watch()
                for event in watch.stream(apps.list_namespaced_deployment, "default", timeout_seconds=30):
                    if event["object"].status.ready_replicas == 3:
                        watch.stop()
            assert len(cluster.client.list("pods")) == 3
        finally:
            api.close()
