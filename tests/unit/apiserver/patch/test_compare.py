"""Comparing objects: what was added, modified, removed."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.schema.builtin import type_of
from steersman.api.schema.model import Field, Type
from steersman.apiserver.patch.compare import compare, compare_created, outline
from steersman.apiserver.patch.elements import TypedError, path_text
from steersman.apiserver.patch.fieldset import FieldSet
from steersman.apiserver.patch.shape import DEDUCED, shape_of

SPEC = shape_of(type_of("io.k8s.api.core.v1.PodSpec"))


def changes(old, new, shape=SPEC):
    found = compare(shape, old, new)
    return [[path_text(path) for path in part.paths()] for part in (found.added, found.modified, found.removed)]


def test_new_fields_are_added_with_all_that_is_below():
    assert changes({}, {"securityContext": {"runAsUser": 1}, "hostname": "h"}) == [
        [".hostname", ".securityContext", ".securityContext.runAsUser"], [], [],
    ]  # fmt: skip


def test_gone_fields_are_removed_with_all_that_is_below():
    assert changes({"dnsConfig": {"searches": ["a"]}}, {}) == [[], [], [".dnsConfig", ".dnsConfig.searches"]]


def test_only_the_changed_leaf_is_modified():
    old = {"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}]}
    new = {"containers": [{"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}]}]}
    assert changes(old, new) == [[], ['.containers[name="a"].image'], []]


def test_order_of_list_maps_does_not_matter():
    one, two = {"name": "a"}, {"name": "b"}
    assert changes({"containers": [one, two]}, {"containers": [two, one]}) == [[], [], []]


def test_atomic_lists_and_maps_change_as_wholes():
    assert changes({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}) == [[], [".tolerations"], []]
    assert changes({"nodeSelector": {"a": "1"}}, {"nodeSelector": {"b": "1"}}) == [[], [".nodeSelector"], []]


def test_null_and_empty_are_different_leaves():
    assert changes({"containers": None}, {"containers": []}) == [[], [".containers"], []]
    assert changes({"containers": None}, {"containers": [{"name": "a"}]}) == [
        ['.containers[name="a"]', '.containers[name="a"].name'], [], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([1, 1], [1, 2], [[], ["M"], []]),
        ([1], [1, 2], [["+"], [], ["-", "-.image", "-.name"]]),
        ([1, 2], [1], [["+", "+.image", "+.name"], [], ["-"]]),
    ],
)
def test_duplicates_are_compared_as_one_leaf(old, new, expected):
    def items(images):
        return {"containers": [{"name": "a", "image": str(image)} for image in images]}

    prefix = '.containers[name="a"]'
    assert changes(items(old), items(new)) == [[prefix + path[1:] for path in part] for part in expected]


def test_values_of_two_kinds_are_modified_and_their_members_come_and_go():
    assert changes({"x": 1}, {"x": {"a": 1}}, DEDUCED) == [[".x.a"], [".x"], []]
    assert changes({"x": {"a": 1}}, {"x": [1]}, DEDUCED) == [[], [".x"], [".x.a"]]
    assert changes({"x": 1}, {"x": None}, DEDUCED) == [[], [".x"], []]


def test_excluded_fields_are_not_seen():
    found = compare(SPEC, {}, {"hostname": "h", "subdomain": "s"}).without(FieldSet.of(("f:hostname",)))
    assert found.written == FieldSet.of(("f:subdomain",))


def test_errors_name_the_path():
    with pytest.raises(TypedError) as caught:
        compare(SPEC, {}, {"dnsConfig": {}, "containers": [None]})
    assert str(caught.value) == ".containers: element 0: associative list with keys may not have a null element"


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
CUSTOM = shape_of(Type("struct", fields={"a": Field(Type("any")), "b": Field(Type("any"))}, preserve_unknown=True))


@given(OBJECTS, OBJECTS)
def test_swapping_sides_swaps_added_and_removed(one, other):
    there, back = compare(CUSTOM, one, other), compare(CUSTOM, other, one)
    assert there.added == back.removed
    assert there.removed == back.added
    assert there.modified == back.modified


@given(OBJECTS)
def test_an_object_does_not_differ_from_itself(one):
    found = compare(CUSTOM, one, dict(one))
    assert not found.written
    assert not found.removed


def test_true_and_one_differ_but_one_and_one_point_zero_do_not():
    assert changes({"x": {"a": 1}}, {"x": {"a": True}}, DEDUCED) == [[], [".x.a"], []]
    assert changes({"x": [1, {"b": 1}]}, {"x": [1, {"b": True}]}, DEDUCED) == [[], [".x"], []]
    assert changes({"x": 1}, {"x": 1.0}, DEDUCED) == [[], [], []]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"metadata": {"name": "a", "labels": {"l": "1"}}}, {"metadata": {"name": "b", "labels": {"l": "22"}}}, True),
        ({"metadata": {"labels": {"l": "1"}}}, {"metadata": {"labels": {"m": "1"}}}, False),
        ({"metadata": {"labels": {"l": "1"}}}, {"metadata": {"labels": None}}, False),
        ({"spec": {"nodeName": "a"}}, {"spec": {"nodeName": ""}}, False),
        ({"spec": {"priority": 1}}, {"spec": {"priority": 0}}, False),
        ({"spec": {"overhead": {"cpu": "1"}}}, {"spec": {"overhead": {"cpu": "0"}}}, False),
        ({"spec": {"containers": [{"name": "a"}]}}, {"spec": {"containers": [{"name": "b"}]}}, False),
    ],
)
def test_objects_of_one_outline_are_created_alike(one, other, alike):
    type_ = type_of("io.k8s.api.core.v1.Pod")
    assert (outline(one) == outline(other)) is alike
    for each in (one, other):
        assert compare_created(type_, each) == compare_created(type_, orjson.loads(outline(each)))
