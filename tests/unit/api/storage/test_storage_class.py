from __future__ import annotations

from typing import Any

import pytest

from steersman.api.storage.storage_class import STORAGE_CLASSES, effective_default

IMMUTABLE = "Invalid value: null: field is immutable"


def test_defaults(judge: Any) -> None:
    made = judge(STORAGE_CLASSES).created({"provisioner": "p"})
    assert (made["reclaimPolicy"], made["volumeBindingMode"]) == ("Delete", "Immediate")


@pytest.mark.parametrize(
    ("obj", "texts"),
    [
        ({}, ["provisioner: Required value"]),
        ({"reclaimPolicy": "Keep", "provisioner": ""}, ['reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"', "provisioner: Required value"]),
        ({"volumeBindingMode": ""}, ['volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"', "provisioner: Required value"]),
        ({"provisioner": "p", "allowedTopologies": [{}]}, ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']),
        ({"provisioner": "p", "allowedTopologies": [{"matchLabelExpressions": [{"key": "k", "values": ["a", "a"]}]}] * 2}, [
            'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
            'allowedTopologies[1].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
            'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
        ]),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, obj: dict[str, Any], texts: list[str]) -> None:
    assert judge(STORAGE_CLASSES).errors(obj) == texts


def test_what_a_class_does_never_changes(judge: Any) -> None:
    classes = judge(STORAGE_CLASSES)
    old = classes.created({"provisioner": "p", "parameters": {"a": "b"}})
    assert classes.update_errors({"reclaimPolicy": "Retain"}, old) == [
        "provisioner: Required value",
        f"provisioner: {IMMUTABLE}",
        f"parameters: {IMMUTABLE}",
        f"reclaimPolicy: {IMMUTABLE}",
    ]
    new = {"provisioner": "p", "parameters": {"a": "b"}, "allowVolumeExpansion": True, "mountOptions": ["ro"]}
    assert classes.update_errors(new, old) == []


def test_deprecated_labels_are_warned_of() -> None:
    warnings = STORAGE_CLASSES.strategy.warnings
    assert warnings is not None
    key = "beta.kubernetes.io/os"
    obj = {"allowedTopologies": [{"matchLabelExpressions": [{"key": "k"}, {"key": key}]}]}
    text = 'deprecated since v1.14; use "kubernetes.io/os" instead'
    assert warnings(obj, None) == [f"allowedTopologies[0].matchLabelExpressions[1].key: {text}"]


def test_the_newest_marked_class_is_the_default() -> None:
    def marked(name: str, created: str, value: str = "true") -> dict[str, Any]:
        annotations = {"storageclass.kubernetes.io/is-default-class": value}
        return {"metadata": {"name": name, "creationTimestamp": created, "annotations": annotations}}

    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    assert effective_default([marked("a", old), marked("c", new), marked("b", new)]) == "b"
    assert effective_default([marked("a", old, "false"), {"metadata": {"name": "z"}}]) == ""


def test_columns(judge: Any) -> None:
    cells = judge(STORAGE_CLASSES).cells(judge(STORAGE_CLASSES).created({"provisioner": "p"}))
    assert list(cells.values())[:4] == ["p", "Delete", "Immediate", False]
