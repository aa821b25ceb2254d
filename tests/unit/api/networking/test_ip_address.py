from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.networking.ip_address import IP_ADDRESSES

STRATEGY = IP_ADDRESSES.strategy
PARENT = {"resource": "services", "namespace": "n", "name": "s"}


def address(parent: dict[str, Any] | None) -> dict[str, Any]:
    return {"metadata": {"name": "10.0.0.1"}, "spec": {"parentRef": parent} if parent is not None else {}}


@pytest.mark.parametrize(
    ("name", "wrong"), [("10.0.0.1", False), ("fd00::1", False), ("fd00:0::1", True), ("010.0.0.1", True), ("x", True)]
)
def test_the_name_is_an_address_in_canonical_form(name: str, wrong: bool) -> None:
    assert STRATEGY.validate_name is not None
    assert bool(STRATEGY.validate_name(name, False)) is wrong


@pytest.mark.parametrize(
    ("parent", "fields"),
    [
        (PARENT, []),
        (None, ["spec.parentRef"]),
        ({"group": "B_"}, ["spec.parentRef.group", "spec.parentRef.resource", "spec.parentRef.name"]),
        (PARENT | {"name": "a/b"}, ["spec.parentRef.name"]),
    ],
)
def test_the_parent_is_a_reference(parent: dict[str, Any] | None, fields: list[str]) -> None:
    assert STRATEGY.validate is not None
    assert [error.field for error in STRATEGY.validate(address(parent))] == fields


def test_the_parent_stays() -> None:
    assert STRATEGY.validate_update is not None
    errors = STRATEGY.validate_update(address(PARENT | {"name": "t"}), address(PARENT))
    assert [str(error) for error in errors] == ["spec.parentRef: Invalid value: null: field is immutable"]


@pytest.mark.parametrize(
    ("parent", "text"),
    [(PARENT, "services/n/s"), ({"group": "G", "resource": "Things", "name": "s"}, "things.g/s"), (None, "<none>")],
)
def test_the_column_names_the_parent(parent: dict[str, Any] | None, text: str) -> None:
    assert IP_ADDRESSES.columns[0].value(address(parent), datetime(2026, 1, 1, tzinfo=UTC)) == text
