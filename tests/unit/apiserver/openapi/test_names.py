from __future__ import annotations

import pytest

from steersman.api.catalog import BUILTIN
from steersman.apiserver.openapi.names import custom_definition_name, definition_name, identifier, operation_id, tag


def test_every_builtin_resource_is_found_under_its_definition_name() -> None:
    for resource in BUILTIN:
        assert definition_name(resource.group, resource.version, resource.kind) == resource.schema().name


@pytest.mark.parametrize(
    ("verb", "group", "version", "rest", "expected"),
    [
        ("create", "", "v1", "NamespacedPod", "createCoreV1NamespacedPod"),
        ("read", "rbac.authorization.k8s.io", "v1", "ClusterRole", "readRbacAuthorizationV1ClusterRole"),
        ("list", "example.com", "v1beta1", "Widget", "listExampleComV1beta1Widget"),
    ],
)
def test_operation_ids_say_verb_place_and_noun(verb: str, group: str, version: str, rest: str, expected: str) -> None:
    assert operation_id(verb, group, version, rest) == expected


def test_tags_and_identifiers_are_camel_case_without_punctuation() -> None:
    assert tag("") == "core"
    assert tag("storage.k8s.io", "v1") == "storage_v1"
    assert identifier("a-b.c1", capital=False) == "aBC1"


def test_custom_kinds_are_named_by_their_group_turned_around() -> None:
    assert custom_definition_name("a.example.com", "v1", "Widget") == "com.example.a.v1.Widget"
