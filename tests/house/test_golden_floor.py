"""The floor of recorded answers: it rises, it never falls, and what fell below it is named."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def golden(root: Path) -> Any:
    """scripts/golden.py as a module."""
    spec = importlib.util.spec_from_file_location("scripts_golden", root / "scripts" / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_a_scenario_below_its_line_fell_out(golden: Any) -> None:
    floor = {"a": golden.Score(5, 4, 6), "b": golden.Score(3, 3, 3), "unchecked": golden.Score(9, 9, 9)}
    assert golden.fallen({"a": golden.Score(6, 4, 6), "b": golden.Score(3, 3, 3)}, floor) == []
    assert golden.fallen({"a": golden.Score(6, 3, 6), "b": golden.Score(2, 2, 3)}, floor) == ["a", "b"]


def test_a_scenario_recorded_anew_starts_from_scratch(golden: Any) -> None:
    assert golden.fallen({"a": golden.Score(1, 1, 7)}, {"a": golden.Score(5, 4, 6)}) == []
    assert golden.Score(1, 1, 7).raised(golden.Score(5, 4, 6)) == golden.Score(1, 1, 7)


def test_raising_takes_the_better_of_both_in_each_count(golden: Any) -> None:
    assert golden.Score(6, 3, 6).raised(golden.Score(5, 4, 6)) == golden.Score(6, 4, 6)
    assert golden.Score(2, 1, 6).raised(None) == golden.Score(2, 1, 6)


def test_the_file_is_read_as_it_was_written(golden: Any, tmp_path: Path) -> None:
    path = tmp_path / "floor.txt"
    floor = {"crud/b": golden.Score(1, 0, 2), "crud/a": golden.Score(3, 3, 3)}
    golden.write_floor(path, floor)
    assert golden.read_floor(path) == floor
    assert [line.split()[0] for line in path.read_text().splitlines()[2:]] == ["crud/a", "crud/b"]
    assert golden.read_floor(tmp_path / "none.txt") == {}
