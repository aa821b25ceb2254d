"""The lists of passing specs, one per set-up and store, and what is known of every spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.e2e.places import CONFORMANCE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SPECS = CONFORMANCE / "specs.tsv"
"""Tier, SIG, name of every conformance spec of this version, a line each."""


ENDLESS = CONFORMANCE / "endless.txt"
"""Specs that ours cannot be asked, as they would wait for ever."""


def path_of(set_up: str, store: str) -> Path:
    return CONFORMANCE / "passing" / f"{set_up}-{store}.txt"


def read(path: Path) -> list[str]:
    """Names of specs; nothing where there is no list yet."""
    if not path.exists():
        return []
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def add(path: Path, names: Iterable[str]) -> None:
    """Names are only ever added by a run."""
    path.parent.mkdir(exist_ok=True)
    merged = sorted({*read(path), *names})
    text = "# Specs that pass in this set-up. A run adds to it (--update); lines leave by hand, with a reason.\n"
    path.write_text(text + "".join(f"{name}\n" for name in merged), encoding="utf-8")


def tiers() -> dict[str, str]:
    """Name -> tier: A needs no kubelet, B hollow nodes, C real containers, C2 two real nodes."""
    rows = (line.split("\t") for line in SPECS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: tier for tier, _sig, name in rows}
