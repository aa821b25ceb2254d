"""A wired server: everything is connected, and two of them share nothing."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.catalog import BUILTIN
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
MAPS = "/api/v1/namespaces/default/configmaps"


async def may_list_pods(api: Any, user: str) -> bool:
    attributes = {"verb": "list", "resource": "pods", "namespace": "default"}
    reply = await api.ask("POST", REVIEWS, {"spec": {"user": user, "resourceAttributes": attributes}})
    return bool(reply.json()["status"]["allowed"])


async def test_every_resource_of_the_catalog_is_served(api: Any) -> None:
    for resource in BUILTIN:
        served = api.parts.service.resources.of(resource)
        assert (served.collection is None) == resource.ephemeral, resource.plural


async def test_rights_follow_roles_and_bindings_at_once(api: Any) -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    role, binding = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
    body = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "User", "name": "alice"}],
    }
    await api.ask("POST", binding, body)
    assert not await may_list_pods(api, "alice")
    await api.ask("POST", role, {"metadata": {"name": "r"}, "rules": [rule]})
    assert await may_list_pods(api, "alice")
    assert not await may_list_pods(api, "bob")
    await api.ask("DELETE", f"{role}/r")
    assert not await may_list_pods(api, "alice")


async def test_service_addresses_and_node_ports_are_allocated(api: Any) -> None:
    services = "/api/v1/namespaces/default/services"
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}
    made = (await api.ask("POST", services, {"metadata": {"name": "a"}, "spec": spec})).json()
    assert made["spec"]["clusterIP"].startswith("10.96.")
    taken = await api.ask("POST", services, {"metadata": {"name": "b"}, "spec": spec})
    assert taken.status == 422
    assert "provided port is already allocated" in taken.json()["message"]


async def test_quota_is_kept_by_admission_without_being_admitted_itself(api: Any) -> None:
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"configmaps": "1"}}}
    await api.ask("POST", "/api/v1/namespaces/default/resourcequotas", quota)
    merge = {"content-type": "application/merge-patch+json"}
    status = {"status": {"hard": {"configmaps": "1"}, "used": {"configmaps": "0"}}}
    await api.ask("PATCH", "/api/v1/namespaces/default/resourcequotas/q/status", status, headers=merge)
    assert (await api.ask("POST", MAPS, {"metadata": {"name": "a"}})).status == 201
    assert (await api.ask("POST", MAPS, {"metadata": {"name": "b"}})).status == 403


async def test_definitions_are_served(api: Any) -> None:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "boats", "singular": "boat", "kind": "Boat"}
    spec = {"group": "example.org", "names": names, "scope": "Cluster", "versions": [version]}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert (await api.ask("POST", path, {"metadata": {"name": "boats.example.org"}, "spec": spec})).status == 201
    await settle()
    body = {"apiVersion": "example.org/v1", "kind": "Boat", "metadata": {"name": "a"}}
    assert (await api.ask("POST", "/apis/example.org/v1/boats", body)).status == 201


async def test_documents_are_served_beside_resources(api: Any) -> None:
    for path in (
        "/readyz",
        "/metrics",
        "/version",
        "/openapi/v3",
        "/api",
        "/apis",
        "/.well-known/openid-configuration",
    ):
        assert (await api.ask("GET", path)).status == 200, path


async def test_two_servers_share_nothing(api: Any, open_api: Any) -> None:
    async with open_api() as other:
        await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
        assert (await other.ask("GET", f"{MAPS}/a")).status == 404
        assert api.parts.service.resources is not other.parts.service.resources
        assert await may_list_pods(other, "alice") is False
