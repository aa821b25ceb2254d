"""The objects that a cluster has from the beginning, and what a second start leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.cluster.bootstrap import Addresses, Bootstrap

pytestmark = pytest.mark.virtual_time
RBAC = "/apis/rbac.authorization.k8s.io/v1"
MERGE = {"content-type": "application/merge-patch+json"}


async def start_again(api: Any, **addresses: Any) -> None:
    where = {"host": "127.0.0.1", "port": 6443, "service_cidrs": ("10.96.0.0/16",)} | addresses
    await Bootstrap(service=api.parts.service, reader=api.parts.reader, addresses=Addresses(**where)).run()


async def test_namespaces_priorities_and_the_service(api: Any) -> None:
    namespaces = (await api.ask("GET", "/api/v1/namespaces")).json()["items"]
    assert {item["metadata"]["name"] for item in namespaces} >= {
        "default",
        "kube-system",
        "kube-public",
        "kube-node-lease",
    }
    classes = (await api.ask("GET", "/apis/scheduling.k8s.io/v1/priorityclasses")).json()["items"]
    assert {item["metadata"]["name"]: item["value"] for item in classes} == {
        "system-cluster-critical": 2000000000,
        "system-node-critical": 2000001000,
    }
    service = (await api.ask("GET", "/api/v1/namespaces/default/services/kubernetes")).json()
    assert service["spec"]["clusterIP"] == "10.96.0.1"


async def test_an_address_of_this_machine_only_is_not_published(api: Any) -> None:
    """Nobody else could follow it, and validation refuses it."""
    assert (await api.ask("GET", "/apis/discovery.k8s.io/v1/endpointslices")).json()["items"] == []


async def test_a_second_start_writes_nothing(api: Any) -> None:
    revision = api.parts.service.cache.revision
    await start_again(api)
    assert api.parts.service.cache.revision == revision


async def test_what_an_ended_process_registered_is_gone_after_a_start(api: Any) -> None:
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    label = "kube-aggregator.kubernetes.io/automanaged"
    spec = {"group": "example.org", "groupPriorityMinimum": 100, "versionPriority": 1, "insecureSkipTLSVerify": True}
    spec["service"] = {"namespace": "default", "name": "gone"}
    for version, labels in (("v1", {label: "onstart"}), ("v2", {})):
        metadata = {"name": f"{version}.example.org", "labels": labels}
        assert (await api.ask("POST", path, {"metadata": metadata, "spec": spec | {"version": version}})).status == 201
    await start_again(api)
    names = {each["metadata"]["name"] for each in (await api.ask("GET", path)).json()["items"]}
    assert "v1.example.org" not in names
    assert {"v1.", "v1.apps", "v2.example.org"} <= names


async def test_missing_rules_come_back_and_added_ones_stay(api: Any) -> None:
    path = f"{RBAC}/clusterroles/view"
    before = (await api.ask("GET", path)).json().get("rules") or []
    extra = {"apiGroups": ["example.org"], "resources": ["boats"], "verbs": ["get"]}
    admin = f"{RBAC}/clusterroles/system:basic-user"
    rules = (await api.ask("GET", admin)).json()["rules"]
    await api.ask("PATCH", admin, {"rules": [extra]}, headers=MERGE)
    await start_again(api)
    after = (await api.ask("GET", admin)).json()["rules"]
    assert extra in after
    assert _granted(after) >= _granted(rules)
    assert ((await api.ask("GET", path)).json().get("rules") or []) == before


def _granted(rules: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Single rights: missing rules come back one right at a time."""
    return {(g, r, v) for rule in rules for g in rule["apiGroups"] for r in rule["resources"] for v in rule["verbs"]}


async def test_a_role_that_says_so_is_left_alone(api: Any) -> None:
    path = f"{RBAC}/clusterroles/system:basic-user"
    annotation = {"annotations": {"rbac.authorization.kubernetes.io/autoupdate": "false"}}
    await api.ask("PATCH", path, {"metadata": annotation, "rules": []}, headers=MERGE)
    await start_again(api)
    assert not (await api.ask("GET", path)).json().get("rules")


async def test_a_server_that_moved_is_found_at_its_new_address(api: Any) -> None:
    await start_again(api, host="192.0.2.7", port=7443)
    slices = (await api.ask("GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")).json()["items"]
    assert [endpoint["addresses"] for endpoint in slices[0]["endpoints"]] == [["192.0.2.7"]]
    assert slices[0]["ports"][0]["port"] == 7443
