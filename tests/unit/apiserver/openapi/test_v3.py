from __future__ import annotations

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.apiserver.openapi.operations import group_version_operations
from steersman.apiserver.openapi.v3 import path_items, references


def _items() -> dict[str, object]:
    return {
        path: item for batch in group_version_operations("", "v1", [CONFIG_MAPS]) for path, item in path_items(batch)
    }


def test_parameters_of_all_operations_belong_to_the_path() -> None:
    item = _items()["/api/v1/namespaces/{namespace}/configmaps"]
    assert isinstance(item, dict)
    assert [p["name"] for p in item["parameters"]] == ["namespace", "pretty"]
    assert [p["name"] for p in item["post"]["parameters"]] == ["dryRun", "fieldManager", "fieldValidation"]


def test_an_operation_says_what_it_reads_answers_and_is_about() -> None:
    item = _items()["/api/v1/namespaces/{namespace}/configmaps"]
    assert isinstance(item, dict)
    create = item["post"]
    reference = {"schema": {"$ref": "#/components/schemas/io.k8s.api.core.v1.ConfigMap"}}
    assert create["requestBody"] == {"content": {"*/*": reference}, "required": True}
    assert create["responses"].keys() == {"200", "201", "202", "401"}
    assert create["responses"]["201"]["content"]["application/json"] == reference
    assert create["x-kubernetes-action"] == "post"
    assert create["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}


def test_references_are_found_at_any_depth() -> None:
    schema = {"properties": {"a": {"allOf": [{"$ref": "#/x/y.A"}]}, "b": {"items": {"$ref": "#/x/y.B"}}}}
    assert sorted(references(schema)) == ["y.A", "y.B"]
