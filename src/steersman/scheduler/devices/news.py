"""news: for which nodes something has changed, for readers that come back now and then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NEWS_MAX = 10_000
"""Names that are kept; who comes back later is told that everything may have changed."""


class Stamp(NamedTuple):
    """Of one node: differs from an earlier one if something has changed for it."""

    era: int
    changes: int


class News:
    """Names of nodes, in the order in which they were told; moments rise."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._first = 0
        self._era = 0
        self._changes: dict[str, int] = {}

    @property
    def now(self) -> int:
        """Until when everything is told."""
        return self._first + len(self._names)

    def stamp(self, node: str) -> Stamp:
        return Stamp(self._era, self._changes.get(node, 0))

    def tell(self, names: Iterable[str]) -> None:
        for name in names:
            self._names.append(name)
            self._changes[name] = self._changes.get(name, 0) + 1
        if len(self._names) > NEWS_MAX:
            self._start_anew()

    def tell_all(self) -> None:
        """Something has changed for all nodes."""
        self._era += 1
        self._changes.clear()
        self._start_anew()

    def since(self, moment: int) -> Sequence[str] | None:
        """What was told after a moment; None: of all nodes."""
        return None if moment < self._first else self._names[moment - self._first :]

    def _start_anew(self) -> None:
        self._first = self.now + 1
        self._names.clear()
