"""How far a run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.e2e.suite import parts, progress

if TYPE_CHECKING:
    from pathlib import Path


def test_what_may_not_run_side_by_side_runs_alone() -> None:
    assert [(part.name, part.processes) for part in parts(12)] == [("parallel", 12), ("serial", 1)]


def test_progress_counts_ended_specs(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_text(
        "• [1.234 seconds]\n• [FAILED] [2.0 seconds]\n  • [3 seconds] indented\n• [TIMEDOUT] [9.0 seconds]\n"
    )
    assert progress(log) == "1 passed, 2 failed"
