"""Every package says what belongs in it, every unit what it does, and packages hold no code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Module


def test_every_folder_of_modules_is_a_package_with_a_charter(sources: list[Module]) -> None:
    packages = {module.path.parent: module for module in sources if module.path.name == "__init__.py"}
    missing = {module.path.parent.as_posix() for module in sources} - {folder.as_posix() for folder in packages}
    assert not missing, f"folders without __init__.py: {sorted(missing)}"
    silent = [module.name for module in packages.values() if not ast.get_docstring(module.tree)]
    assert not silent, f"packages without a charter (docstring of __init__.py): {silent}"


def test_packages_hold_no_code(sources: list[Module]) -> None:
    for module in sources:
        if module.path.name != "__init__.py":
            continue
        rest = [node for node in module.tree.body if not _is_text(node)]
        if module.dotted == "steersman":
            rest = [node for node in rest if not _assigns_a_version(node)]
        assert not rest, f"{module.name}:{rest[0].lineno}: a package's __init__ holds its charter only"


def test_every_module_says_what_it_is(sources: list[Module]) -> None:
    silent = [module.name for module in sources if not ast.get_docstring(module.tree)]
    assert not silent, f"modules without a docstring: {silent}"


def test_no_module_works_at_import(sources: list[Module]) -> None:
    """A loop, a `with` or a bare call at module level is work; definitions, constants and TYPE_CHECKING are not."""
    busy = []
    for module in sources:
        if module.path.name == "__main__.py":
            continue
        for node in module.tree.body:
            is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
            if is_call or isinstance(node, ast.For | ast.While | ast.With | ast.Delete):
                busy.append(f"{module.name}:{node.lineno}")
    assert not busy, f"work at import: {busy}"


def test_no_module_changes_globals(sources: list[Module]) -> None:
    found = [f"{m.name}:{n.lineno}" for m in sources for n in ast.walk(m.tree) if isinstance(n, ast.Global)]
    assert not found, f"`global` statements: {found}"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _assigns_a_version(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return bool(targets) and all(isinstance(t, ast.Name) and "version" in t.id.lower() for t in targets)
