"""JSON patch: operations, their failures, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.patch.errors import MalformedPatch, RejectedPatch, TooLargePatch
from steersman.apiserver.patch.json_patch import OPERATIONS_MAX, apply_json_patch


def patched(document, *operations):
    return apply_json_patch(document, list(operations))


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/a", "value": 1}, {"l": [1, 2], "m": {"x": "y"}, "a": 1}),
        ({"op": "add", "path": "/l/-", "value": 3}, {"l": [1, 2, 3], "m": {"x": "y"}}),
        ({"op": "add", "path": "/l/0", "value": 0}, {"l": [0, 1, 2], "m": {"x": "y"}}),
        ({"op": "add", "path": "/l/2", "value": 3}, {"l": [1, 2, 3], "m": {"x": "y"}}),
        ({"op": "add", "path": "/l/-1", "value": 3}, {"l": [1, 2, 3], "m": {"x": "y"}}),
        ({"op": "add", "path": "/m/n"}, {"l": [1, 2], "m": {"x": "y", "n": None}}),
        ({"op": "remove", "path": "/l/-1"}, {"l": [1], "m": {"x": "y"}}),
        ({"op": "remove", "path": "/m/x"}, {"l": [1, 2], "m": {}}),
        ({"op": "replace", "path": "/l/1", "value": 9}, {"l": [1, 9], "m": {"x": "y"}}),
        ({"op": "replace", "path": "/m/absent", "value": 9}, {"l": [1, 2], "m": {"x": "y", "absent": 9}}),
        ({"op": "replace", "path": "", "value": {"b": 1}}, {"b": 1}),
        ({"op": "copy", "from": "/m", "path": "/c"}, {"l": [1, 2], "m": {"x": "y"}, "c": {"x": "y"}}),
        ({"op": "copy", "from": "/absent", "path": "/c"}, {"l": [1, 2], "m": {"x": "y"}, "c": None}),
        ({"op": "move", "from": "/m/x", "path": "/x"}, {"l": [1, 2], "m": {}, "x": "y"}),
        ({"op": "test", "path": "/m/x", "value": "y"}, {"l": [1, 2], "m": {"x": "y"}}),
        ({"op": "test", "path": "/m/absent", "value": None}, {"l": [1, 2], "m": {"x": "y"}}),
        ({"op": "test", "path": "/m/absent"}, {"l": [1, 2], "m": {"x": "y"}}),
    ],
)
def test_each_operation_does_what_upstream_does(operation, expected):
    document = {"l": [1, 2], "m": {"x": "y"}}
    assert patched(document, operation) == expected
    assert document == {"l": [1, 2], "m": {"x": "y"}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/m/x", "value": "z"},
        {"op": "test", "path": "/one", "value": True},
        {"op": "test", "path": "/one", "value": 1.0},
        {"op": "remove", "path": "/absent"},
        {"op": "remove", "path": "/l/9"},
        {"op": "remove", "path": "/l/x"},
        {"op": "add", "path": "/l/9", "value": 1},
        {"op": "add", "path": "/absent/x", "value": 1},
        {"op": "replace", "path": "/absent/x", "value": 1},
        {"op": "replace", "path": "/l/-", "value": 1},
        {"op": "add", "path": "", "value": {}},
        {"op": "replace", "path": "", "value": 1},
        {"op": "add", "path": "nowhere", "value": 1},
        {"op": "add", "value": 1},
        {"op": "move", "from": "/absent", "path": "/x"},
        {"op": "copy", "path": "/x"},
        {"op": "bogus", "path": "/x"},
        {"path": "/x"},
        None,
    ],
)
def test_an_operation_that_cannot_be_done_rejects_the_whole_patch(operation):
    with pytest.raises(RejectedPatch):
        patched({"l": [1], "m": {"x": "y"}, "one": 1}, {"op": "add", "path": "/a", "value": 1}, operation)


def test_tilde_escapes_stand_for_slash_and_tilde():
    assert patched({}, {"op": "add", "path": "/a~1b~0c~01", "value": 1}) == {"a/b~c~1": 1}


@pytest.mark.parametrize(
    ("operations", "what"),
    [
        ({}, "object into Go value of type []handlers.jsonPatchOp"),
        ("x", "string into Go value of type []handlers.jsonPatchOp"),
        ([1], "number into Go value of type handlers.jsonPatchOp"),
        ([{"op": 1}], "number into Go struct field jsonPatchOp.op of type string"),
    ],
)
def test_what_is_no_list_of_operations_is_malformed(operations, what):
    with pytest.raises(MalformedPatch) as caught:
        apply_json_patch({}, operations)
    assert str(caught.value) == f"error decoding patch: json: cannot unmarshal {what}"


def test_a_null_patch_changes_nothing():
    assert apply_json_patch({"a": 1}, None) == {"a": 1}


def test_ten_thousand_operations_are_the_limit():
    operation = {"op": "test", "path": "/a", "value": 1}
    assert apply_json_patch({"a": 1}, [operation] * OPERATIONS_MAX) == {"a": 1}
    with pytest.raises(TooLargePatch, match="10000, got 10001"):
        apply_json_patch({"a": 1}, [operation] * (OPERATIONS_MAX + 1))


def test_copies_may_not_double_a_value_without_end():
    double = [{"op": "copy", "from": "/a", "path": "/a/-"}, {"op": "copy", "from": "/a", "path": "/a/-"}]
    with pytest.raises(RejectedPatch, match="exceeding the limit"):
        apply_json_patch({"a": ["x" * 100]}, double * 30)


def test_a_copied_value_changes_in_one_place_only():
    result = patched(
        {"a": {"b": {"c": 1}}},
        {"op": "add", "path": "/a/b/d", "value": 1},
        {"op": "copy", "from": "/a/b", "path": "/e"},
        {"op": "replace", "path": "/e/c", "value": 2},
        {"op": "replace", "path": "/a/b/d", "value": 3},
    )
    assert result == {"a": {"b": {"c": 1, "d": 3}}, "e": {"c": 2, "d": 1}}


def test_values_of_the_patch_are_not_changed_by_later_operations():
    value = {"x": []}
    operations = [{"op": "add", "path": "/a", "value": value}, {"op": "add", "path": "/a/x/-", "value": 1}]
    assert apply_json_patch({}, operations) == {"a": {"x": [1]}}
    assert value == {"x": []}


def test_what_does_not_change_is_shared():
    document = {"a": {"b": 1}, "c": {"d": {}}}
    result = patched(document, {"op": "add", "path": "/c/e", "value": 1})
    assert result["a"] is document["a"]
    assert result["c"]["d"] is document["c"]["d"]


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=4), st.text(max_size=3), st.integers())
def test_adding_then_removing_a_new_member_is_nothing(document, key, value):
    token = "/" + key.replace("~", "~0").replace("/", "~1")
    added = patched(document, {"op": "add", "path": token, "value": value})
    assert added == {**document, key: value}
    if key not in document:
        assert patched(added, {"op": "remove", "path": token}) == document
