"""What the kernel says about this process, as the metrics that every Prometheus client library exposes.

Read from /proc whenever the metrics are asked for; on systems without it there is nothing to tell.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.lib.metrics import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.lib.metrics import Registry

_UTIME, _STIME, _STARTED, _VSIZE, _RSS = 11, 12, 19, 20, 21
"""Positions in /proc/self/stat, counted after the command's name."""


def register(registry: Registry, *, proc: Path = Path("/proc")) -> None:
    """Add the `process_…` families."""
    stats = _Stats(proc)
    for name, text, kind, read in (
        ("process_cpu_seconds_total", "User and system CPU time used, in seconds.", "counter", stats.cpu_s),
        ("process_resident_memory_bytes", "Resident memory.", "gauge", stats.resident_bytes),
        ("process_virtual_memory_bytes", "Virtual memory.", "gauge", stats.virtual_bytes),
        ("process_start_time_seconds", "Start of the process, in seconds since the epoch.", "gauge", stats.started_s),
        ("process_open_fds", "Open file descriptors.", "gauge", stats.open_fds),
        ("process_max_fds", "How many file descriptors may be open.", "gauge", stats.max_fds),
    ):
        registry.collector(name, text, (), _one(read), kind=kind)


def _one(read: Callable[[], float | None]) -> Callable[[], Iterable[Sample]]:
    def collect() -> Iterable[Sample]:
        try:
            value = read()
        except (OSError, ValueError, IndexError):
            return ()
        return () if value is None else (Sample((), value),)

    return collect


class _Stats:
    def __init__(self, proc: Path) -> None:
        self._proc = proc
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")

    def _stat(self, position: int) -> int:
        text = (self._proc / "self" / "stat").read_text()
        return int(text.rpartition(")")[2].split()[position])

    def cpu_s(self) -> float:
        return (self._stat(_UTIME) + self._stat(_STIME)) / self._ticks

    def resident_bytes(self) -> int:
        return self._stat(_RSS) * self._page_bytes

    def virtual_bytes(self) -> int:
        return self._stat(_VSIZE)

    def started_s(self) -> float | None:
        for line in (self._proc / "stat").read_text().splitlines():
            if line.startswith("btime "):
                return int(line.split()[1]) + self._stat(_STARTED) / self._ticks
        return None

    def open_fds(self) -> int:
        return len(os.listdir(self._proc / "self" / "fd"))  # noqa: PTH208 - Path.iterdir makes an object for each

    @staticmethod
    def max_fds() -> int:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
