"""Small getters that printer columns are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.columns import AGE, at, joined, labels_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("a", "b"), 1),
        (("a",), {"b": 1, "n": None}),
        (("a", "n"), "default"),
        (("a", "none"), "default"),
        (("a", "b", "c"), "default"),
        (("l", "0"), "default"),
    ],
)
def test_a_path_leads_to_its_value_or_the_default(path: tuple[str, ...], value: Any) -> None:
    assert at({"a": {"b": 1, "n": None}, "l": [1]}, *path, default="default") == value


def test_nothing_is_shown_as_none() -> None:
    assert (joined(None), joined([]), joined(["a", "b"])) == ("<none>", "<none>", "a,b")
    assert (labels_text(None), labels_text({}), labels_text({"b": "2", "a": "1"})) == ("<none>", "<none>", "a=1,b=2")


@pytest.mark.parametrize(("created", "age"), [("2025-12-31T00:00:00Z", "24h"), (None, "<unknown>")])
def test_age_is_told_from_the_creation(created: str | None, age: str) -> None:
    assert AGE.value({"metadata": {"creationTimestamp": created}}, NOW) == age
