from __future__ import annotations

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.pod_topology_labels import PodTopologyLabels

from .shelf import Shelf, pod, review

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


def _labels(obj, **how):
    shelf = Shelf()
    shelf.put(NODES, {}, name="n", labels={ZONE: "z", "other": "x"})
    PodTopologyLabels(reader=shelf).admit(review(PODS, obj, **how))
    return obj["metadata"].get("labels")


def test_the_nodes_labels_win():
    assert _labels(pod(nodeName="n", metadata={"labels": {ZONE: "mine", REGION: "mine"}})) == {
        ZONE: "z",
        REGION: "mine",
    }


def test_pods_without_node_or_on_an_unknown_one_have_none():
    assert _labels(pod()) is None
    assert _labels(pod(nodeName="absent")) is None


def test_bindings_hand_them_to_the_pod():
    assert _labels({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}, subresource="binding") == {
        ZONE: "z"
    }
    assert _labels({"metadata": {"name": "p"}, "target": {"kind": "Pod", "name": "n"}}, subresource="binding") is None
