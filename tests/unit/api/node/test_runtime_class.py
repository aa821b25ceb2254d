from __future__ import annotations

from typing import Any

import pytest

from steersman.api.node.runtime_class import RUNTIME_CLASSES

TOLERATION = {"key": "a", "operator": "Exists"}


@pytest.mark.parametrize(
    ("obj", "texts"),
    [
        ({}, ["handler: Required value"]),
        ({"handler": "a.b"}, ['handler: Invalid value: "a.b": must not contain dots']),
        ({"handler": "a" * 64}, [f'handler: Invalid value: "{"a" * 64}": must be no more than 63 bytes']),
        ({"handler": "h", "overhead": {"podFixed": {"cpu": "-1"}}}, ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"handler": "h", "scheduling": {"tolerations": [TOLERATION, TOLERATION]}}, ['scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, obj: dict[str, Any], texts: list[str]) -> None:
    assert judge(RUNTIME_CLASSES).errors(obj) == texts


@pytest.mark.parametrize(
    ("handler", "texts"),
    [
        ("h", []),
        ("i", ["handler: Invalid value: null: field is immutable"]),
        ("", ["handler: Invalid value: null: field is immutable", "handler: Required value"]),
        ("a.b", ['handler: Invalid value: "a.b": must not contain dots', "handler: Invalid value: null: field is immutable"]),
    ],
)  # fmt: skip
def test_the_handler_never_changes(judge: Any, handler: str, texts: list[str]) -> None:
    classes = judge(RUNTIME_CLASSES)
    assert classes.update_errors({"handler": handler}, classes.created({"handler": "h"})) == texts


def test_deprecated_labels_are_warned_of() -> None:
    warnings = RUNTIME_CLASSES.strategy.warnings
    assert warnings is not None
    selector = {"beta.kubernetes.io/arch": "amd64", "a": "b"}
    assert warnings({"scheduling": {"nodeSelector": selector}}, None) == [
        'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/arch" instead'
    ]


def test_columns(judge: Any) -> None:
    assert judge(RUNTIME_CLASSES).cells(judge(RUNTIME_CLASSES).created({"handler": "h"}))["Handler"] == "h"
