"""JSON merge patch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.patch.merge_patch import apply_merge_patch, without_nulls

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
# RFC 7386 takes lists as they are. Upstream takes null members out of their objects unless the list replaces an object, so
# that such a patch, applied to its own result, may still change it.
WITHOUT_NULLS_IN_LISTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3).map(without_nulls) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {}}),
        ({}, {"a": [None, {"b": None}]}, {"a": [None, {}]}),
        ({"a": {}}, {"a": [{"b": None}]}, {"a": [{"b": None}]}),
        ({"a": "foo"}, ["c"], ["c"]),
        ([1], {"a": None, "b": 1}, {"b": 1}),
    ],
)
def test_the_examples_of_the_rfc_hold(document, patch, expected):
    assert apply_merge_patch(document, patch) == expected


def test_neither_side_changes_and_the_rest_is_shared():
    document, patch = {"a": {"x": 1}, "b": {"y": {}}}, {"b": {"z": None, "n": {"k": None}}}
    result = apply_merge_patch(document, patch)
    assert document == {"a": {"x": 1}, "b": {"y": {}}}
    assert patch == {"b": {"z": None, "n": {"k": None}}}
    assert result["a"] is document["a"]
    assert result["b"]["y"] is document["b"]["y"]


@given(JSON, st.dictionaries(st.sampled_from("abc"), WITHOUT_NULLS_IN_LISTS, max_size=3))
def test_applying_a_patch_twice_is_applying_it_once(document, patch):
    once = apply_merge_patch(document, patch)
    assert apply_merge_patch(once, patch) == once


@given(JSON)
def test_without_nulls_leaves_no_null_member(value):
    clean = without_nulls(value)
    assert without_nulls(clean) is clean
