"""The scheduler and the controllers as processes of their own, by a kubeconfig: extenders, own plugins, `why`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMESPACE = "/api/v1/namespaces/demo"
MERGE = {"Content-Type": "application/merge-patch+json"}
PLUGIN = """
from steersman.scheduler.framework import Plugin, Refusal


class NotA(Plugin):
    name = "NotA"

    def filter(self, cycle):
        yield Refusal(cycle.snapshot.mask("a", lambda node: node["metadata"]["name"] == "a"), "node(s) were called a")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin-token,admin,1,"system:masters"\n')
    with ServerProcess(data_dir=tmp_path / "data", token_auth_file=tokens) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RestClient]:
    admin = RestClient(server.url, ca=server.ca, token="admin-token")
    admin.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "demo"}})
    admin.ask("POST", f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
    yield admin
    admin.close()


@pytest.fixture
def extender() -> Iterator[str]:
    """Refuses node b."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept = [name for name in asked["NodeNames"] if name != "b"]
            answer = json.dumps({"NodeNames": kept, "FailedNodes": {"b": "node(s) were called b"}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, from the line that says it is ready to its end by SIGTERM."""
    command = [sys.executable, "-m", "steersman", *arguments, "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "ready" in process.stdout.readline()
            yield process
        finally:
            process.terminate()
            code = process.wait(10)
        assert code == 0


def until(client: RestClient, path: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    watch = client.watch(path)
    try:
        for event in watch:
            if holds(event["object"]):
                found: dict[str, Any] = event["object"]
                return found
    finally:
        watch.close()
    raise AssertionError("the watch ended")


def add_nodes(client: RestClient, *names: str) -> None:
    amounts = {"cpu": "4", "memory": "4Gi", "pods": "10"}
    for name in names:
        client.ask("POST", "/api/v1/nodes", {"metadata": {"name": name}})
        client.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": {"allocatable": amounts}}, headers=MERGE)
        client.ask("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, headers=MERGE)


def add_pod(client: RestClient, name: str) -> None:
    spec = {"containers": [{"name": "c", "image": "i"}]}
    client.ask("POST", f"{NAMESPACE}/pods", {"metadata": {"name": name}, "spec": spec})


def test_extenders_and_plugins_of_ones_own_decide_together(
    server: ServerProcess, client: RestClient, extender: str, tmp_path: Path
) -> None:
    (tmp_path / "not_a.py").write_text(PLUGIN)
    profile = {
        "schedulerName": "default-scheduler",
        "plugins": {"multiPoint": {"enabled": [{"name": "NotA"}]}},
        "pluginConfig": [{"name": "NotA", "file": "not_a.py"}],
    }
    config = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(server.kubeconfig)},
        "profiles": [profile],
        "extenders": [{"urlPrefix": extender, "filterVerb": "filter", "nodeCacheCapable": True}],
    }
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps(config))
    with running("scheduler", "--config", str(file)):
        add_nodes(client, "a", "b")
        add_pod(client, "p")
        path = f"{NAMESPACE}/pods"
        told = "0/2 nodes are available: 1 node(s) were called a, 1 node(s) were called b."
        until(client, path, lambda pod: any(told in each["message"] for each in pod["status"].get("conditions") or ()))
        add_nodes(client, "c")
        assert until(client, path, lambda pod: "nodeName" in pod["spec"])["spec"]["nodeName"] == "c"
        lease = client.ask("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler").body
        assert lease["spec"]["holderIdentity"]
    why = [sys.executable, "-m", "steersman", "why", "p", "-n", "demo", "--kubeconfig", str(server.kubeconfig)]
    shown = subprocess.run([*why, "--config", str(file)], check=True, capture_output=True, text=True).stdout
    assert "NotA: node(s) were called a" in shown
    assert shown.endswith("It is on c.\n")


def test_a_configuration_that_cannot_be_followed_is_told(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.yaml"
    file.write_text("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofile: []\n")
    command = [sys.executable, "-m", "steersman", "scheduler", "--config", str(file)]
    ended = subprocess.run(
        [*command, "--kubeconfig", str(server.kubeconfig)], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert 'strict decoding error: unknown field "profile"' in ended.stderr


def test_controllers_come_as_their_own_service_accounts(server: ServerProcess, client: RestClient) -> None:
    with running("controllers", "--kubeconfig", str(server.kubeconfig), "--use-service-account-credentials"):
        spec = {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        }
        path = "/apis/apps/v1/namespaces/demo/deployments"
        client.ask("POST", path, {"metadata": {"name": "web"}, "spec": spec})
        status = until(client, f"{path}", lambda obj: (obj.get("status") or {}).get("replicas") == 2)["status"]
        assert status["unavailableReplicas"] == 2
        accounts = client.ask("GET", "/api/v1/namespaces/kube-system/serviceaccounts").body["items"]
        assert {"deployment-controller", "replicaset-controller"} <= {each["metadata"]["name"] for each in accounts}
