"""Empty values in messages."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import NULL, invalid
from steersman.apiserver.given import as_given


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("spec.labels", {"spec": {"labels": {}}}, "Invalid value: {}: no"),
        ("spec.list[1].values", {"spec": {"list": [{}, {"values": []}]}}, "Invalid value: []: no"),
        ("spec.labels", {"spec": {}}, "Invalid value: null: no"),
        ("spec.labels", {"spec": {"labels": {"a": "b"}}}, "Invalid value: null: no"),
        ("spec.list[3]", {"spec": {"list": []}}, "Invalid value: null: no"),
        ("spec", None, "Invalid value: null: no"),
    ],
)
def test_what_was_given_empty_is_shown_empty(field: str, given: Any, shown: str) -> None:
    assert as_given([invalid(field, None, "no")], given)[0].body() == shown


def test_values_that_are_there_stay() -> None:
    error = invalid("spec.labels", "x", "no")
    assert as_given([error], {"spec": {"labels": {}}}) == [error]


def test_what_is_null_for_upstream_whatever_was_given_stays_null() -> None:
    assert (
        as_given([invalid("spec.labels", NULL, "no")], {"spec": {"labels": {}}})[0].body() == "Invalid value: null: no"
    )
