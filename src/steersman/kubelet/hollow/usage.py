"""What simulated containers use: as their lives say, else a part of what they ask for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.runtimes.life import Life

CPU_SHARE, MEMORY_SHARE = 0.1, 0.5
"""Of the request, where nothing is said."""
CPU_M, MEMORY_BYTES = 1.0, 16.0 * 1024 * 1024
"""Where there is no request either."""


class Usage(NamedTuple):
    """`cpu_m`: thousandths of a core."""

    cpu_m: float
    memory_bytes: float

    def plus(self, other: Usage) -> Usage:
        return Usage(self.cpu_m + other.cpu_m, self.memory_bytes + other.memory_bytes)


NONE = Usage(0.0, 0.0)


def usage_of(container: Object, life: Life) -> Usage:
    """Of a container that runs."""
    requests = (container.get("resources") or {}).get("requests") or {}
    cpu, memory = life.cpu_m, life.memory_bytes
    if cpu is None:
        share = CPU_SHARE if life.cpu_share is None else life.cpu_share
        cpu = share * parse(requests["cpu"]).milli_value() if "cpu" in requests else CPU_M
    if memory is None:
        share = MEMORY_SHARE if life.memory_share is None else life.memory_share
        memory = share * parse(requests["memory"]).value() if "memory" in requests else MEMORY_BYTES
    return Usage(cpu, memory)
