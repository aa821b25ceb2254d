"""The generated decoder and the interpreter are one function, wherever the generated one answers at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.api.schema.builtin import type_of
from steersman.api.schema.decode import DecodeError, decode, interpret
from steersman.api.schema.generate import struct_decoder

SCALARS = {
    "string": st.sampled_from(["", "a", "é"]),
    "bytes": st.sampled_from(["", "YQ==", "YR==", "!"]),
    "bool": st.booleans(),
    "int32": st.sampled_from([0, 1, -1, 2**31 - 1, 2**31, 1.5]),
    "int64": st.sampled_from([0, 7, 2**62]),
    "number": st.sampled_from([0, 1, 2.0, 0.25]),
    "quantity": st.sampled_from(["0", "1000m", "1024Ki", 1, 0.5, "x"]),
    "time": st.sampled_from(["2001-01-01T00:00:00Z", "2001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "x"]),
    "microtime": st.sampled_from(["2001-01-01T00:00:00.000000Z", "2001-01-01T00:00:00Z"]),
    "int-or-string": st.sampled_from([0, 80, "http", "", 2**40]),
    "any": st.sampled_from([{}, {"a": [None, 1.0]}, 1, "x"]),
}
ODD = st.sampled_from([None, None, None, 1, "x", [], {}, True])


def values(type_, depth=0):
    """Mostly good values of a type, with some nulls, zeros and nonsense among them."""
    if depth > 4:
        return st.none()
    if type_.form == "struct":
        fields = {key: values(field.type, depth + 1) for key, field in type_.fields.items()}
        few = st.lists(
            st.sampled_from([*sorted(fields), "nosuch"] if depth > 2 else sorted(fields) or ["x"]),
            max_size=4,
            unique=True,
        )
        return few.flatmap(lambda keys: st.fixed_dictionaries({key: fields.get(key, st.just(1)) for key in keys}))
    if type_.form == "list":
        return st.lists(values(type_.element, depth + 1), max_size=2)
    if type_.form == "map":
        return st.dictionaries(st.sampled_from(["a", "b"]), values(type_.element, depth + 1), max_size=2)
    if type_.form == "union":
        return st.one_of(st.booleans(), values(type_.element, depth + 2), st.just(["x"]), st.just([{}]))
    return SCALARS[type_.form] if depth < 3 else st.one_of(SCALARS[type_.form], ODD)


def attempt(run, type_, value):
    """What was decoded and no text, or nothing and the text of the refusal."""
    try:
        return run(type_, value), ""
    except DecodeError as error:
        return None, str(error)


@pytest.mark.parametrize(
    "name",
    [
        "io.k8s.api.core.v1.Pod",
        "io.k8s.api.apps.v1.Deployment",
        "io.k8s.api.coordination.v1.Lease",
        "io.k8s.api.resource.v1.ResourceSlice",
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    ],
)
@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(data=st.data())
def test_generated_equals_interpreted(name, data):
    type_ = type_of(name)
    struct_decoder(type_)
    value = data.draw(values(type_))
    exact, refusal = attempt(interpret, type_, value)
    made, same_refusal = attempt(decode, type_, value)
    assert same_refusal == refusal
    if exact is None:
        return
    assert json.dumps(made.object, sort_keys=True) == json.dumps(exact.object, sort_keys=True)
    assert made.unknown == exact.unknown
    if "0001-01-01" not in json.dumps(value):  # a pointer to the zero time is written as null
        again = decode(type_, made.object)
        assert json.dumps(again.object, sort_keys=True) == json.dumps(made.object, sort_keys=True)


def test_a_type_is_compiled_after_a_few_uses():
    # Of its own: the shared one may have been used by other tests.
    type_ = replace(type_of("io.k8s.api.core.v1.Binding"), uses=0, compiled=None)
    for _ in range(3):
        decode(type_, {})
    assert type_.compiled is None
    decode(type_, {})
    assert type_.compiled is not None


def test_field_sets_are_shared_and_everything_else_is_fresh():
    pod = {"metadata": {"managedFields": [{"fieldsV1": {"f:spec": {}}}], "labels": {"a": "b"}}}
    decoder = struct_decoder(type_of("io.k8s.api.core.v1.Pod"))
    made = decoder(pod)
    assert made["metadata"]["managedFields"][0]["fieldsV1"] is pod["metadata"]["managedFields"][0]["fieldsV1"]
    assert made["metadata"]["labels"] is not pod["metadata"]["labels"]
