"""Secret: keys of each type, stringData, and what never changes."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from steersman.api.core.secret import DATA_BYTES_MAX, SECRETS, SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN

REDACTED, MAP = "<secret contents redacted>", "map[string]interface {}"
FROZEN = "field is immutable when `immutable` is set"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_string_data_becomes_data_and_wins(judge: Any) -> None:
    made = judge(SECRETS).defaulted({"data": {"a": b64("old"), "b": b64("b")}, "stringData": {"a": "née", "c": ""}})
    assert made["data"] == {"a": b64("née"), "b": b64("b"), "c": ""}
    assert "stringData" not in made


@pytest.mark.parametrize(("given", "type_"), [({}, "Opaque"), ({"type": ""}, "Opaque"), ({"type": "x/y"}, "x/y")])
def test_without_a_type_it_is_opaque(judge: Any, given: Any, type_: str) -> None:
    assert judge(SECRETS).defaulted(given)["type"] == type_


@pytest.mark.parametrize(
    ("type_", "data", "errors"),
    [
        ("Opaque", {}, []),
        ("example.org/mine", {}, []),
        ("kubernetes.io/tls", {"tls.crt": "", "tls.key": ""}, []),
        ("kubernetes.io/tls", {}, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        ("kubernetes.io/basic-auth", {"password": ""}, []),
        ("kubernetes.io/basic-auth", {}, ["data[username]: Required value", "data[password]: Required value"]),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": "k"}, []),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "{}"}, []),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "null"}, []),
        ("kubernetes.io/dockerconfigjson", {}, ["data[.dockerconfigjson]: Required value"]),
        (
            "kubernetes.io/dockercfg",
            {".dockercfg": ""},
            ['data[.dockercfg]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
        ),
        (
            "kubernetes.io/dockercfg",
            {".dockercfg": "[]"},
            [
                f'data[.dockercfg]: Invalid value: "{REDACTED}": json: cannot unmarshal array into Go value of type {MAP}',
            ],
        ),
        (SERVICE_ACCOUNT_TOKEN, {}, [f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]: Required value"]),
    ],
)
def test_each_type_holds_what_its_users_need(judge: Any, type_: str, data: Any, errors: list[str]) -> None:
    obj = {"type": type_, "data": {key: b64(text) for key, text in data.items()}}
    assert judge(SECRETS).errors(obj) == errors


@pytest.mark.parametrize("text", ["{", "[]", "1", "secret"])
def test_docker_configurations_are_json_objects_and_nothing_of_them_is_shown(judge: Any, text: str) -> None:
    obj = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": b64(text)}}
    (error,) = judge(SECRETS).errors(obj)
    assert error.startswith('data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ')
    assert "secret" not in error.replace("<secret contents redacted>", "")


def test_a_token_secret_names_its_account(judge: Any) -> None:
    metadata = {"name": "x", "namespace": "default", "annotations": {SERVICE_ACCOUNT_NAME: "sa"}}
    assert judge(SECRETS).errors({"type": SERVICE_ACCOUNT_TOKEN, "metadata": metadata}) == []


def test_values_fit_together(judge: Any) -> None:
    half = b64("x" * (DATA_BYTES_MAX // 2))
    assert judge(SECRETS).errors({"data": {"a": half, "b": half}}) == []
    (error,) = judge(SECRETS).errors({"data": {"a": half, "b": half, "c": b64("x")}})
    assert error.startswith("data: Too long")


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"type": "a/b"}, ['type: Invalid value: "a/b": field is immutable']),
        ({"immutable": False}, [f"immutable: Forbidden: {FROZEN}"]),
        ({"data": {"a": b64("2")}}, [f"data: Forbidden: {FROZEN}"]),
        ({"data": {"a b": ""}}, [f"data: Forbidden: {FROZEN}", 'data[a b]: Invalid value: "a b"']),
    ],
)
def test_the_type_never_changes_and_an_immutable_one_not_at_all(judge: Any, change: Any, errors: list[str]) -> None:
    judge, base = judge(SECRETS), {"immutable": True, "data": {"a": b64("1")}}
    found = judge.update_errors(base | change, judge.created(base))
    assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors


def test_the_table_counts_and_never_shows(judge: Any) -> None:
    cells = judge(SECRETS).cells({"metadata": {}, "type": "Opaque", "data": {"a": b64("s")}})
    assert cells == {"Type": "Opaque", "Data": 1, "Age": "<unknown>"}
