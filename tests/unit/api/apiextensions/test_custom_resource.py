"""The records that a definition stands for: names, versions, selectable fields."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apiextensions.custom_resource import records_of
from steersman.api.resource import Scope

from .definitions import accepted, definition, record, records, spec_version, thing


def test_there_are_none_until_the_names_are_accepted() -> None:
    assert records_of(definition()) is None
    assert records_of(accepted(definition())) is not None


def test_names_are_those_that_were_accepted() -> None:
    made = record(spec_version())
    assert (made.api_version, made.kind, made.list_kind, made.plural) == (
        "example.com/v1",
        "Thing",
        "ThingList",
        "things",
    )
    assert (made.singular, made.short_names, made.scope, made.custom) == ("thing", (), Scope.NAMESPACED, True)


def test_versions_that_are_not_served_are_not_listed_but_may_be_stored() -> None:
    made = records(
        spec_version("v1", served=False),
        spec_version("v2", storage=False),
        spec_version("v3", storage=False, served=False),
    )
    assert made.stored.version == "v1"
    assert [(resource.version, resource.stored is made.stored) for resource in made.served] == [("v2", True)]


def test_nothing_is_created_while_the_definition_goes_away() -> None:
    assert record(spec_version()).no_creation == ""
    made = records(spec_version(), deletionTimestamp="2026-01-01T00:00:00Z")
    assert made.stored.no_creation == "create not allowed while custom resource definition is terminating"


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({}, ""),
        ({"deprecated": True}, "example.com/v1beta1 Thing is deprecated; use example.com/v2 Thing"),
        ({"deprecated": True, "deprecationWarning": "gone soon"}, "gone soon"),
    ],
)
def test_deprecated_versions_name_the_best_other_one(fields: dict[str, Any], warning: str) -> None:
    versions = [spec_version("v1beta1", **fields), spec_version("v1", storage=False), spec_version("v2", storage=False)]
    assert record(*versions, spec_version("v3", storage=False, served=False)).deprecation == warning


def test_selectors_look_at_fields_of_any_version() -> None:
    other = spec_version("v2", storage=False, selectableFields=[{"jsonPath": ".spec.s"}])
    made = records(spec_version(selectableFields=[{"jsonPath": ".spec.n"}]), other)
    obj = thing(spec={"n": 2, "s": True})
    assert [name for name, _ in made.stored.selectable] == ["spec.n"]
    assert {name: get(obj) for name, get in made.stored.indexed} == {"spec.n": "2", "spec.s": "true"}
    assert [name for name, _ in made.served[1].selectable] == ["spec.s"]
    assert dict(made.served[1].selectable)["spec.s"](thing()) == ""


def test_another_version_is_another_api_version_and_another_schema() -> None:
    text = {"type": "object", "properties": {"s": {"type": "string", "default": "d"}}}
    made = records(spec_version(), spec_version("v2", storage=False, spec=text))
    conversion = made.served[1].conversion
    obj = thing(spec={"n": 1, "s": "x"})
    conversion.from_stored(obj)
    assert obj["spec"] == {"s": "x"}
    obj = thing(spec={"n": 1})
    conversion.from_stored(obj)
    assert obj["spec"] == {}, "defaults are those of the version that is stored"
    obj = thing(spec={"n": 1, "s": "x"}) | {"apiVersion": "example.com/v2"}
    made.stored.normalize(obj)
    assert obj["spec"] == {}, "stored as v2: what v2 does not know is gone"
