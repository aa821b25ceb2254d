"""Every unit has its test, and no unit test waits for real time or fakes our own code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Module

LINES_WITHOUT_TEST_MAX = 40
STATEMENTS_WITHOUT_TEST_MAX = 10
SLEEPERS = {"time.sleep", "asyncio.sleep", "anyio.sleep", "sleep"}


def test_every_unit_has_its_test(sources: list[Module], tests: list[Module], exceptions: dict[str, Any]) -> None:
    untested: dict[str, str] = exceptions["untested"]
    tested = {_subject(test) for test in tests if "/unit/" in test.name}
    without, stale = [], set(untested)
    for module in sources:
        if module.path.name in {"__init__.py", "__main__.py", "catalog.py"} or not _needs_test(module):
            continue
        inside = Path(module.dotted.replace(".", "/")).relative_to("steersman")
        if tested & {inside, *(folder for folder in inside.parents if len(folder.parts) > 1)}:
            continue  # its own test, or that of the unit which a folder around it is
        if module.name in untested:
            stale.discard(module.name)
        else:
            without.append(module.name)
    assert not without, f"no test in tests/unit: {without}"
    assert not stale, f"exceptions that are not needed any more: {sorted(stale)}"


def test_unit_tests_do_not_sleep(tests: list[Module]) -> None:
    """A positive sleep is allowed in virtual time only, which a module says by using it."""
    found = []
    for module in tests:
        if "/unit/" not in module.name or re.search(r"virtual_time|held_time", module.text):
            continue
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
        sleeps = [call for call in calls if _dotted(call.func) in SLEEPERS and not _is_zero(call)]
        found += [f"{module.name}:{call.lineno}" for call in sleeps]
    assert not found, f"real sleeps in unit tests: {found}"


def test_no_mocks_of_our_own_code(tests: list[Module]) -> None:
    found = []
    for module in tests:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [alias.name for alias in node.names]
                if "unittest.mock" in [*names, getattr(node, "module", None)] or "mock" in names:
                    found.append(f"{module.name}:{node.lineno}")
    assert not found, f"mocks: {found}"


def _needs_test(module: Module) -> bool:
    """A module of some length that does something: records, protocols and tables are tested through their users."""
    if module.lines <= LINES_WITHOUT_TEST_MAX:
        return False
    functions = [n for n in ast.walk(module.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    bodies = [
        statement for function in functions for statement in ast.walk(function) if isinstance(statement, ast.stmt)
    ]
    return len(bodies) - 2 * len(functions) > STATEMENTS_WITHOUT_TEST_MAX  # less each def, and a docstring or `...`


def _subject(test: Module) -> Path:
    """tests/unit/store/test_hub.py -> store/hub: the unit that a test file is about."""
    inside = Path(test.name).relative_to("tests/unit") if test.name.startswith("tests/unit/") else Path(test.name)
    return inside.parent / inside.stem.removeprefix("test_")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_zero(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
