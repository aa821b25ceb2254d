"""The fixtures that users' tests get."""

from __future__ import annotations

import pytest

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}


def test_a_namespace_is_ready_for_pods(cluster, namespace) -> None:
    assert namespace == "test-a-namespace-is-ready-for-pods"
    assert [each["metadata"]["name"] for each in cluster.client.list("serviceaccounts", namespace=namespace)] == [
        "default"
    ]
    cluster.client.create(POD, namespace=namespace)
    assert cluster.client.get("pod", "a", namespace=namespace)["spec"]["serviceAccountName"] == "default"


@pytest.mark.cluster(seed=7)
def test_a_marker_says_what_the_cluster_is_made_with(cluster) -> None:
    assert cluster._cluster._seed == "7"
