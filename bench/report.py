"""What was found, beside the budgets and upstream's figures (budgets.toml)."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path


def show(found: dict[str, float], *, note: str = "CPU in us per operation unless the row says otherwise") -> None:
    budgets = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text())["rows"]
    width = max(34, 1 + max(map(len, found), default=0))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {note}")
    print(f"{'':{width}}{'measured':>10}{'budget':>10}{'upstream':>10}")
    for name, value in found.items():
        budget = budgets.get(name, {})
        most, least, upstream = budget.get("most"), budget.get("least"), budget.get("upstream")
        kept = (most is None or value <= most) and (least is None or value >= least)
        verdict = "" if most is None and least is None else "  ok" if kept else "  MISSED"
        shown = f"{value:.1f}" if value < 100 else f"{value:.0f}"
        bound = most if most is not None else f">={least}" if least is not None else ""
        print(f"{name:{width}}{shown:>10}{bound:>10}{upstream or '':>10}{verdict}")
