"""recall: what searches have found, for claims that ask for the same things. Pure.

Pods of one kind come one after the other, and each takes devices from one node. What was found for all the others holds
as long as they see the same pools, and nothing was charged to these. So a cycle asks about few nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.news import News, Stamp
    from steersman.scheduler.devices.pools import Pool
    from steersman.scheduler.devices.search import Allotment
    from steersman.scheduler.devices.wanted import Wanted
    from steersman.scheduler.snapshot import Mask, Snapshot

    Found: TypeAlias = Sequence[Sequence[Allotment]] | None

KINDS_MAX = 32
"""Kinds of claims that are remembered, those asked for last."""
NODES_MAX = 50_000


class _Answer(NamedTuple):
    pools: tuple[Pool, ...]
    stamp: Stamp
    found: Found


class Kind:
    """Answers for claims that ask for the same: what was found for each node, and, as columns of a snapshot, which
    nodes cannot serve them.
    """

    def __init__(self, *, news: News) -> None:
        self._news = news
        self._answers: dict[str, _Answer] = {}
        self._names: Sequence[str] = ()
        self._version = 0
        self._told = 0
        self._open: set[int] = set()
        """Columns of nodes that have to be asked about again."""
        self._without: Mask = np.zeros(0, np.bool_)

    def get(self, node: str, pools: tuple[Pool, ...]) -> tuple[Found] | None:
        """What was found on a node, if it still holds."""
        known = self._answers.get(node)
        if known is None or known.pools is not pools or known.stamp != self._news.stamp(node):
            return None
        return (known.found,)

    def put(self, node: str, pools: tuple[Pool, ...], found: Found) -> None:
        if len(self._answers) >= NODES_MAX:
            self._answers.clear()
        self._answers[node] = _Answer(pools, self._news.stamp(node), found)

    def without(self, snapshot: Snapshot, left: Mask, serves: Callable[[Object], bool | None]) -> Mask:
        """Which nodes cannot serve the claims, as far as they are `left`. `serves`: asked about those of which this is
        not known; None: it cannot be said for longer than now. Read-only.
        """
        self._catch_up(snapshot)
        for column in sorted(self._open):
            if not left[column]:
                continue
            served = serves(snapshot.nodes[column])
            self._without[column] = served is False
            if served is not None:
                self._open.discard(column)
        return self._without

    def _catch_up(self, snapshot: Snapshot) -> None:
        known = self._names is snapshot.names and self._version == snapshot.version
        names = self._news.since(self._told) if known else None
        self._names, self._version, self._told = snapshot.names, snapshot.version, self._news.now
        if names is None:
            self._open = set(range(len(snapshot)))
            self._without = snapshot.none()
            return
        index = snapshot.index
        self._open.update(index[name] for name in names if name in index)


class Recall:
    """Of all cycles of a scheduler."""

    def __init__(self, *, news: News) -> None:
        self._news = news
        self._kinds: dict[str, Kind] = {}

    def kind(self, wanted: Sequence[Wanted]) -> Kind:
        """Of these claims, with the classes that they name."""
        key = repr(
            [(each.claim["spec"], {name: each.classes[name].get("spec") for name in each.classes}) for each in wanted]
        )
        kind = self._kinds.pop(key, None) or Kind(news=self._news)
        self._kinds[key] = kind
        if len(self._kinds) > KINDS_MAX:
            del self._kinds[next(iter(self._kinds))]
        return kind
