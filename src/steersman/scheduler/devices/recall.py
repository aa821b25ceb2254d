"""recall: what searches have found, for claims that ask for the same things. Pure.

Pods of one kind come one after the other, and each takes devices from one node. What was found for all the others holds
as long as they see the same pools, and nothing was charged to these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.scheduler.devices.allocated import Allocated
    from steersman.scheduler.devices.pools import Pool
    from steersman.scheduler.devices.search import Allotment
    from steersman.scheduler.devices.wanted import Wanted

    Found: TypeAlias = Sequence[Sequence[Allotment]] | None

KINDS_MAX = 32
"""Kinds of claims that are remembered, those asked for last."""
NODES_MAX = 50_000


class _Answer(NamedTuple):
    pools: tuple[Pool, ...]
    moment: int
    found: Found


class Kind:
    """Answers for claims that ask for the same."""

    def __init__(self, *, allocated: Allocated) -> None:
        self._allocated = allocated
        self._answers: dict[str, _Answer] = {}

    def get(self, node: str, pools: tuple[Pool, ...]) -> tuple[Found] | None:
        """What was found on a node, if it still holds."""
        known = self._answers.get(node)
        if known is None or known.pools is not pools or known.moment != self._moment(pools):
            return None
        return (known.found,)

    def put(self, node: str, pools: tuple[Pool, ...], found: Found) -> None:
        if len(self._answers) >= NODES_MAX:
            self._answers.clear()
        self._answers[node] = _Answer(pools, self._moment(pools), found)

    def _moment(self, pools: tuple[Pool, ...]) -> int:
        """Rises with every charge to one of the pools."""
        version = self._allocated.version
        return version(pools[0].id) if len(pools) == 1 else sum(version(pool.id) for pool in pools)


class Recall:
    """Of all cycles of a scheduler."""

    def __init__(self, *, allocated: Allocated) -> None:
        self._allocated = allocated
        self._kinds: dict[str, Kind] = {}

    def kind(self, wanted: Sequence[Wanted]) -> Kind:
        """Of these claims, with the classes that they name."""
        key = repr(
            [(each.claim["spec"], {name: each.classes[name].get("spec") for name in each.classes}) for each in wanted]
        )
        kind = self._kinds.pop(key, None) or Kind(allocated=self._allocated)
        self._kinds[key] = kind
        if len(self._kinds) > KINDS_MAX:
            del self._kinds[next(iter(self._kinds))]
        return kind
