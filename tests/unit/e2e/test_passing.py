"""The lists of passing specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.e2e import passing
from conformance.e2e.places import CONFORMANCE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_list_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "lists" / "swap-sqlite.txt"
    assert passing.read(path) == []
    passing.add(path, ["b", "a"])
    passing.add(path, ["c"])
    assert passing.read(path) == ["a", "b", "c"]


def test_what_is_listed_is_known() -> None:
    known = passing.tiers()
    assert set(known.values()) == {"A", "B", "C", "C2"}
    listed = list((CONFORMANCE / "passing").glob("*.txt"))
    for path in (*listed, passing.ENDLESS):
        assert set(passing.read(path)) <= set(known), path.name
