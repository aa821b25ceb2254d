"""Typed values: checking, merging, taking out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.schema.builtin import type_of
from steersman.apiserver.patch.elements import TypedError
from steersman.apiserver.patch.fieldset import FieldSet
from steersman.apiserver.patch.shape import DEDUCED, shape_of
from steersman.apiserver.patch.typed import check, has_null, merge, remove, without_nulls

POD = shape_of(type_of("io.k8s.api.core.v1.Pod"))
SPEC = shape_of(type_of("io.k8s.api.core.v1.PodSpec"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"bogus": 1}, ".bogus: field not declared in schema"),
        ({"priority": "x"}, ".priority: expected numeric (int or float), got string"),
        ({"priority": True}, ".priority: expected numeric (int or float), got bool"),
        ({"hostname": 1}, ".hostname: expected string, got &value.valueUnstructured{Value:1}"),
        (
            {"hostname": {"a": ["b"]}},
            '.hostname: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":[]interface {}{"b"}}}',
        ),
        ({"hostPID": "x"}, ".hostPID: expected boolean, got &{x}"),
        ({"containers": "x"}, ".containers: expected list, got &{x}"),
        ({"securityContext": []}, ".securityContext: expected map, got &{[]}"),
        ({"containers": [{"name": "a"}, {"name": "a"}]}, '.containers: duplicate entries for key [name="a"]'),
        (
            {"containers": [{"name": "a", "ports": [{"containerPort": 1}, {"containerPort": 1}]}]},
            '.containers[name="a"].ports: duplicate entries for key [containerPort=1,protocol="TCP"]',
        ),
        ({"tolerations": [{"key": 1}]}, ".tolerations[0].key: expected string, got &value.valueUnstructured{Value:1}"),
        (
            {"hostname": 1, "priority": "x"},
            (
                "errors:\n  .hostname: expected string, got &value.valueUnstructured{Value:1}"
                "\n  .priority: expected numeric (int or float), got string"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_said_in_upstreams_words(value, message):
    with pytest.raises(TypedError) as caught:
        check(SPEC, value)
    assert str(caught.value) == message


def test_nulls_fit_everywhere():
    check(SPEC, {"hostname": None, "containers": None, "securityContext": None})


def merged(live, applied):
    return merge(SPEC, {"containers": live}, {"containers": applied})["containers"]


def order(live, applied):
    return "".join(item["name"] for item in merged([{"name": n} for n in live], [{"name": n} for n in applied]))


@pytest.mark.parametrize(
    ("live", "applied", "expected"),
    [
        ("abc", "", "abc"),
        ("abc", "b", "abc"),
        ("abc", "cb", "acb"),
        ("abc", "d", "abcd"),
        ("abc", "dc", "abdc"),
        ("abc", "ca", "bca"),
        ("", "ab", "ab"),
        ("abcd", "bxd", "abcxd"),
    ],
)
def test_merged_lists_keep_the_live_order_unless_the_patch_disagrees(live, applied, expected):
    assert order(live, applied) == expected


def test_shared_items_are_merged_and_the_rest_is_shared():
    live = {"containers": [{"name": "a", "image": "1", "env": [{"name": "X"}]}], "dnsConfig": {"searches": []}}
    result = merge(SPEC, live, {"containers": [{"name": "a", "image": "2"}]})
    assert result["containers"] == [{"name": "a", "image": "2", "env": [{"name": "X"}]}]
    assert result["dnsConfig"] is live["dnsConfig"]


def test_duplicates_of_the_live_list_are_replaced():
    live = [{"name": "a", "image": "1"}, {"name": "a", "image": "2"}]
    assert merged(live, [{"name": "a", "command": ["x"]}]) == [{"name": "a", "command": ["x"]}]


def test_atomic_values_are_taken_whole():
    assert merge(SPEC, {"nodeSelector": {"a": "1"}}, {"nodeSelector": {"b": "2"}}) == {"nodeSelector": {"b": "2"}}
    assert merge(DEDUCED, {"x": [1]}, {"x": {"a": 1}}) == {"x": {"a": 1}}


def test_null_over_a_map_keeps_it_and_over_a_scalar_takes_its_place():
    assert merge(POD, {"spec": {"hostname": "h"}}, {"spec": None}) == {"spec": {"hostname": "h"}}
    assert merge(SPEC, {"hostname": "h"}, {"hostname": None}) == {"hostname": None}


def test_removing_takes_members_and_items_out():
    value = {"containers": [{"name": "a", "image": "1"}, {"name": "b"}], "hostname": "h", "nodeName": "n"}
    gone = FieldSet.of(
        ("f:hostname",), ("f:containers", 'k:{"name":"a"}', "f:image"), ("f:containers", 'k:{"name":"b"}')
    )
    assert remove(SPEC, value, gone.tree) == {"containers": [{"name": "a"}], "nodeName": "n"}


def test_what_loses_everything_is_null():
    gone = FieldSet.of(("f:containers", 'k:{"name":"a"}'))
    assert remove(SPEC, {"containers": [{"name": "a"}], "hostname": "h"}, gone.tree) == {
        "containers": None,
        "hostname": "h",
    }


def test_declared_nulls_go_and_others_stay():
    value = {"spec": {"hostname": None, "containers": [{"name": "a", "env": None}]}, "metadata": {"name": "x"}}
    clean = without_nulls(POD, value)
    assert clean == {"spec": {"containers": [{"name": "a"}]}, "metadata": {"name": "x"}}
    assert clean["metadata"] is value["metadata"]
    assert without_nulls(POD, clean) is clean
    assert without_nulls(DEDUCED, {"a": None}) == {"a": None}


ITEMS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcde")}, optional={"image": st.sampled_from("12")}),
    max_size=5,
    unique_by=lambda item: item["name"],
)


@given(ITEMS, ITEMS)
def test_merging_twice_is_merging_once(live, applied):
    once = merged(live, applied)
    assert merged(once, applied) == once
    assert {item["name"] for item in once} == {item["name"] for item in [*live, *applied]}


@given(ITEMS, ITEMS)
def test_everything_applied_is_in_the_result(live, applied):
    found = {item["name"]: item for item in merged(live, applied)}
    for item in applied:
        assert item.items() <= found[item["name"]].items()


def test_items_that_lose_everything_go_or_stay_hollow():
    value = {"containers": [{"name": "a"}, {"name": "b", "image": "i"}]}
    gone = FieldSet.of(("f:containers", 'k:{"name":"a"}', "f:name"))
    assert remove(SPEC, value, gone.tree) == {"containers": [{"name": "b", "image": "i"}]}
    assert remove(SPEC, value, gone.tree, hollow=True) == {"containers": [{}, {"name": "b", "image": "i"}]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({}, False),
        ({"a": [{"b": 1}]}, False),
        ({"a": None}, True),
        ({"a": [{"b": None}]}, True),
        ({"a": "null"}, False),
    ],
)
def test_nulls_are_found_at_any_depth(value, found) -> None:
    assert has_null(value) is found
