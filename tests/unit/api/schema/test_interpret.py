"""Decoding by walking: where it stands when something is wrong, and Go's ways with numbers, nulls and bytes."""

from __future__ import annotations

import pytest

from steersman.api.schema.builtin import type_of
from steersman.api.schema.interpret import UNKNOWN_MAX, DecodeError, Walk, copy_json, go_json, go_number

CORE = "io.k8s.api.core.v1."


def walked(name, value):
    walk = Walk()
    return walk.run(type_of(CORE + name), value), walk.unknown


def test_null_is_a_zero_object():
    assert walked("ConfigMap", None) == walked("ConfigMap", {})


def test_bytes_may_be_given_as_numbers():
    assert walked("Secret", {"data": {"a": [104, 105]}})[0]["data"] == {"a": "aGk="}
    with pytest.raises(
        DecodeError, match=r"cannot unmarshal array into Go struct field Secret\.data of type \[\]uint8"
    ):
        walked("Secret", {"data": {"a": [256]}})


def test_a_null_element_is_a_zero_element():
    made, _ = walked("Container", {"env": [None], "args": [None], "command": ["a", None]})
    assert (made["env"], made["args"], made["command"]) == ([{"name": ""}], [""], ["a", ""])


def test_unknown_fields_are_named_once_and_not_without_end():
    _, unknown = walked("PodSpec", {"containers": [{"x": 1}, {"x": 1}], "y": 1})
    assert unknown == ["containers[0].x", "containers[1].x", "y"]
    assert len(walked("ConfigMap", {f"k{n}": 1 for n in range(UNKNOWN_MAX + 5)})[1]) == UNKNOWN_MAX


def test_after_a_refusal_the_next_field_is_named_rightly():
    """A wrong type is remembered, the walk goes on from where it was."""
    walk = Walk()
    with pytest.raises(DecodeError, match=r"ObjectMeta\.metadata\.name of type string"):
        walk.run(type_of(CORE + "Pod"), {"metadata": {"name": 1}, "spec": {"containers": [{"name": "a", "zz": 1}]}})
    assert walk.unknown == ["spec.containers[0].zz"]


@pytest.mark.parametrize(
    ("given", "made"), [(1.0, 1), (1.5, 1.5), (1e20, 10**20), (1e21, 1e21), (7, 7), (-0.0, 0), (True, True)]
)
def test_whole_numbers_lose_their_fraction(given, made):
    assert (go_number(given), type(go_number(given))) == (made, type(made))
    assert go_json({"a": [given]}) == {"a": [made]}


def test_copies_share_nothing():
    value = {"a": [{"b": 1.0}], "c": {}}
    for copy in (copy_json(value), go_json(value)):
        copy["a"][0]["b"] = 2
        copy["c"]["d"] = 1
    assert value == {"a": [{"b": 1.0}], "c": {}}
