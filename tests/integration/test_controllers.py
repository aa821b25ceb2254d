"""Controllers in the API server's process, seen from outside: what is declared comes about, and is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.etcd_server import EtcdServer, etcd_binary
from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMESPACE = "/api/v1/namespaces/demo"
SETS = "/apis/apps/v1/namespaces/demo/replicasets"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
LEASE = f"{LEASES}/kube-controller-manager"
WEB = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        },
    },
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder: Path = tmp_path_factory.mktemp("control-plane")
    tokens = folder / "tokens.csv"
    tokens.write_text('admin-token,admin,1,"system:masters"\n')
    with ServerProcess(data_dir=folder / "data", store="memory", token_auth_file=tokens, command="server") as server:
        admin = RestClient(server.url, ca=server.ca, token="admin-token")
        admin.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "demo"}})
        admin.ask("POST", f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
        yield admin
        admin.close()


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


def counts(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda obj: obj.get("status", {}).get("replicas") == number


def test_a_replica_set_has_as_many_pods_as_it_asks_for(client: RestClient) -> None:
    client.ask("POST", SETS, WEB)
    until(client, SETS, counts(3))
    pods = client.ask("GET", f"{NAMESPACE}/pods").body["items"]
    assert len(pods) == 3
    assert {pod["metadata"]["ownerReferences"][0]["name"] for pod in pods} == {"web"}
    assert all(pod["metadata"]["name"].startswith("web-") for pod in pods)
    client.ask(
        "PATCH", f"{SETS}/web", {"spec": {"replicas": 1}}, headers={"Content-Type": "application/merge-patch+json"}
    )
    until(client, SETS, counts(1))
    (left,) = client.ask("GET", f"{NAMESPACE}/pods").body["items"]
    client.ask("DELETE", f"{NAMESPACE}/pods/{left['metadata']['name']}", {"gracePeriodSeconds": 0})
    new = until(client, f"{NAMESPACE}/pods", lambda pod: pod["metadata"]["uid"] != left["metadata"]["uid"])
    assert new["metadata"]["labels"] == {"app": "web"}
    created = until(client, f"{NAMESPACE}/events", lambda event: event["reason"] == "SuccessfulCreate")
    assert created["source"]["component"] == "replicaset-controller"


def test_a_controller_acts_as_its_own_service_account(client: RestClient) -> None:
    own = {**WEB, "metadata": {"name": "own"}}
    client.ask("POST", SETS, own)
    pod = until(client, f"{NAMESPACE}/pods", lambda pod: pod["metadata"]["name"].startswith("own-"))
    assert "replicaset-controller" in {entry["manager"] for entry in pod["metadata"]["managedFields"]}


@pytest.mark.skipif(etcd_binary() is None, reason="etcd is not installed (Debian's etcd-server)")
def test_of_two_servers_over_one_etcd_one_controls_and_the_other_takes_over(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin-token,admin,1,"system:masters"\n')

    def started(name: str, etcd: EtcdServer) -> ServerProcess:
        if name != "one":
            shutil.copytree(tmp_path / "one" / "pki", tmp_path / name / "pki")
        store = f"etcd://{etcd.endpoint}"
        return ServerProcess(data_dir=tmp_path / name, store=store, token_auth_file=tokens, command="server")

    with EtcdServer(tmp_path / "etcd") as etcd, started("one", etcd) as one:
        first = RestClient(one.url, ca=one.ca, token="admin-token")
        first.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "demo"}})
        first.ask("POST", f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
        first.ask("POST", SETS, WEB)
        until(first, SETS, counts(3))
        with started("two", etcd) as two:
            second = RestClient(two.url, ca=two.ca, token="admin-token")
            holder = second.ask("GET", LEASE).body["spec"]["holderIdentity"]
            first.close()
            one.stop()
            until(second, LEASES, lambda lease: bool((lease["spec"].get("holderIdentity") or holder) != holder))
            merge = {"Content-Type": "application/merge-patch+json"}
            second.ask("PATCH", f"{SETS}/web", {"spec": {"replicas": 1}}, headers=merge)
            until(second, SETS, counts(1))
            second.close()
