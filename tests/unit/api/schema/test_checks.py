"""Checks of single keywords, where their corners are."""

from __future__ import annotations

import pytest

from steersman.api.schema.checks import (
    Found,
    Problem,
    check_enum,
    check_number,
    check_string,
    check_type,
    format_of,
    same,
    types_of,
)


@pytest.mark.parametrize(
    ("schema", "types", "form"),
    [
        ({}, (), ""),
        ({"type": "string", "format": "date-time"}, ("string",), "date-time"),
        ({"type": "string", "format": "int32"}, ("string",), ""),
        ({"type": "integer", "format": "int32"}, ("integer",), "int32"),
        ({"type": "integer", "format": "double"}, ("integer",), ""),
        ({"type": "number", "format": "float"}, ("number",), "float"),
        ({"type": "boolean", "format": "date"}, ("boolean",), ""),
        ({"x-kubernetes-int-or-string": True, "type": "string"}, ("integer", "string"), ""),
    ],
)
def test_a_format_counts_for_its_own_type(schema, types, form):
    assert types_of(schema) == types
    assert format_of(schema, types) == form


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("integer", 2**63 - 1, True),
        ("integer", 2**63, True),
        ("integer", 1.5, False),
        ("number", 1, True),
        ("boolean", 1, False),
        ("integer", True, False),
        ("object", [], False),
        ("array", [], True),
        ("string", None, False),
    ],
)
def test_values_have_a_type(kind, value, fits):
    found = check_type({"type": kind}, (kind,), "", value, "s")
    assert (not found.problems, found.passed) == (fits, int(fits))


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"minLength": 2, "maxLength": 2}, "éé", []),
        ({"maxLength": 0, "pattern": "b"}, "a", ["at most 0 chars long"]),
        ({"minLength": 2, "pattern": "b"}, "a", ["at least 2 chars long"]),
        ({"pattern": "b"}, "abc", []),
        ({"pattern": "("}, "abc", ["match '('"]),
    ],
)
def test_of_length_and_pattern_the_first_is_said(schema, value, words):
    found = [problem.message for problem in check_string(schema, value, "s")]
    assert [message.endswith(end) for message, end in zip(found, words, strict=True)] == [True] * len(words)


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"minimum": 1, "maximum": 1}, 1, []),
        ({"maximum": 1, "exclusiveMaximum": True}, 1, ["less than 1"]),
        ({"minimum": 1.5}, 1, []),
        ({"minimum": 1.5}, 1.25, ["greater than or equal to 1.5"]),
        ({"multipleOf": 2, "minimum": 4}, 3, ["multiple of 2", "greater than or equal to 4"]),
        ({"multipleOf": 0.1}, 0.3, []),
        ({"multipleOf": -2}, 4, ["must be positive: -2"]),
    ],
)
def test_numbers_have_bounds(schema, value, words):
    found = [problem.message for problem in check_number(schema, (), "", value, "s")]
    assert [message.endswith(end) for message, end in zip(found, words, strict=True)] == [True] * len(words)


@pytest.mark.parametrize(
    ("allowed", "value", "fits"),
    [
        ([], "x", True),
        (["a", "b"], "b", True),
        (["a"], "b", False),
        ([1], 1.5, True),
        ([1], True, False),
        ([None], None, False),
        ([{"a": [1]}], {"a": [1.0]}, True),
    ],
)
def test_a_value_is_one_of_the_choices(allowed, value, fits):
    assert (not list(check_enum({"enum": allowed}, value, "s"))) == fits


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (False, 0, False),
        ({"a": 1, "b": [True]}, {"b": [True], "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [2, 1], False),
        ([1], [True], False),
    ],
)
def test_json_values_are_compared_by_type(a, b, equal):
    assert same(a, b) is same(b, a) is equal


def test_each_problem_is_said_once_and_passes_are_counted():
    one, other = Found([Problem("s", "m")], passed=2), Found([Problem("t", "m"), Problem("t", "n")], passed=3)
    one.merge(other)
    assert ([problem.message for problem in one.problems], one.passed) == (["m", "n"], 5)
