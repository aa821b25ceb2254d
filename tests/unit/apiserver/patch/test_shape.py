"""Shapes of Types: what merges how."""

from __future__ import annotations

from steersman.api.schema.builtin import type_of
from steersman.api.schema.model import Field, Type
from steersman.apiserver.patch.shape import DEDUCED, shape_of, zero_of

POD_SPEC = type_of("io.k8s.api.core.v1.PodSpec")


def test_lists_are_sets_maps_or_atomic():
    spec = shape_of(POD_SPEC)
    meta = shape_of(type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"))
    assert spec.members["containers"].list_type == "map"
    assert spec.members["tolerations"].list_type == "atomic"
    assert meta.members["finalizers"].list_type == "set"


def test_keys_of_list_maps_default_to_declared_or_zero_values():
    container = shape_of(type_of("io.k8s.api.core.v1.Container"))
    assert container.members["ports"].keys == ("containerPort", "protocol")
    assert container.members["ports"].key_defaults == {"containerPort": 0, "protocol": "TCP"}


def test_a_type_that_holds_itself_has_a_shape():
    props = shape_of(type_of("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"))
    assert props.members["not"] is props


def test_raw_extensions_are_leaves_and_other_json_is_a_map():
    assert shape_of(type_of("io.k8s.apimachinery.pkg.runtime.RawExtension")).is_leaf
    assert shape_of(Type("any")) is DEDUCED
    assert not DEDUCED.is_leaf


def test_each_type_has_one_shape():
    assert shape_of(POD_SPEC) is shape_of(POD_SPEC)


def test_the_zero_value_is_what_go_writes_for_an_empty_object():
    zero = zero_of(type_of("io.k8s.api.apps.v1.Deployment"))
    assert zero["spec"]["selector"] is None
    assert zero["spec"]["template"]["spec"] == {"containers": None}
    assert "replicas" not in zero["spec"]
    assert zero["status"] == {}


def test_custom_resources_have_no_zero_value():
    assert zero_of(Type("struct", fields={"spec": Field(Type("struct"))}, custom=True)) == {}


def test_plans_remember_member_combinations():
    shape = shape_of(type_of("io.k8s.api.core.v1.EnvVar"))
    assert shape.plan({"name": "a", "value": "b"}) is shape.plan({"name": "x", "value": "y"})
    assert list(shape.plan({"value": "b", "name": "a"}).leaves) == ["f:name", "f:value"]


def test_what_preserves_unknown_fields_does_so_all_the_way_down():
    inner = Type("struct", fields={"a": Field(Type("string", custom=True))}, custom=True)
    outer = Type("struct", fields={"inner": Field(inner)}, custom=True, preserve_unknown=True)
    assert shape_of(outer).members["inner"].member is DEDUCED
    assert shape_of(inner).member is None


def test_only_values_of_any_kind_need_a_careful_comparison():
    assert not shape_of(type_of("io.k8s.api.core.v1.Pod")).mixed
    assert shape_of(type_of("io.k8s.api.apps.v1.ControllerRevision")).mixed
