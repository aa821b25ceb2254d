"""Tables: Name first, the declared columns, and what stands beside a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from steersman.api.errors import BadRequest
from steersman.api.resource import Column, Resource, Scope
from steersman.api.schema.model import Type
from steersman.apiserver.codec.table import column_definitions, include_object, table_of

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _resource(*columns: Column) -> Resource:
    return Resource(
        group="", version="v1", kind="ConfigMap", plural="configmaps", scope=Scope.NAMESPACED,
        schema=lambda: Type("struct"), columns=columns,
    )  # fmt: skip


_DATA = Column("Data", "string", lambda obj, _now: len(obj.get("data", {})))
_OBJ = {
    "kind": "ConfigMap",
    "apiVersion": "v1",
    "metadata": {"name": "a", "resourceVersion": "5", "creationTimestamp": "2026-01-01T00:00:00Z"},
    "data": {"k": "v"},
}


def test_a_table_has_a_row_of_cells_and_the_metadata_beside_it() -> None:
    table = table_of(_resource(_DATA), [_OBJ], now=_NOW)
    assert table["kind"] == "Table"
    assert table["apiVersion"] == "meta.k8s.io/v1"
    assert table["metadata"] == {"resourceVersion": "5"}
    assert [(c["name"], c["type"], c["format"], c["priority"]) for c in table["columnDefinitions"]] == [
        ("Name", "string", "name", 0),
        ("Data", "string", "", 0),
    ]
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": _OBJ["metadata"]}
    assert table["rows"] == [{"cells": ["a", 1], "object": partial}]


def test_without_columns_a_table_tells_names_and_creation_times() -> None:
    table = table_of(_resource(), [_OBJ, {"metadata": {"name": "b"}}], now=_NOW, list_meta={"resourceVersion": "9"})
    assert [c["name"] for c in table["columnDefinitions"]] == ["Name", "Created At"]
    assert table["columnDefinitions"][1]["type"] == "date"
    assert [row["cells"] for row in table["rows"]] == [["a", "2026-01-01T00:00:00Z"], ["b", "0001-01-01T00:00:00Z"]]


def test_a_declared_name_column_is_the_only_one() -> None:
    late = Column("Name", "string", lambda obj, _now: obj["metadata"]["name"], "name", 1)
    resource = _resource(_DATA, late)
    assert [c["name"] for c in column_definitions(resource)] == ["Data", "Name"]
    assert table_of(resource, [_OBJ], now=_NOW)["rows"][0]["cells"] == [1, "a"]


def test_the_list_s_own_metadata_is_kept_where_it_says_something() -> None:
    meta = {"resourceVersion": "9", "continue": "", "remainingItemCount": 3, "selfLink": "x"}
    table = table_of(_resource(_DATA), [], now=_NOW, list_meta=meta)
    assert table["metadata"] == {"resourceVersion": "9", "remainingItemCount": 3}
    assert table["rows"] == []


def test_later_events_of_a_watch_have_no_headers() -> None:
    assert table_of(_resource(_DATA), [_OBJ], now=_NOW, headers=False)["columnDefinitions"] is None


def test_the_object_beside_a_row_is_chosen_by_the_client() -> None:
    resource = _resource(_DATA)
    assert table_of(resource, [_OBJ], now=_NOW, include_object="Object")["rows"][0]["object"] is _OBJ
    assert table_of(resource, [_OBJ], now=_NOW, include_object="None")["rows"][0]["object"] is None
    v1beta1 = table_of(resource, [_OBJ], now=_NOW, version="v1beta1")
    assert v1beta1["apiVersion"] == v1beta1["rows"][0]["object"]["apiVersion"] == "meta.k8s.io/v1beta1"


def test_the_end_of_initial_events_is_never_left_out() -> None:
    bookmark = {"metadata": {"resourceVersion": "5", "annotations": {"k8s.io/initial-events-end": "true"}}}
    row = table_of(_resource(_DATA), [bookmark], now=_NOW, include_object="None", headers=False)["rows"][0]
    assert row["cells"] == ["", 0]
    assert row["object"]["metadata"] == bookmark["metadata"]


def test_include_object_is_one_of_three_words() -> None:
    assert include_object("") == include_object("Metadata") == "Metadata"
    with pytest.raises(BadRequest, match="includeObject: Invalid value: \"x\": must be 'Metadata', 'Object', 'None'"):
        include_object("x")


def test_a_whole_list_marks_the_default_of_its_resource() -> None:
    objects: list[Object] = [_OBJ | {"metadata": {"name": name}} for name in ("a", "b")]
    resource = replace(_resource(_DATA), listed_default=lambda _objects: "b")
    for whole, names in ((True, ["a", "b (default)"]), (False, ["a", "b"])):
        rows = table_of(resource, objects, now=_NOW, list_meta={}, whole_list=whole)["rows"]
        assert [row["cells"][0] for row in rows] == names
