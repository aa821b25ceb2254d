"""Files and functions stay small enough to hold in the head: 400 and 70 lines are the aim, 600 and 100 the limit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Module

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 100


def test_no_file_is_too_long(sources: list[Module], tests: list[Module], exceptions: dict[str, Any]) -> None:
    lengths = {module.name: module.lines for module in sources + tests}
    _check(lengths, exceptions["long_files"], FILE_LINES_MAX)


def test_no_function_is_too_long(sources: list[Module], tests: list[Module], exceptions: dict[str, Any]) -> None:
    lengths = {}
    for module in sources + tests:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lengths[f"{module.name}:{node.name}"] = node.end_lineno - node.lineno + 1
    _check(lengths, exceptions["long_functions"], FUNCTION_LINES_MAX)


def _check(lengths: dict[str, int], allowed: dict[str, int], limit: int) -> None:
    long = {name: length for name, length in lengths.items() if length > limit}
    grown = {name: length for name, length in long.items() if length > allowed.get(name, limit)}
    assert not grown, f"over the limit of {limit} lines (split by concept): {grown}"
    stale = sorted(set(allowed) - set(long))
    assert not stale, f"exceptions that are not needed any more: {stale}"
