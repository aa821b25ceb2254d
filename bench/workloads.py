"""What is scheduled: nodes and pods of upstream's scheduler benchmarks (test/integration/scheduler_perf), made anew.

A workload says what is there beforehand, which pods are measured, and which of them find a node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
ZONES = 3
COLOURS = 10
"""Groups of pods that keep away from their like: several pods of different groups fit on a node."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`pod(i)`: the i-th measured pod. `before(nodes)`: pods that are created first. `number(nodes, pods)`: how many
    are measured, where that is not what was asked for. `churn`: other objects come and go meanwhile.
    """

    name: str
    pod: Callable[[int], Any]
    before: Callable[[int], list[Any]] = lambda _nodes: []
    placed_before: bool = True
    """Whether what is created first finds nodes."""
    number: Callable[[int, int], int] = lambda _nodes, pods: pods
    churn: bool = False


def node(number: int, *, churn: bool = False) -> Any:
    name = f"{'churn' if churn else 'node'}-{number}"
    now = "2026-01-01T00:00:00Z"
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    amounts = {"cpu": "4", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                HOSTNAME: name,
                ZONE: f"zone-{number % ZONES}",
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
        "spec": {},
        "status": {
            "capacity": amounts,
            "allocatable": amounts,
            "conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": now}],
            "addresses": [{"type": "Hostname", "address": name}],
            "nodeInfo": {"kubeletVersion": "v1.37.2", "operatingSystem": "linux", "architecture": "amd64"},
        },
    }


def pod(name: str, *, cpu: str = "100m", labels: dict[str, str] | None = None, **spec: Any) -> Any:
    requests = {"cpu": cpu, "memory": "500Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {
            "containers": [
                {
                    "name": "pause",
                    "image": "registry.test/pause:3.10",
                    "ports": [{"containerPort": 80}],
                    "resources": {"requests": requests},
                }
            ],
            "terminationGracePeriodSeconds": 0,
            **spec,
        },
    }


def deployment(replicas: int) -> Any:
    template = pod("", labels={"app": "web"})
    del template["metadata"]["name"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": template["metadata"], "spec": template["spec"]},
        },
    }


def _measured(i: int, *, labels: dict[str, str] | None = None, **more: Any) -> Any:
    return pod(f"p{i}", labels={"measured": "yes", **(labels or {})}, **more)


def _node_affinity(i: int) -> Any:
    expression = {"key": ZONE, "operator": "In", "values": ["zone-0", "zone-1"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return _measured(i, affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})


def _terms(kind: str, key: str, labels: dict[str, str]) -> Any:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": labels}}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def _pod_affinity(i: int) -> Any:
    labels = {"colour": "blue"}
    return _measured(i, labels=labels, affinity=_terms("podAffinity", ZONE, labels))


def _pod_anti_affinity(i: int) -> Any:
    labels = {"colour": f"c{i % COLOURS}"}
    return _measured(i, labels=labels, affinity=_terms("podAntiAffinity", HOSTNAME, labels))


def _spread(i: int) -> Any:
    labels = {"colour": "blue"}
    selector = {"matchLabels": labels}
    constraint = {"maxSkew": 5, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}
    return _measured(i, labels=labels, topologySpreadConstraints=[constraint])


WORKLOADS = (
    Workload("basic", _measured),
    Workload("node affinity", _node_affinity),
    Workload("pod affinity", _pod_affinity),
    Workload("pod anti-affinity", _pod_anti_affinity, number=lambda nodes, pods: min(pods, nodes * COLOURS)),
    Workload("topology spread", _spread),
    Workload(
        "preemption",
        lambda i: _measured(i, cpu="3", priorityClassName="high"),
        before=lambda nodes: [pod(f"low-{i}", cpu="3") for i in range(nodes)],
        number=lambda nodes, pods: min(pods, nodes // 2),
    ),
    Workload(
        "unschedulable",
        _measured,
        before=lambda nodes: [pod(f"large-{i}", cpu="9") for i in range(nodes // 5)],
        placed_before=False,
    ),
    Workload("mixed churn", _measured, churn=True),
)
