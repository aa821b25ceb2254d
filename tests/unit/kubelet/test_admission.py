"""Pods that a node does not take."""

from __future__ import annotations

import pytest

from steersman.kubelet.admission import admit, requests_of

NODE = {
    "metadata": {"name": "n", "labels": {"kubernetes.io/os": "linux", "disk": "ssd"}},
    "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "2"}},
}


def pod(*, cpu="1", port=None, labels=None, **spec):
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
    if port is not None:
        container["ports"] = [{"hostPort": port}]
    return {"metadata": {"name": "p", "labels": labels or {}}, "spec": {"containers": [container], **spec}}


def refused(a_pod, *others, node=NODE):
    found = admit(a_pod, node, [(other, requests_of(other)) for other in others])
    return found and (found.reason, found.message)


def test_what_fits_is_taken():
    assert refused(pod(), pod()) is None


def test_amounts_are_checked_against_what_is_taken():
    expected = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000"
    assert refused(pod(cpu="1500m"), pod()) == ("OutOfcpu", expected)
    expected = "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2"
    assert refused(pod(cpu="0"), pod(), pod()) == ("OutOfpods", expected)


@pytest.mark.parametrize(
    ("a_pod", "reason"),
    [
        (pod(nodeSelector={"disk": "hdd"}), "NodeAffinity"),
        (pod(port=80), "NodePorts"),
        (pod(os={"name": "windows"}), "PodOSNotSupported"),
        (pod(labels={"kubernetes.io/os": "windows"}), "PodOSSelectorNodeLabelDoesNotMatch"),
    ],
)
def test_the_reason_is_the_name_of_what_does_not_hold(a_pod, reason):
    assert refused(a_pod, pod(port=80))[0] == reason


def test_only_taints_that_evict_matter():
    taint = {"key": "k", "effect": "NoExecute"}
    assert refused(pod(), node={**NODE, "spec": {"taints": [taint]}})[0] == "TaintToleration"
    assert refused(pod(), node={**NODE, "spec": {"taints": [taint | {"effect": "NoSchedule"}]}}) is None
