"""Documents are true to the tree: links exist, metric names are documented, and the project speaks of itself only."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steersman import __version__

if TYPE_CHECKING:
    from conftest import Module

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
SCRIPTS = sorted(
    path
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and (path.name == "lib.sh" or "bash" in path.read_text().partition("\n")[0])
)
# Written in two halves, so that this file passes its own test.
FOREIGN = [
    re.compile(pattern)
    for pattern in (
        r"\b[Ii]ssue" + r" #?\d+\b",
        r"(?<![\w.])/wo" + r"rk/",
        r"(?<![\w.])/ro" + r"ot/",
        r"\b[Cc]o" + r"-?author",
        r"\bthe CE" + r"O\b",
        r"\bbefore" + r"-stop\b",
        r"\bsub" + r"agents?\b",
    )
]
UPSTREAMS_NAMES = re.compile(r"\[sig-[^\n]*")
"""Of specs of its end-to-end suite, in lists."""
METRIC = re.compile(
    r"(aggregator|apiserver|attachdetach_controller|authenticated|authentication|authorization|cronjob_controller|etcd"
    r"|horizontal_pod_autoscaler_controller|job_controller|kube_apiserver|kubernetes|node_collector|process|scheduler"
    r"|selinux_warning_controller|steersman|watch|workqueue)_[a-z0-9_]+"
)


def test_links_in_documents_exist(tracked: list[Path]) -> None:
    broken = []
    for page in tracked:
        if page.suffix != ".md":
            continue
        for target in LINK.findall(CODE.sub("", page.read_text())):
            if "://" in target or target.startswith(("#", "mailto:")):
                continue
            if not (page.parent / target.partition("#")[0]).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not broken, broken


def test_the_project_speaks_of_itself_only(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        try:
            text = UPSTREAMS_NAMES.sub("", path.read_text())
        except UnicodeDecodeError:
            continue
        for pattern in FOREIGN:
            found += [f"{path.relative_to(ROOT)}: {match[0]!r}" for match in pattern.finditer(text)]
    assert not found, f"texts about the place where this was written: {found}"


def test_every_metric_is_documented(sources: list[Module], root: Path) -> None:
    documented = set(re.findall(r"`([a-z0-9_]+)`", (root / "docs" / "metrics.md").read_text()))
    named = set()
    for module in sources:
        if not any(sign in module.text for sign in ("lib.metrics", ".registry.")) and "lib/metrics" not in module.name:
            continue
        texts = [n.value for n in ast.walk(module.tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        named |= {text for text in texts if METRIC.fullmatch(text)}
    assert not named - documented, f"metrics that docs/metrics.md does not list: {sorted(named - documented)}"
    assert not documented - named, f"docs/metrics.md lists what does not exist: {sorted(documented - named)}"


def test_every_package_of_decisions_is_short(root: Path) -> None:
    """An ADR is at most 40 lines, and says context, decision, consequences."""
    for page in sorted((root / "docs" / "adr").glob("*.md")):
        if page.name == "README.md":
            continue
        text = page.read_text()
        assert text.count("\n") <= 40, f"{page.name} is over 40 lines"
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{page.name} lacks {heading!r}"


def test_the_version_is_said_once(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]


def test_examples_say_what_they_show(root: Path) -> None:
    examples = sorted((root / "examples").glob("*.yaml"))
    assert examples
    silent = [path.name for path in examples if not path.read_text().startswith("# ")]
    assert not silent, f"examples without a first line that says what they show: {silent}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if script.name != "lib.sh":
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
