from __future__ import annotations

import os
from typing import TYPE_CHECKING

from steersman.lib import process_stats
from steersman.lib.metrics import Registry

if TYPE_CHECKING:
    from pathlib import Path


def _stat(**at: int) -> str:
    """/proc/self/stat of a process whose name has a blank and a bracket."""
    fields = ["0"] * 50
    for position, value in at.items():
        fields[int(position.removeprefix("f"))] = str(value)
    return "7 (a) b) " + " ".join(fields)


def _render(proc: Path) -> dict[str, str]:
    registry = Registry()
    process_stats.register(registry, proc=proc)
    lines = registry.render().decode().splitlines()
    return dict(line.split(" ") for line in lines if not line.startswith("#"))


def test_the_kernels_numbers_become_seconds_and_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "self"
    (folder / "fd").mkdir(parents=True)
    (folder / "fd" / "0").touch()
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    (folder / "stat").write_text(_stat(f11=ticks, f12=ticks, f19=ticks * 10, f20=4096, f21=3))
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1000\n")
    values = _render(tmp_path)
    assert values["process_cpu_seconds_total"] == "2"
    assert values["process_virtual_memory_bytes"] == "4096"
    assert values["process_resident_memory_bytes"] == str(3 * page)
    assert values["process_start_time_seconds"] == "1010"
    assert values["process_open_fds"] == "1"


def test_without_proc_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert _render(tmp_path / "nosuch").keys() == {"process_max_fds"}
