from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.networking.ingress import INGRESSES

CLASS = "kubernetes.io/ingress.class"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ingress(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "i", "annotations": annotations or {}}, "spec": spec}


def test_the_annotation_and_the_field_agree_on_create() -> None:
    assert INGRESSES.strategy.validate is not None
    backend = {"service": {"name": "s", "port": {"number": 80}}}
    errors = INGRESSES.strategy.validate(ingress({CLASS: "a"}, ingressClassName="b", defaultBackend=backend))
    assert [str(error) for error in errors] == [
        f'annotations.{CLASS}: Invalid value: "a": must match `ingressClassName` when both are specified'
    ]


def test_the_annotation_alone_is_warned_about_on_create() -> None:
    assert INGRESSES.strategy.warnings is not None
    obj = ingress({CLASS: "a"})
    assert len(INGRESSES.strategy.warnings(obj, None)) == 1
    assert not INGRESSES.strategy.warnings(obj, obj)


@pytest.mark.parametrize(
    ("hosts", "text"), [([], "*"), (["a", "", "b"], "a,b"), (["a", "b", "c", "d", "e"], "a,b,c + 2 more...")]
)
def test_the_column_shows_three_hosts(hosts: list[str], text: str) -> None:
    shown = {
        column.name: column.value(ingress(rules=[{"host": host} for host in hosts]), NOW)
        for column in INGRESSES.columns
    }
    assert (shown["Hosts"], shown["Class"], shown["Ports"]) == (text, "<none>", "80")
