"""Field sets: algebra, encoding, and what objects mention."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.schema.builtin import type_of
from steersman.api.schema.model import Field, Type
from steersman.apiserver.patch.elements import FieldsError
from steersman.apiserver.patch.fieldset import FieldSet
from steersman.apiserver.patch.shape import shape_of

POD = type_of("io.k8s.api.core.v1.Pod")
ELEMENTS = st.sampled_from(["f:a", "f:b", "f:c", 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:"z"', "i:0", "i:10", "i:9"])
PATHS = st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple)
SETS = st.lists(PATHS, max_size=6).map(lambda paths: FieldSet.of(*paths))


def members(fields):
    return set(fields.paths())


@given(st.lists(PATHS, max_size=6))
def test_a_set_holds_exactly_its_paths(paths):
    fields = FieldSet.of(*paths)
    assert members(fields) == set(paths)
    assert all(fields.has(path) for path in paths)
    assert bool(fields) == bool(paths)


@given(SETS)
def test_decoding_undoes_encoding(fields):
    decoded = FieldSet.decode(fields.encode())
    assert decoded == fields
    assert repr(decoded.tree) == repr(fields.tree)


@given(SETS, SETS)
def test_algebra_is_that_of_the_members(one, other):
    assert members(one.union(other)) == members(one) | members(other)
    assert members(one.intersection(other)) == members(one) & members(other)
    assert members(one.difference(other)) == members(one) - members(other)
    prefixes = members(other)
    kept = {path for path in members(one) if not any(path[:i] in prefixes for i in range(1, len(path) + 1))}
    assert members(one.recursive_difference(other)) == kept


@given(SETS, SETS)
def test_results_are_in_canonical_order(one, other):
    for result in (one.union(other), one.difference(other), one.intersection(other), one.recursive_difference(other)):
        assert repr(result.tree) == repr(FieldSet.decode(result.tree).tree)


@given(SETS, SETS, SETS)
def test_union_and_difference_obey_their_laws(a, b, c):
    assert a.union(b) == b.union(a)
    assert a.union(b).union(c) == a.union(b.union(c))
    assert a.union(a) == a
    assert a.difference(b).union(a.intersection(b)) == a
    assert a.difference(b).difference(c) == a.difference(b.union(c))
    assert not a.difference(a)


@given(SETS, SETS)
def test_inputs_are_never_changed(one, other):
    before = repr((one.tree, other.tree))
    one.union(other), one.difference(other), one.recursive_difference(other), one.intersection(other), one.leaves()
    assert repr((one.tree, other.tree)) == before


def test_what_does_not_change_keeps_its_identity():
    fields = FieldSet.of(("f:a", "f:b"), ("f:c",))
    assert fields.difference(FieldSet.of(("f:x",))).tree is fields.tree
    assert fields.recursive_difference(FieldSet.of(("f:a", "f:y"))).tree is fields.tree


def test_leaves_are_members_with_nothing_below():
    assert members(FieldSet.of(("f:a",), ("f:a", "f:b"), ("f:c",)).leaves()) == {("f:a", "f:b"), ("f:c",)}


def test_an_object_mentions_leaves_items_and_map_entries():
    value = {
        "metadata": {"labels": {"x": "y"}, "annotations": {}, "finalizers": ["a/b"]},
        "spec": {
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 1}], "env": []}],
            "nodeSelector": {"a": "b"},
            "tolerations": [{"key": "k"}],
            "affinity": None,
            "securityContext": {},
        },
    }
    assert FieldSet.from_object(value, POD).encode() == {
        "f:metadata": {"f:annotations": {}, "f:finalizers": {'v:"a/b"': {}}, "f:labels": {"f:x": {}}},
        "f:spec": {
            "f:affinity": {},
            "f:containers": {
                'k:{"name":"c"}': {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {'k:{"containerPort":1,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                }
            },
            "f:nodeSelector": {},
            "f:securityContext": {},
            "f:tolerations": {},
        },
    }


def test_duplicate_items_are_one_leaf():
    value = {"spec": {"containers": [{"name": "c", "image": "1"}, {"name": "c", "image": "2"}]}}
    assert FieldSet.from_object(value, POD).encode() == {"f:spec": {"f:containers": {'k:{"name":"c"}': {}}}}


def test_values_without_schema_are_maps_of_members_and_lists_as_wholes():
    custom = Type("struct", fields={"spec": Field(Type("any"))}, custom=True)
    value = {"spec": {"a": {"b": [1, {"c": 2}], "e": {}}}}
    assert FieldSet.from_object(value, custom).encode() == {
        "f:spec": {"f:a": {".": {}, "f:b": {}, "f:e": {}}},
    }


def test_named_fields_on_the_way_become_members():
    fields = FieldSet.of(("f:metadata", "f:labels", "f:x"), ("f:spec", "f:containers", 'k:{"name":"c"}', "f:image"))
    assert members(fields.with_named_members(shape_of(POD))) == {
        ("f:metadata",),
        ("f:metadata", "f:labels"),
        ("f:metadata", "f:labels", "f:x"),
        ("f:spec",),
        ("f:spec", "f:containers"),
        ("f:spec", "f:containers", 'k:{"name":"c"}', "f:image"),
    }


def test_ownership_below_what_is_atomic_becomes_ownership_of_the_whole():
    fields = FieldSet.of(("f:spec", "f:nodeSelector", "f:a"), ("f:spec", "f:hostname"))
    assert members(fields.with_atomic_leaves(shape_of(POD))) == {("f:spec", "f:nodeSelector"), ("f:spec", "f:hostname")}


def test_decoding_accepts_the_superfluous_and_drops_the_unknown():
    assert FieldSet.decode({"f:a": {".": {}}, "q:new": {}, ".": {}}) == FieldSet.of(("f:a",))


@pytest.mark.parametrize("fields", [[], "x", {"a": {}}, {"f:a": 1}, {"k:x": {}}])
def test_what_is_no_field_set_is_refused(fields):
    with pytest.raises(FieldsError):
        FieldSet.decode(fields)


def test_a_set_says_what_it_holds():
    assert repr(FieldSet.of(("f:a", 'k:{"name":"x"}'))) == 'FieldSet(.a[name="x"])'
    assert hash(FieldSet.of(("f:a",))) == hash(FieldSet.of(("f:a",)))
