"""Order is explicit: every folder of siblings has a catalog, and every sibling stands in it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Module


def test_every_unit_stands_in_its_catalog(sources: list[Module], exceptions: dict[str, Any]) -> None:
    not_units: dict[str, str] = exceptions["not_units"]
    missing, stale = [], set(not_units)
    for catalog in sources:
        if catalog.path.name != "catalog.py" or catalog.dotted == "steersman.api.catalog":
            continue
        named = _mentioned(catalog)
        for unit in _siblings(catalog, sources):
            if unit.name in not_units:
                stale.discard(unit.name)
            elif not _stands_in(unit.dotted, named):
                missing.append(f"{unit.name} is not in {catalog.name}")
    assert not missing, missing
    assert not stale, f"exceptions that are not needed any more: {sorted(stale)}"


def test_every_resource_stands_in_the_catalog_of_resources(sources: list[Module]) -> None:
    named = _mentioned(next(m for m in sources if m.dotted == "steersman.api.catalog"))
    units = [m for m in sources if m.dotted.startswith("steersman.api.") and _defines_resource(m)]
    assert units, "no resource was found: this test looks for the wrong thing"
    missing = [unit.name for unit in units if not _stands_in(unit.dotted, named)]
    assert not missing, f"not in api/catalog.py: {missing}"


@pytest.mark.parametrize("order", ["apiserver/admission", "apiserver/authn", "apiserver/subresources", "store"])
def test_folders_of_siblings_have_a_catalog(order: str, sources: list[Module]) -> None:
    names = {module.name for module in sources}
    assert f"src/steersman/{order}/catalog.py" in names


def _siblings(catalog: Module, sources: list[Module]) -> list[Module]:
    """Modules beside the catalog; where a folder `drivers` lies there, the modules in it."""
    folder = catalog.path.parent
    inner = folder / "drivers"
    if inner.is_dir():
        return [m for m in sources if m.path.parent == inner and m.path.name != "__init__.py"]
    return [m for m in sources if m.path.parent == folder and m.path.name not in {"__init__.py", "catalog.py"}]


def _stands_in(dotted: str, named: set[str]) -> bool:
    """Under its own name, or as one of the files of a unit that is a folder."""
    return any(name == dotted or name.startswith(dotted + (":" if ":" in name else ".")) for name in named)


def _mentioned(catalog: Module) -> set[str]:
    """Every module that the catalog imports, or names in an import string."""
    names: set[str] = set()
    for node in ast.walk(catalog.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("steersman."):
            names.add(node.value)
    return names


def _defines_resource(module: Module) -> bool:
    for node in module.tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Resource":
            return True
    return False
