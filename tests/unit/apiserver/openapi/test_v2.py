from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.apiserver.openapi.operations import group_version_operations
from steersman.apiserver.openapi.v2 import downgraded, path_items

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

PATH = "/api/v1/namespaces/{namespace}/configmaps"


def _items(parameters: Object) -> Object:
    batches = group_version_operations("", "v1", [CONFIG_MAPS])
    return {path: item for batch in batches for path, item in path_items(batch, parameters)}


def test_common_parameters_are_named_once_and_referred_to() -> None:
    parameters: Object = {}
    items = _items(parameters)
    for reference in items[PATH]["parameters"]:
        assert reference["$ref"].removeprefix("#/parameters/") in parameters
    assert {value["name"] for value in parameters.values()} >= {"namespace", "pretty", "fieldManager", "body"}


def test_kubectl_finds_dry_run_and_field_validation_in_the_operation() -> None:
    listed = _items({})[PATH]["post"]["parameters"]
    assert {"dryRun", "fieldValidation", "body"} <= {p["name"] for p in listed if "name" in p}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"allOf": [{"$ref": "#/components/schemas/a.B"}], "default": {}}, {"$ref": "#/definitions/a.B"}),
        (
            {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
            {"format": "int-or-string", "type": "string"},
        ),
        ({"type": "string", "enum": ["a"], "default": ""}, {"type": "string"}),
        ({"properties": {"default": {"type": "string"}}}, {"properties": {"default": {"type": "string"}}}),
    ],
)
def test_builtin_schemas_lose_what_version_2_does_not_have(new: Object, old: Object) -> None:
    assert downgraded(new) == old
