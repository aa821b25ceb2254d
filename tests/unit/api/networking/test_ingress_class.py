from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.networking.ingress_class import INGRESS_CLASSES

STRATEGY = INGRESS_CLASSES.strategy


def kind(controller: str = "a.b/c", **parameters: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"controller": controller}
    return {"metadata": {"name": "c"}, "spec": spec | ({"parameters": parameters} if parameters else {})}


@pytest.mark.parametrize(
    ("obj", "messages"),
    [
        (kind(), []),
        (kind(kind="K", name="n", scope="Cluster"), []),
        (
            kind("x"),
            ['spec.controller: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")'],
        ),
        (
            kind(scope="Cluster", namespace="n"),
            [
                "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
                "spec.parameters.kind: Required value",
                "spec.parameters.name: Required value",
            ],
        ),
        (
            kind(kind="K", name="n", scope="Namespace"),
            ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
        ),
    ],
)
def test_rules(obj: dict[str, Any], messages: list[str]) -> None:
    assert STRATEGY.validate is not None
    assert [str(error) for error in STRATEGY.validate(obj)] == messages


def test_parameters_are_cluster_wide_by_default() -> None:
    assert STRATEGY.default is not None
    obj = kind(kind="K", name="n", scope=None)
    STRATEGY.default(obj)
    assert obj["spec"]["parameters"]["scope"] == "Cluster"


def test_the_controller_stays() -> None:
    assert STRATEGY.validate_update is not None
    assert [str(error) for error in STRATEGY.validate_update(kind("a.b/d"), kind())] == [
        'spec.controller: Invalid value: "a.b/d": field is immutable'
    ]


def test_the_default_class_is_marked() -> None:
    obj = kind(kind="K", name="n", apiGroup="g")
    obj["metadata"]["annotations"] = {"ingressclass.kubernetes.io/is-default-class": "true"}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert [column.value(obj, now) for column in INGRESS_CLASSES.columns[:3]] == ["c (default)", "a.b/c", "K.g/n"]
