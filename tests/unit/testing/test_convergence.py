"""What holds in a cluster at rest, and what is said where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.testing.convergence import violations


def meta(name: str, *, owner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    made = {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1, **more}
    if owner is not None:
        reference = {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
        made["ownerReferences"] = [reference | {"controller": True}]
    return made


def node(name: str, cpu: str = "1", pods: str = "10") -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": name}, "status": {"allocatable": {"cpu": cpu, "pods": pods}}}


def pod(name: str, on: str = "n1", *, ready: bool = True, ip: str = "10.0.0.1", cpu: str = "0", **more: Any) -> Any:
    return {
        "metadata": meta(name, **more),
        "spec": {"nodeName": on, "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {
            "phase": "Running",
            "podIP": ip,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


REPLICA_SET = {
    "kind": "ReplicaSet",
    "metadata": meta("web-1"),
    "spec": {"replicas": 1},
    "status": {"readyReplicas": 1},
}


def test_a_cluster_at_rest_has_nothing_to_say() -> None:
    objects = {"nodes": [node("n1")], "replicasets": [REPLICA_SET], "pods": [pod("a", owner=REPLICA_SET)]}
    assert violations(objects) == []


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ({"pods": [pod("a", deletionTimestamp="then")]}, "pods default/a has been terminating since then"),
        ({"pods": [pod("a", owner=REPLICA_SET)], "replicasets": []}, "is owned by ReplicaSet web-1, which is gone"),
        ({"pods": [pod("a", "n2")], "nodes": [node("n1")]}, "pod default/a is on node n2, which is gone"),
        ({"pods": [pod("a", cpu="2")], "nodes": [node("n1")]}, "node n1 has pods that want more cpu than it has"),
        ({"pods": [pod("a"), pod("b")], "nodes": [node("n1", pods="1")]}, "want more pods than it has"),
        ({"pods": [pod("a")], "namespaces": [{"metadata": {"name": "x", "uid": "x"}}]}, "in a namespace that is gone"),
        ({"pods": [], "replicasets": [REPLICA_SET]}, "has 0 pods, 0 ready, says 1 ready; 1 are wanted"),
        (
            {"pods": [pod("a", owner=REPLICA_SET), pod("b", owner=REPLICA_SET)], "replicasets": [REPLICA_SET]},
            "has 2 pods, 2 ready, says 1 ready; 1 are wanted",
        ),
    ],
)
def test_what_does_not_hold_is_named(objects, said: str) -> None:
    found = violations(objects)
    assert any(said in each for each in found), found


def test_endpoints_are_compared_with_ready_pods() -> None:
    service = {"metadata": meta("web"), "spec": {"selector": {"app": "web"}}}
    listed = {
        "metadata": meta("web-x", labels={"kubernetes.io/service-name": "web"}),
        "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}],
    }
    objects = {"services": [service], "endpointslices": [listed], "pods": [pod("a", labels={"app": "web"})]}
    assert violations(objects) == ["service default/web has the endpoints ['10.0.0.9'], ready are ['10.0.0.1']"]


def test_a_finished_job_has_done_what_was_wanted() -> None:
    job = {
        "kind": "Job",
        "metadata": meta("once"),
        "spec": {"completions": 3},
        "status": {"succeeded": 2, "conditions": [{"type": "Complete", "status": "True"}]},
    }
    assert violations({"jobs": [job]}) == ["job default/once is complete with 2 successes"]


def test_daemons_are_on_every_node_once() -> None:
    daemons = {
        "kind": "DaemonSet",
        "metadata": meta("agent"),
        "spec": {"template": {"spec": {}}},
        "status": {"numberReady": 2},
    }
    pods = [pod("a", "n1", owner=daemons), pod("b", "n1", owner=daemons)]
    found = violations({"nodes": [node("n1"), node("n2")], "daemonsets": [daemons], "pods": pods})
    assert found == ["daemonset default/agent has pods on ['n1', 'n1'], the nodes are ['n1', 'n2']"]
