"""How custom resources are prepared and judged."""

from __future__ import annotations

from typing import Any

import pytest

from .definitions import CONTEXT, META, record, spec_version, texts, thing


def test_values_are_judged_by_the_schema() -> None:
    strategy = record(spec_version()).strategy
    assert strategy.validate(thing(spec={"n": 1})) == []
    (error,) = texts(strategy.validate(thing(spec={"n": -1})))
    assert error == "spec.n: Invalid value: -1: spec.n in body should be greater than or equal to 0"
    old = thing(spec={"n": -1})
    assert strategy.validate_update(thing(spec={"n": -1}), old) == []
    assert len(strategy.validate_update(thing(spec={"n": -2}), old)) == 1
    assert texts(strategy.validate({**thing(), "kind": "Other"})) == ['kind: Invalid value: "Other": must be Thing']


def test_rules_are_not_evaluated_for_what_is_invalid_anyway() -> None:
    spec = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.n > 0"}],
    }
    errors = texts(record(spec_version(spec=spec)).strategy.validate(thing(spec={"n": "x"})))
    assert errors[-1].startswith("<nil>: Invalid value: null: some validation rules were not checked because")


def test_metadata_of_embedded_resources_is_judged() -> None:
    spec = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    strategy = record(spec_version(spec=spec)).strategy
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a/b", "labels": {"x": "y z"}}}
    errors = texts(strategy.validate(thing(spec=inner)))
    assert [error.partition(": ")[0] for error in errors] == ["spec.metadata.name", "spec.metadata.labels"]
    assert strategy.validate(thing(spec={"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n"}})) == []


def test_any_change_outside_of_metadata_raises_the_generation() -> None:
    strategy = record(spec_version()).strategy
    for change, generation in (({"spec": {"n": 1}}, 4), ({"status": {}}, 4), ({}, 3)):
        new = thing(**change)
        strategy.prepare_update(new, thing(), CONTEXT)
        assert new["metadata"]["generation"] == generation


SCALE = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.sel"}


def test_status_and_scale_are_subresources_where_they_are_declared() -> None:
    assert record(spec_version()).subresources == ()
    made = record(spec_version(subresources={"status": {}, "scale": SCALE}))
    status, scale = made.subresources
    assert (status.name, scale.name, scale.kind, scale.scale.replicas) == ("status", "scale", "Scale", ("spec", "n"))
    assert scale.scale.selector(thing(status={"sel": "a=b"})) == "a=b"
    obj = thing(status={"n": 1}, spec={"n": 9}, metadata={"name": "x", "managedFields": [1], "labels": {"a": "b"}})
    status.update.prepare(obj, thing(spec={"n": 2}, status={"n": 0}), CONTEXT)
    assert obj == thing(status={"n": 1}, spec={"n": 2}, metadata={**META, "managedFields": [1]})


@pytest.mark.parametrize(
    ("obj", "error"),
    [
        (thing(spec={"n": 2**31}), ".spec.n: Invalid value: 2147483648: should be less than or equal to 2147483647"),
        (thing(status={"n": -1}), ".status.n: Invalid value: -1: should be a non-negative integer"),
        (
            thing(status={"n": "x"}),
            ".status.n: Invalid value: 0: .status.n accessor error: x is of the type string, expected int64",
        ),
        (
            thing(status={"sel": 1}),
            '.status.sel: Invalid value: "": .status.sel accessor error: 1 is of the type int64, expected string',
        ),
        (
            thing(status=[1]),
            ".status.n accessor error: [1] is of the type []interface {}, expected map[string]interface{}",
        ),
    ],
)
def test_scale_needs_numbers(obj: dict[str, Any], error: str) -> None:
    made = record(spec_version(subresources={"scale": SCALE}))
    assert any(text.endswith(error) for text in texts(made.strategy.validate(obj)))


def test_finalizers_that_others_might_use_are_warned_of() -> None:
    strategy = record(spec_version()).strategy
    obj = thing(metadata={"name": "x", "finalizers": ["mine", "a.b", "a.b/c", "orphan"]})
    others = "accidental conflicts with other finalizer writers"
    prefer = "prefer a domain-qualified finalizer name"
    assert strategy.warnings(obj, None) == [
        f'metadata.finalizers: "a.b": {prefer} including a path (/) to avoid {others}',
        f'metadata.finalizers: "mine": {prefer} to avoid {others}',
    ]
    assert strategy.warnings(obj, obj) == []
