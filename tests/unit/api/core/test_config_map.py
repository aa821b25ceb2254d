"""ConfigMap: keys, size, and what immutable means."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS, DATA_BYTES_MAX

FROZEN = "field is immutable when `immutable` is set"


def binary(size: int) -> str:
    return base64.b64encode(bytes(size)).decode()


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
        ({}, []),
        ({"data": {"a": "", "A.b_c-1": "x"}, "binaryData": {"b": binary(3)}}, []),
        ({"data": {"a": "x" * DATA_BYTES_MAX}}, []),
        ({"data": {"a": "x" * (DATA_BYTES_MAX - 1)}, "binaryData": {"b": binary(2)}}, ["[]: Too long"]),
        ({"data": {"a": "é" * (DATA_BYTES_MAX // 2 + 1)}}, ["[]: Too long"]),
        ({"data": {"a": ""}, "binaryData": {"a": ""}}, ['data[a]: Invalid value: "a": duplicate of key present']),
        ({"data": {"a b": ""}}, ['data[a b]: Invalid value: "a b": a valid config key must consist of']),
        ({"binaryData": {"..": ""}}, ["binaryData[..]: Invalid value: \"..\": must not be '..'"]),
        ({"data": {"..up": ""}}, ["data[..up]: Invalid value: \"..up\": must not start with '..'"]),
    ],
)
def test_keys_are_file_names_and_values_fit(judge: Any, obj: Any, errors: list[str]) -> None:
    found = judge(CONFIG_MAPS).errors(obj)
    assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors


@pytest.mark.parametrize(
    ("new", "errors"),
    [
        ({"immutable": True, "data": {"a": "1"}, "binaryData": {}}, []),
        ({"data": {"a": "1"}}, [f"immutable: Forbidden: {FROZEN}"]),
        ({"immutable": False, "data": {"a": "1"}}, [f"immutable: Forbidden: {FROZEN}"]),
        ({"immutable": True, "data": {"a": "2"}}, [f"data: Forbidden: {FROZEN}"]),
        (
            {"immutable": True, "binaryData": {"b": "MQ=="}},
            [f"data: Forbidden: {FROZEN}", f"binaryData: Forbidden: {FROZEN}"],
        ),
    ],
)
def test_an_immutable_one_stays_as_it_is(judge: Any, new: Any, errors: list[str]) -> None:
    judge = judge(CONFIG_MAPS)
    assert judge.update_errors(new, judge.created({"immutable": True, "data": {"a": "1"}})) == errors


def test_one_that_is_not_may_change_and_become_it(judge: Any) -> None:
    judge = judge(CONFIG_MAPS)
    old = judge.created({"data": {"a": "1"}})
    assert judge.update_errors({"immutable": True, "data": {"b": "2"}}, old) == []
    assert judge.update_errors({"data": {"a b": ""}}, old) != []


def test_the_table_counts_entries_of_both_kinds(judge: Any) -> None:
    cells = judge(CONFIG_MAPS).cells({"metadata": {}, "data": {"a": "", "b": ""}, "binaryData": {"c": ""}})
    assert cells == {"Data": 3, "Age": "<unknown>"}
