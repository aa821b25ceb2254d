"""The records that a definition stands for: names, columns, rules, versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.apiextensions.custom_columns import cell_of, columns_of
from steersman.api.apiextensions.custom_resource import records_of
from steersman.api.resource import Context, Scope

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
META: dict[str, Any] = {"name": "x", "creationTimestamp": "2026-01-02T02:04:05Z", "generation": 3}


def definition(*versions: dict[str, Any], accepted: bool = True, **metadata: Any) -> dict[str, Any]:
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "Things", "shortNames": ["th"]}
    return {
        "metadata": {"name": "things.example.com", "uid": "u", **metadata},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": list(versions)},
        "status": {
            "acceptedNames": names,
            "conditions": [{"type": "NamesAccepted", "status": "True" if accepted else "False"}],
        },
    }


def version(name: str = "v1", *, storage: bool = True, served: bool = True, **fields: Any) -> dict[str, Any]:
    spec = fields.pop("spec", {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}})
    schema = {"type": "object", "properties": {"spec": spec, **fields.pop("properties", {})}}
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def thing(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": dict(META), **fields}


def record(*versions: dict[str, Any]) -> Any:
    records = records_of(definition(*versions))
    assert records is not None
    return records.stored


def texts(errors: list[Any]) -> list[str]:
    return [str(error) for error in errors]


def test_there_are_none_until_the_names_are_accepted() -> None:
    assert records_of(definition(version(), accepted=False)) is None


def test_names_are_those_that_were_accepted() -> None:
    made = record(version())
    assert (made.api_version, made.kind, made.list_kind, made.plural) == ("example.com/v1", "Thing", "Things", "things")
    assert (made.singular, made.short_names, made.scope, made.custom) == ("thing", ("th",), Scope.NAMESPACED, True)


def test_versions_that_are_not_served_are_not_listed_but_may_be_stored() -> None:
    crd = definition(
        version("v1", served=False), version("v2", storage=False), version("v3", storage=False, served=False)
    )
    records = records_of(crd)
    assert records is not None
    assert records.stored.version == "v1"
    assert [(resource.version, resource.stored is records.stored) for resource in records.served] == [("v2", True)]


def test_nothing_is_created_while_the_definition_goes_away() -> None:
    assert record(version()).no_creation == ""
    records = records_of(definition(version(), deletionTimestamp="2026-01-01T00:00:00Z"))
    assert records is not None
    assert records.stored.no_creation == "create not allowed while custom resource definition is terminating"


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({}, ""),
        ({"deprecated": True}, "example.com/v1beta1 Thing is deprecated; use example.com/v2 Thing"),
        ({"deprecated": True, "deprecationWarning": "gone soon"}, "gone soon"),
    ],
)
def test_deprecated_versions_name_the_best_other_one(fields: dict[str, Any], warning: str) -> None:
    versions = [version("v1beta1", **fields), version("v1", storage=False), version("v2", storage=False)]
    assert record(*versions, version("v3", storage=False, served=False)).deprecation == warning


def test_values_are_judged_by_the_schema() -> None:
    strategy = record(version()).strategy
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
    errors = texts(record(version(spec=spec)).strategy.validate(thing(spec={"n": "x"})))
    assert errors[-1].startswith("<nil>: Invalid value: null: some validation rules were not checked because")


def test_metadata_of_embedded_resources_is_judged() -> None:
    spec = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    strategy = record(version(spec=spec)).strategy
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a/b", "labels": {"x": "y z"}}}
    errors = texts(strategy.validate(thing(spec=inner)))
    assert [error.partition(": ")[0] for error in errors] == ["spec.metadata.name", "spec.metadata.labels"]
    assert strategy.validate(thing(spec={"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n"}})) == []


def test_any_change_outside_of_metadata_raises_the_generation() -> None:
    strategy = record(version()).strategy
    for change, generation in (({"spec": {"n": 1}}, 4), ({"status": {}}, 4), ({}, 3)):
        new = thing(**change)
        strategy.prepare_update(new, thing(), Context(now=NOW))
        assert new["metadata"]["generation"] == generation


SCALE = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.sel"}


def test_status_and_scale_are_subresources_where_they_are_declared() -> None:
    assert record(version()).subresources == ()
    made = record(version(subresources={"status": {}, "scale": SCALE}))
    status, scale = made.subresources
    assert (status.name, scale.name, scale.kind, scale.scale.replicas) == ("status", "scale", "Scale", ("spec", "n"))
    assert scale.scale.selector(thing(status={"sel": "a=b"})) == "a=b"
    obj = thing(status={"n": 1}, spec={"n": 9}, metadata={"name": "x", "managedFields": [1], "labels": {"a": "b"}})
    status.update.prepare(obj, thing(spec={"n": 2}, status={"n": 0}), Context(now=NOW))
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
    made = record(version(subresources={"scale": SCALE}))
    assert any(text.endswith(error) for text in texts(made.strategy.validate(obj)))


def test_finalizers_that_others_might_use_are_warned_of() -> None:
    strategy = record(version()).strategy
    obj = thing(metadata={"name": "x", "finalizers": ["mine", "a.b", "a.b/c", "orphan"]})
    others = "accidental conflicts with other finalizer writers"
    prefer = "prefer a domain-qualified finalizer name"
    assert strategy.warnings(obj, None) == [
        f'metadata.finalizers: "a.b": {prefer} including a path (/) to avoid {others}',
        f'metadata.finalizers: "mine": {prefer} to avoid {others}',
    ]
    assert strategy.warnings(obj, obj) == []


def test_selectors_look_at_fields_of_any_version() -> None:
    other = version("v2", storage=False, selectableFields=[{"jsonPath": ".spec.s"}])
    records = records_of(definition(version(selectableFields=[{"jsonPath": ".spec.n"}]), other))
    assert records is not None
    obj = thing(spec={"n": 2, "s": True})
    assert {name: get(obj) for name, get in records.stored.selectable} == {"spec.n": "2", "spec.s": "true"}
    assert [name for name, _ in records.served[1].selectable] == ["spec.s"]
    assert dict(records.served[1].selectable)["spec.s"](thing()) == ""


def test_another_version_is_another_api_version_and_another_schema() -> None:
    text = {"type": "object", "properties": {"s": {"type": "string", "default": "d"}}}
    records = records_of(definition(version(), version("v2", storage=False, spec=text)))
    assert records is not None
    conversion = records.served[1].conversion
    obj = thing(spec={"n": 1, "s": "x"})
    conversion.from_stored(obj)
    assert obj["spec"] == {"s": "x"}
    obj = thing(spec={"n": 1})
    conversion.from_stored(obj)
    assert obj["spec"] == {}, "defaults are those of the version that is stored"
    obj = thing(spec={"n": 1, "s": "x"}) | {"apiVersion": "example.com/v2"}
    records.stored.normalize(obj)
    assert obj["spec"] == {}, "stored as v2: what v2 does not know is gone"


COLUMNS = [
    {"name": "N", "type": "integer", "jsonPath": ".spec.n", "description": "how many"},
    {"name": "First", "type": "string", "jsonPath": ".spec.list[0]", "priority": 1},
    {"name": "All", "type": "string", "jsonPath": ".spec.list"},
    {"name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def test_columns_are_paths() -> None:
    columns = columns_of(COLUMNS)
    obj = thing(spec={"n": 1, "list": ["a", {"b": 1}]})
    assert [column.value(obj, NOW) for column in columns] == [1, "a", '["a",{"b":1}]', "60m"]
    assert [column.value(thing(), NOW) for column in columns] == [None, None, None, "60m"]
    assert columns[0].description == "how many"
    assert columns[1].description == "Custom resource definition column (in JSONPath format): .spec.list[0]"
    assert [column.name for column in columns_of(None)] == ["Age"]
    assert columns_of([{"name": "X", "type": "string", "jsonPath": ".a["}]) == ()


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        ("string", 1.0, "1"),
        ("string", None, "null"),
        ("integer", 1.9, 1),
        ("integer", "1", None),
        ("integer", True, None),
        ("number", 1.5, 1.5),
        ("boolean", True, True),
        ("boolean", "true", None),
        ("date", "", "<unknown>"),
        ("date", "yesterday", "<invalid>"),
        ("date", "2026-01-02T03:04:00Z", "5s"),
    ],
)
def test_cells_fit_their_column(kind: str, value: Any, cell: Any) -> None:
    assert cell_of(kind, value, NOW) == cell
