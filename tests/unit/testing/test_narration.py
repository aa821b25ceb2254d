"""What components did, in lines that do not depend on chance."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.apiserver.requestinfo import parse_request
from steersman.testing.faults import Call
from steersman.testing.narration import Narration

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def narration() -> Narration:
    return Narration()


def call(component: str, method: str, path: str, *, body: Any = None, answer: Any = None, code: int = 200) -> Call:
    info = parse_request(method, path)
    return Call(component, info.verb, info, json.dumps(body).encode(), code, json.dumps(answer).encode())


def created(name: str, component: str = "replicaset-controller", prefix: str = "") -> Call:
    answer = {"metadata": {"name": name, "uid": name, **({"generateName": prefix} if prefix else {})}}
    return call(component, "POST", PODS, answer=answer, code=201)


def bound(pod: str, node: str) -> Call:
    return call("kube-scheduler", "POST", f"{PODS}/{pod}/binding", body={"target": {"name": node}}, code=201)


def test_names_that_were_asked_for_are_shown_as_they_are(narration) -> None:
    asked = {"metadata": {"name": "db-0", "generateName": "db-"}}
    narration.heard(call("statefulset-controller", "POST", PODS, body=asked, answer=asked, code=201))
    narration.heard(bound("db-0", "n1"))
    assert narration.lines() == ["statefulset: created pods db-0", "scheduler: db-0 -> n1"]


def test_drawn_names_are_numbered_in_the_order_of_creation(narration) -> None:
    for name in ("web-zzz", "web-aaa"):
        narration.heard(created(name, prefix="web-"))
    assert narration.lines() == ["replicaset: created pods web-1 web-2"]
    assert narration.shown("pod/web-aaa on n1") == "pod/web-2 on n1"
    assert narration.meant("web-1") == "web-zzz"


def test_where_pods_of_one_prefix_went_is_said_together(narration) -> None:
    for name, node in (("web-zzz", "n2"), ("web-aaa", "n1"), ("web-bbb", "n1")):
        narration.heard(created(name, "administrator", prefix="web-"))
        narration.heard(bound(name, node))
    narration.heard(created("alone", "administrator"))
    narration.heard(bound("alone", "n2"))
    assert narration.lines() == ["scheduler: alone -> n2", "scheduler: web -> n1×2 n2"]


def test_pods_are_told_of_when_their_phase_changes(narration) -> None:
    for phase in ("Pending", "Running", "Running", "Succeeded"):
        answer = {"metadata": {"name": "a", "uid": "u"}, "status": {"phase": phase}}
        narration.heard(call("kubelet", "PATCH", f"{PODS}/a/status", answer=answer))
    narration.heard(call("kubelet", "DELETE", f"{PODS}/a"))
    assert narration.lines() == ["kubelet: Running a", "kubelet: Succeeded a", "kubelet: deleted pods a"]


def test_refusals_leases_events_and_the_administrator_are_left_out(narration) -> None:
    narration.heard(created("a", "administrator"))
    narration.heard(call("x-controller", "POST", PODS, answer={}, code=409))
    narration.heard(call("x-controller", "PUT", "/apis/coordination.k8s.io/v1/namespaces/k/leases/l"))
    narration.heard(
        call("deployment-controller", "PUT", "/apis/apps/v1/namespaces/d/deployments/web/status", answer={})
    )
    assert narration.lines() == []


def test_lines_are_told_once_and_in_order(narration) -> None:
    for name in ("a10", "a9"):
        narration.heard(created(name))
    narration.heard(call("deployment-controller", "PUT", "/apis/apps/v1/namespaces/d/replicasets/web-1"))
    assert narration.lines() == ["deployment: updated replicasets web-1", "replicaset: created pods a9 a10"]
    assert narration.lines() == []


def test_many_numbered_names_are_shortened(narration) -> None:
    for name in ["other", *(f"x{number}" for number in range(1, 13)), "y1", "y2"]:
        narration.heard(call("kube-controller-manager", "DELETE", f"{PODS}/{name}"))
    assert narration.lines() == ["controller-manager: deleted pods other x1..x12 y1 y2"]
