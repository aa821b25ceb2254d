"""Path elements: names of fields and list items, as text."""

from __future__ import annotations

import pytest

from steersman.api.schema.builtin import type_of
from steersman.apiserver.patch.elements import (
    FieldsError,
    TypedError,
    element_text,
    in_order,
    index_items,
    item_element,
    parse_element,
    path_text,
)
from steersman.apiserver.patch.shape import shape_of

CONTAINERS = shape_of(type_of("io.k8s.api.core.v1.PodSpec")).members["containers"]
PORTS = shape_of(type_of("io.k8s.api.core.v1.Container")).members["ports"]
FINALIZERS = shape_of(type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")).members["finalizers"]
TERMS = shape_of(type_of("io.k8s.api.core.v1.PodSpec")).members["topologySpreadConstraints"]


def test_items_are_named_by_their_keys_and_key_defaults():
    assert item_element(CONTAINERS, {"name": "a"}) == 'k:{"name":"a"}'
    assert item_element(CONTAINERS, {"image": "x"}) == 'k:{"name":""}'
    assert item_element(PORTS, {"containerPort": 80}) == 'k:{"containerPort":80,"protocol":"TCP"}'
    assert item_element(FINALIZERS, "a/b") == 'v:"a/b"'


def test_true_and_one_are_different_keys():
    assert item_element(CONTAINERS, {"name": 1}) == 'k:{"name":1}'
    assert item_element(CONTAINERS, {"name": True}) == 'k:{"name":true}'


def test_text_that_html_could_misread_is_escaped_as_go_does():
    assert item_element(FINALIZERS, "<&>") == 'v:"\\u003c\\u0026\\u003e"'


@pytest.mark.parametrize(
    ("shape", "item", "message"),
    [
        (CONTAINERS, None, "associative list with keys may not have a null element"),
        (CONTAINERS, 1, "associative list with keys may not have non-map elements"),
        (FINALIZERS, {}, "associative list without keys has an element that's a map type"),
        (FINALIZERS, [], "not supported: associative list with lists as elements"),
        (FINALIZERS, None, "associative list without keys has an element that's an explicit null"),
    ],
)
def test_items_without_identity_are_refused(shape, item, message):
    with pytest.raises(TypedError) as caught:
        index_items(shape, [item])
    assert str(caught.value) == f"element 0: {message}"


def test_paths_read_as_in_upstreams_messages():
    path = ("f:spec", 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"x"', "v:1", "i:3")
    assert path_text(path) == '.spec[containerPort=80,protocol="TCP"][="x"][=1][3]'
    assert element_text('k:{"a":null,"b":true}') == "[a=null,b=true]"


def test_fields_come_before_items_and_numbers_are_numbers():
    elements = ["v:1", 'k:{"port":443}', "f:b", 'k:{"port":80}', ".", "i:10", "i:9", "f:a", 'v:"x"', "v:true"]
    assert in_order(elements) == [
        ".", "f:a", "f:b", 'k:{"port":80}', 'k:{"port":443}', "v:1", 'v:"x"', "v:true", "i:9", "i:10",
    ]  # fmt: skip


def test_elements_from_clients_become_canonical():
    assert parse_element('k:{"b": 1, "a": "x"}') == 'k:{"a":"x","b":1}'
    assert parse_element('v: "x"') == 'v:"x"'
    assert parse_element("f:any thing") == "f:any thing"
    assert parse_element("z:new") == ""


@pytest.mark.parametrize("key", ["", "f", "name", "k:[]", "k:{", "v:", "i:x"])
def test_elements_that_mean_nothing_are_refused(key):
    with pytest.raises(FieldsError):
        parse_element(key)
