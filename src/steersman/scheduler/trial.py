"""trial: what a snapshot would be with other pods on its nodes. Pure.

Of a trial each node asks: what if my pods, and mine alone, were these? What other nodes hold is as it is (`elsewhere`).
So one trial answers for all nodes at once, though only one of them will change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts


class Trial(Snapshot):
    """Starts out like `of`, a snapshot or a trial, which stays as it is. Only pods may be changed, not nodes."""

    def __init__(self, of: Snapshot) -> None:
        super().__init__()
        self._of = of
        self.nodes, self.names, self.index, self.version = of.nodes, of.names, of.index, of.version
        self.allocatable, self.pods_allowed = of.allocatable, of.pods_allowed
        self.resources = dict(of.resources)
        self.requested, self.scored = of.requested.copy(), of.scored.copy()
        self.pods_count = of.pods_count.copy()
        self.pods = list(of.pods)
        self._derived_rows, self._domains = of._derived_rows, of._domains  # what nodes are like is the same
        self._charged_rows = of._charged_rows.fork()
        self._changed: set[int] = set()
        self._charges: list[tuple[PodInfo, int, int]] = []
        self._counted: dict[object, tuple[Callable[[PodInfo], bool], Amounts]] = {}
        self._tallied: dict[str, _Tally] = {}

    @property
    def elsewhere(self) -> Snapshot:
        return self._of.elsewhere

    def count(self, key: object, counts_pod: Callable[[PodInfo], bool]) -> Amounts:
        known = self._counted.get(key)
        if known is None:
            counts = self._of.count(key, counts_pod).copy()
            for pod, column, sign in self._charges:
                if counts_pod(pod):
                    counts[column] += sign
            known = self._counted[key] = (counts_pod, counts)
        return known[1]

    def tally(self, name: str, keys_of: Callable[[PodInfo], Iterable[Hashable]]) -> Mapping[Hashable, Amounts]:
        tally = self._tallied.get(name)
        if tally is None:
            tally = self._tallied[name] = _Tally(keys_of, dict(self._of.tally(name, keys_of)))
            for pod, column, sign in self._charges:
                tally.charge(pod, column, sign, len(self.nodes))
        return tally.counts

    def _charge(self, pod: PodInfo, node: str, sign: int) -> None:
        column = self.index.get(node)
        if column is None or (sign > 0) == (pod.uid in self.pods[column]):
            return
        if column not in self._changed:
            self._changed.add(column)
            self.pods[column] = dict(self.pods[column])
        super()._charge(pod, node, sign)
        self._charges.append((pod, column, sign))
        for counts_pod, counts in self._counted.values():
            if counts_pod(pod):
                counts[column] += sign
        for tally in self._tallied.values():
            tally.charge(pod, column, sign, len(self.nodes))


@dataclass(slots=True)
class _Tally:
    """Counts are the original's until they are changed."""

    keys_of: Callable[[PodInfo], Iterable[Hashable]]
    counts: dict[Hashable, Amounts]
    own: set[Hashable] = field(default_factory=set)

    def charge(self, pod: PodInfo, column: int, sign: int, width: int) -> None:
        for key in self.keys_of(pod):
            if key not in self.own:
                self.own.add(key)
                known = self.counts.get(key)
                self.counts[key] = np.zeros(width, np.int64) if known is None else known.copy()
            self.counts[key][column] += sign
