from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.catalog import BUILTIN
from steersman.api.core.pod import PODS
from steersman.apiserver.openapi.operations import (
    Operation,
    group_operations,
    group_version_operations,
    root_operations,
)

from .widgets import widgets

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.api.resource import Resource


def _operations(*resources: Resource) -> dict[tuple[str, str], Operation]:
    first = resources[0]
    batches = group_version_operations(first.group, first.version, resources)
    return {(operation.path, operation.method): operation for batch in batches for operation in batch}


def test_all_paths_and_methods_are_upstreams(shared: Path) -> None:
    expected = json.loads((shared / "reference" / "paths.json").read_text())
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in BUILTIN:
        groups.setdefault((resource.group, resource.version), []).append(resource)
    found: dict[str, set[str]] = {}
    batches = [
        *(batch for (g, v), members in groups.items() for batch in group_version_operations(g, v, members)),
        *(batch for g in {g for g, _ in groups} for batch in group_operations(g)),
        *root_operations(),
    ]
    for operation in (operation for batch in batches for operation in batch):
        found.setdefault(operation.path, set()).add(operation.method)
    wanted = {path: set(methods) for path, methods in expected.items() if path.startswith(("/api/", "/apis/"))}
    assert found == wanted


def test_operation_ids_are_unique() -> None:
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in BUILTIN:
        groups.setdefault((resource.group, resource.version), []).append(resource)
    ids = [o.id for (g, v), members in groups.items() for b in group_version_operations(g, v, members) for o in b]
    assert len(ids) == len(set(ids))


def test_writes_declare_the_parameters_that_kubectl_looks_for() -> None:
    path = "/apis/apps/v1/namespaces/{namespace}/deployments"
    operations = _operations(DEPLOYMENTS)
    for key in (
        (path, "post"),
        (path + "/{name}", "put"),
        (path + "/{name}", "patch"),
        (path + "/{name}/status", "put"),
    ):
        names = {p.name for p in operations[key].parameters}
        assert {"dryRun", "fieldManager", "fieldValidation"} <= names


@pytest.mark.parametrize(
    ("path", "method", "name", "kind"),
    [
        ("/scale", "get", "readAppsV1NamespacedDeploymentScale", ("autoscaling", "v1", "Scale")),
        ("/status", "patch", "patchAppsV1NamespacedDeploymentStatus", ("apps", "v1", "Deployment")),
    ],
)
def test_subresources_are_named_after_their_parent(
    path: str, method: str, name: str, kind: tuple[str, str, str]
) -> None:
    operation = _operations(DEPLOYMENTS)["/apis/apps/v1/namespaces/{namespace}/deployments/{name}" + path, method]
    assert (operation.id, operation.kind) == (name, kind)


def test_connections_have_every_method_and_answer_with_text() -> None:
    operations = _operations(PODS)
    path = "/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}"
    methods = {method for at, method in operations if at == path}
    assert methods == {"get", "put", "post", "delete", "options", "head", "patch"}
    assert operations[path, "get"].id == "connectCoreV1GetNamespacedPodProxyWithPath"
    assert operations[path, "get"].result == ""


def test_custom_resources_have_no_watch_paths_and_no_document() -> None:
    operations = _operations(widgets({"type": "object"}))
    assert not [path for path, _ in operations if "/watch/" in path or path.endswith("v1/")]
    patch = operations["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}", "patch"]
    assert "application/strategic-merge-patch+json" not in patch.consumes
    scale = operations["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale", "get"]
    assert (scale.kind, scale.result) == (("example.com", "v1", "Widget"), "io.k8s.api.autoscaling.v1.Scale")
