"""Order is explicit: every folder of siblings has a catalog, and every sibling stands in it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Module


def test_every_unit_is_reached_from_its_catalog(sources: list[Module]) -> None:
    """Named by the catalog, imported by a unit that is, or by somebody outside: what is left was forgotten."""
    missing = []
    for catalog in sources:
        if catalog.path.name != "catalog.py" or catalog.dotted == "steersman.api.catalog":
            continue
        siblings = {unit.dotted: unit for unit in _siblings(catalog, sources)}
        inside = {catalog.dotted, *siblings}
        outside = {name for module in sources if module.dotted not in inside for name in _mentioned(module)}
        unreached = {dotted for dotted in siblings if not _stands_in(dotted, outside)} - _reached(catalog, siblings)
        missing += [f"{siblings[dotted].name} is not in {catalog.name}" for dotted in sorted(unreached)]
    assert not missing, missing


def test_controllers_are_strangers_to_each_other(sources: list[Module]) -> None:
    """What several share is a module beside them; a controller imports no other of the catalog, nor what is in it."""
    parts = [m for m in sources if m.dotted.startswith("steersman.controllers.")]
    catalog = next(m for m in parts if m.dotted == "steersman.controllers.catalog")
    units = {".".join(name.partition(":")[0].split(".")[:3]) for name in _mentioned(catalog) if ":" in name}
    assert len(units) > 1, "no controllers were found: this test looks for the wrong thing"
    found = []
    for module in parts:
        own = ".".join(module.dotted.split(".")[:3])
        others = {name for name in _mentioned(module) if ".".join(name.split(".")[:3]) in units - {own}}
        if module is not catalog and others:
            found.append(f"{module.name} imports {sorted(others)}")
    assert not found, found


def test_no_module_is_dead(sources: list[Module]) -> None:
    """Everything is reached from the command, or from what tests and users import."""
    modules = {module.dotted: module for module in sources if module.path.name != "__init__.py"}
    reached = _reached(modules["steersman.__main__"], modules)
    for dotted, module in modules.items():
        if dotted.startswith("steersman.testing."):
            reached |= {dotted} | _reached(module, modules)
    dead = [module.name for dotted, module in modules.items() if dotted not in reached | {"steersman.__main__"}]
    assert not dead, f"nothing imports {dead}"


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


def _reached(start: Module, modules: dict[str, Module]) -> set[str]:
    """Which of `modules` are named by `start`, or by what it names, and so on."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        for name in _mentioned(todo.pop()):
            dotted = name.partition(":")[0]
            while dotted and dotted not in modules:
                dotted = dotted.rpartition(".")[0]
            if dotted and dotted not in reached:
                reached.add(dotted)
                todo.append(modules[dotted])
    return reached


def _mentioned(module: Module) -> set[str]:
    """Every module that a module imports, or names in an import string."""
    names: set[str] = set()
    for node in ast.walk(module.tree):
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
