"""What the house tests look at: the project's modules, parsed once, and the lists of exceptions."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """Path inside the project, the form that exceptions name it in."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def dotted(self) -> str:
        """Import name of a module below src."""
        parts = self.path.relative_to(ROOT / "src").with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    @property
    def lines(self) -> int:
        return self.text.count("\n")


def _modules(folder: str) -> list[Module]:
    return [Module(path) for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.fixture(scope="session")
def sources() -> list[Module]:
    """Every module below src."""
    return _modules("src")


@pytest.fixture(scope="session")
def tests() -> list[Module]:
    """Every module below tests."""
    return _modules("tests")


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every text file that is part of the project: what git tracks, and what it would if it were added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def exceptions() -> dict[str, Any]:
    """tests/house/exceptions.toml."""
    return tomllib.loads((ROOT / "tests" / "house" / "exceptions.toml").read_text())
