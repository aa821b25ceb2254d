"""The scheduler in the API server's process, seen from outside: pods come to nodes, and say why if they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMESPACE = "/api/v1/namespaces/demo"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RestClient]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin-token,admin,1,"system:masters"\n')
    server = ServerProcess(
        data_dir=tmp_path / "data",
        token_auth_file=tokens,
        command="server",
        arguments=("--only", "apiserver,scheduler"),
    )
    with server:
        admin = RestClient(server.url, ca=server.ca, token="admin-token")
        admin.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "demo"}})
        admin.ask("POST", f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
        yield admin
        admin.close()
        stopped = server.stop()
    assert stopped.code == 0, server.log_tail()
    assert stopped.seconds < 5


def until(client: RestClient, path: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The object of the first event of a watch for which something holds."""
    watch = client.watch(path)
    try:
        for event in watch:
            if holds(event["object"]):
                found: dict[str, Any] = event["object"]
                return found
    finally:
        watch.close()
    raise AssertionError("the watch ended")


def add_node(client: RestClient, name: str, cpu: str) -> None:
    amounts = {"cpu": cpu, "memory": "4Gi", "pods": "10"}
    ready = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]
    status = {"capacity": amounts, "allocatable": amounts, "conditions": ready}
    client.ask("POST", "/api/v1/nodes", {"metadata": {"name": name}})
    client.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, headers=MERGE)
    client.ask("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, headers=MERGE)


MERGE = {"Content-Type": "application/merge-patch+json"}


def add_pod(client: RestClient, name: str, cpu: str) -> None:
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}
    client.ask("POST", f"{NAMESPACE}/pods", {"metadata": {"name": name}, "spec": {"containers": [container]}})


def placed(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda pod: pod["metadata"]["name"] == name and bool(pod["spec"].get("nodeName"))


def message_of(pod: dict[str, Any]) -> str:
    return " ".join(condition.get("message", "") for condition in pod["status"].get("conditions", ()))


def test_pods_are_placed_and_told_so(client: RestClient) -> None:
    add_node(client, "a", "2")
    for number in range(2):
        add_pod(client, f"p{number}", "1")
    pods = [until(client, f"{NAMESPACE}/pods", placed(f"p{number}")) for number in range(2)]
    assert {pod["spec"]["nodeName"] for pod in pods} == {"a"}
    event = until(client, f"{NAMESPACE}/events", lambda event: event["reason"] == "Scheduled")
    assert event["message"].startswith("Successfully assigned demo/p")
    assert event["source"]["component"] == "default-scheduler"


def test_a_pod_that_does_not_fit_says_why_until_it_does(client: RestClient) -> None:
    add_node(client, "a", "2")
    add_pod(client, "big", "3")
    why = "0/1 nodes are available: 1 Insufficient cpu."  # once the scheduler has heard of the node, too
    waits = until(client, f"{NAMESPACE}/pods", lambda pod: why in message_of(pod))
    (condition,) = waits["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "Unschedulable")
    event = until(client, f"{NAMESPACE}/events", lambda event: event["message"] == condition["message"])
    assert (event["type"], event["reason"]) == ("Warning", "FailedScheduling")
    add_node(client, "b", "4")
    found = until(client, f"{NAMESPACE}/pods", placed("big"))
    assert found["spec"]["nodeName"] == "b"
    scheduled = [each for each in found["status"]["conditions"] if each["type"] == "PodScheduled"]
    assert [each["status"] for each in scheduled] == ["True"]
