"""Layers hold, and what starts often starts light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = ("grpc", "numpy", "cryptography", "apsw", "yaml", "joserfc", "re2", "google.protobuf", "kubernetes_validate")
LIST_MODULES = """
import runpy, sys
sys.argv = ["steersman", *sys.argv[1:]]
try:
    runpy.run_module("steersman", run_name="__main__")
except SystemExit:
    pass
print("\\n".join(["MODULES", *sys.modules]))
"""


def test_import_contracts_hold(root: Path) -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_version_is_quick_and_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, "version"], capture_output=True, text=True, check=True, timeout=30
    )
    output, _, listed = done.stdout.partition("MODULES\n")
    modules = set(listed.split())
    assert "steersman" in output.lower() or output.strip()
    loaded = sorted(module for module in modules if module.startswith(HEAVY))
    assert not loaded, f"`steersman version` imports {loaded}"
    ours = sorted(
        module for module in modules if module.startswith(("steersman.apiserver", "steersman.store", "steersman.api"))
    )
    assert not ours, f"`steersman version` imports {ours}"


@pytest.fixture
def idle_files(tmp_path: Path) -> Iterator[set[str]]:
    """Files mapped by a server that has just become ready and had its certificates already."""
    with ServerProcess(data_dir=tmp_path / "first"):
        pass  # issues its certificates, so that the second start finds them
    with ServerProcess(data_dir=tmp_path / "first") as server:
        yield {line.split()[-1] for line in Path(f"/proc/{server.pid}/maps").read_text().splitlines()}


def test_an_idle_server_has_loaded_no_library_it_does_not_use(idle_files: set[str]) -> None:
    """Extension modules are mapped files: what is heavy in memory shows there."""
    loaded = sorted(path for path in idle_files if "/grpc/" in path or "/numpy/" in path or "/google/_upb" in path)
    assert not loaded, f"an idle server has loaded {loaded}"
