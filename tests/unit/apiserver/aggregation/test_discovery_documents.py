"""What extension servers serve, in the form in which it is told on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.apiserver.aggregation.discovery_documents import (
    DocumentError,
    empty_entry,
    is_aggregated,
    parse_aggregated,
    parse_legacy,
)

NOTHING = {"group": "", "version": "", "kind": ""}


def legacy(*resources: dict[str, Any]) -> dict[str, Any]:
    return parse_legacy(json.dumps({"kind": "APIResourceList", "resources": resources}).encode(), "v1")


def test_subresources_of_the_old_form_go_below_their_resource() -> None:
    entry = legacy(
        {"name": "pods/log", "namespaced": True, "kind": "Log", "verbs": ["get"], "group": "g", "version": "v2"},
        {
            "name": "pods",
            "singularName": "pod",
            "namespaced": True,
            "kind": "Pod",
            "verbs": ["get", "list"],
            "shortNames": ["po"],
            "categories": ["all"],
        },
    )
    assert entry == {
        "version": "v1",
        "resources": [
            {
                "resource": "pods",
                "responseKind": {"group": "", "version": "", "kind": "Pod"},
                "scope": "Namespaced",
                "singularResource": "pod",
                "verbs": ["get", "list"],
                "shortNames": ["po"],
                "categories": ["all"],
                "subresources": [
                    {
                        "subresource": "log",
                        "responseKind": {"group": "g", "version": "v2", "kind": "Log"},
                        "verbs": ["get"],
                    }
                ],
            }
        ],
    }


def test_a_subresource_without_a_resource_makes_one_without_verbs() -> None:
    (resource,) = legacy({"name": "a/b", "namespaced": False, "verbs": ["create"]})["resources"]
    assert (resource["resource"], resource["scope"], resource["verbs"]) == ("a", "Cluster", None)
    assert resource["responseKind"] == NOTHING


def test_scopes_that_differ_are_an_error() -> None:
    with pytest.raises(DocumentError, match="differ in scope"):
        legacy({"name": "a", "namespaced": True, "kind": "A"}, {"name": "a/b", "namespaced": False})


def test_kinds_that_are_missing_in_the_aggregated_form_are_put_in_empty() -> None:
    subresource = {"subresource": "x", "verbs": []}
    version = {"version": "v1", "resources": [{"resource": "a", "scope": "Cluster", "subresources": [subresource]}]}
    body = json.dumps({"items": [{"metadata": {"name": "g"}, "versions": [version, {"version": "v2"}]}]}).encode()
    found = parse_aggregated(body)
    assert set(found) == {("g", "v1"), ("g", "v2")}
    (resource,) = found["g", "v1"]["resources"]
    assert resource["responseKind"] == NOTHING
    assert resource["subresources"] == [subresource | {"responseKind": NOTHING}]
    assert found["g", "v2"] == empty_entry("v2") == {"version": "v2"}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b'{"items": 7}', b'{"resources": [{}], "items": [{"versions": [{}]}]}']
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_aggregated(body)
    with pytest.raises(DocumentError):
        parse_legacy(body if b"items" not in body or b"resources" in body else b"{", "v1")


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", True),
        ("application/json; g=apidiscovery.k8s.io; v=v2; as=APIGroupDiscoveryList", True),
        ("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_the_form_is_told_by_the_content_type(content_type: str, expected: bool) -> None:
    assert is_aggregated(content_type) is expected
