"""Every controller and every plugin of the scheduler has scenarios: what users see of it is text that gets reviewed."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

from steersman.controllers.catalog import CONTROLLERS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from conftest import Module

EACH = 2


def test_every_controller_has_scenarios(root: Path) -> None:
    _check(root / "tests/scenarios/controllers", CONTROLLERS)


def test_every_plugin_of_the_scheduler_has_scenarios(root: Path, sources: list[Module]) -> None:
    catalog = next(module for module in sources if module.dotted == "steersman.scheduler.plugins.catalog")
    makers = next(node for node in catalog.tree.body if isinstance(node, ast.FunctionDef) and node.name == "makers")
    [names] = [
        node.value.keys for node in makers.body if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
    ]
    _check(root / "tests/scenarios/scheduler", [_snake(key.value) for key in names if isinstance(key, ast.Constant)])


def _check(folder: Path, units: Collection[str]) -> None:
    assert units, "no unit was found: this test looks for the wrong thing"
    files = [path.stem for path in folder.glob("*.txt")]
    found = Counter(_unit_of(stem, units) for stem in files)
    lacking = {unit: found[unit] for unit in units if found[unit] < EACH}
    assert not lacking, f"fewer than {EACH} files {folder.name}/<name>_<what happens>.txt: {lacking}"
    nobodys = sorted(stem for stem in files if not _unit_of(stem, units))
    assert not nobodys, f"in {folder.name}, named after no unit: {nobodys}"


def _unit_of(stem: str, units: Collection[str]) -> str:
    """The unit with the longest name that a file's name begins with; empty for none."""
    return max((unit for unit in units if stem.startswith(f"{unit}_")), key=len, default="")


def _snake(name: str) -> str:
    """NodeResourcesFit as its module is called."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
