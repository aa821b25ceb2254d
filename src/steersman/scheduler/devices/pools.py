"""Pools: the slices of a driver that belong together, as they can be reached from a node. Pure.

Of a pool the latest generation counts. It is incomplete while slices of it are missing, and invalid if it contradicts
itself. What was found for a node is kept until a slice that matters for it changes.
Upstream: structured/internal/incubating/pools_incubating.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from steersman.api.core.node_affinity import compile_node_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from steersman.api.core.node_affinity import NodePredicate
    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.model import Counters, Device, Place, PoolId, Slice


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A pool as a node sees it."""

    id: PoolId
    incomplete: bool = False
    invalid: str = ""
    """Why."""
    devices: Sequence[Device] = ()
    """That the node can reach, in order."""
    all_devices: Sequence[Device] = ()
    """Those of other nodes as well: they share counters."""
    counters: Counters = field(default_factory=dict)
    waits: bool = False
    """Whether any of its devices has conditions that have to be waited for."""

    @property
    def usable(self) -> bool:
        return not self.incomplete and not self.invalid


SEEN_MAX = 50_000
"""Nodes for which is kept what they see."""


@dataclass(slots=True)
class _Seen:
    """What a node with these labels sees."""

    labels: Object
    pools: tuple[Pool, ...]


class Inventory:
    """All slices of a cluster."""

    def __init__(self, slices: Iterable[Slice] = ()) -> None:
        self._slices: dict[str, Slice] = {}
        self._by_pool: dict[PoolId, dict[str, Slice]] = {}
        self._by_node: dict[str, dict[str, Slice]] = {}
        self._elsewhere: dict[str, Slice] = {}
        """Those that are not of one node."""
        self._seen: dict[str, _Seen] = {}
        self._made: dict[PoolId, dict[object, Pool]] = {}
        """Pools, by what of them can be reached: nodes that reach the same share one."""
        self._selectors: dict[str, NodePredicate] = {}
        for each in slices:
            self.add(each)

    def add(self, each: Slice) -> None:
        """A new one, or its new state."""
        self.remove(each.name)
        self._slices[each.name] = each
        self._by_pool.setdefault(each.pool, {})[each.name] = each
        self._home(each)[each.name] = each
        self._forget(each)

    def remove(self, name: str) -> None:
        """One that is not there is no error."""
        known = self._slices.pop(name, None)
        if known is None:
            return
        del self._by_pool[known.pool][name]
        del self._home(known)[name]
        self._forget(known)
        if not self._by_pool[known.pool]:
            del self._by_pool[known.pool]
        if known.place.node and not self._by_node[known.place.node]:
            del self._by_node[known.place.node]

    def pools(self, node: Object) -> tuple[Pool, ...]:
        """Those that have something for a node, in the order in which they are tried; those from which nothing can be
        had are among them.
        """
        metadata = node["metadata"]
        labels = metadata.get("labels") or {}
        seen = self._seen.get(metadata["name"])
        if seen is None or (seen.labels is not labels and seen.labels != labels):
            if len(self._seen) >= SEEN_MAX:
                self._seen.clear()
            seen = self._seen[metadata["name"]] = _Seen(labels, tuple(self._look(node)))
        return seen.pools

    def _home(self, each: Slice) -> dict[str, Slice]:
        return self._by_node.setdefault(each.place.node, {}) if each.place.node else self._elsewhere

    def _forget(self, each: Slice) -> None:
        """What was seen where this slice may matter."""
        self._made.pop(each.pool, None)
        nodes = [each.place.node, *(other.place.node for other in self._by_pool[each.pool].values())]
        if not all(nodes):
            self._seen.clear()
            self._selectors.clear()
        for node in nodes:
            self._seen.pop(node, None)

    def _look(self, node: Object) -> list[Pool]:
        found: dict[PoolId, list[Slice]] = {}
        own = self._by_node.get(node["metadata"]["name"], {}).values()
        for each in chain(own, self._elsewhere.values()):
            if self._reaches(each, node):
                known = found.setdefault(each.pool, [])
                if known and each.generation > known[0].generation:
                    known.clear()
                if not known or each.generation == known[0].generation:
                    known.append(each)
        pools = (self._pool(pool, slices, node) for pool, slices in sorted(found.items()))
        return sorted((pool for pool in pools if pool is not None), key=lambda pool: pool.waits)

    def _reaches(self, each: Slice, node: Object) -> bool:
        if each.place.known:
            return self._matches(each.place, node)
        return each.per_device and any(self._matches(device.place, node) for device in each.devices)

    def _matches(self, place: Place, node: Object) -> bool:
        if place.node or place.everywhere or place.selector is None:
            return place.everywhere if not place.node else place.node == node["metadata"]["name"]
        key = repr(place.selector)
        selector = self._selectors.get(key)
        if selector is None:
            selector = self._selectors[key] = compile_node_selector(place.selector)
        return selector(node)

    def _pool(self, pool: PoolId, slices: Sequence[Slice], node: Object) -> Pool | None:
        """None: it is being replaced by one that has nothing for the node."""
        generation = slices[0].generation
        others: list[Slice] = []
        if len(slices) != slices[0].count:
            if any(each.generation > generation for each in self._by_pool[pool].values()):
                return None
            current = [each for each in self._by_pool[pool].values() if each.generation == generation]
            if len(current) != slices[0].count:
                return Pool(pool, incomplete=True)
            known = {each.name for each in slices}
            others = [each for each in current if each.name not in known]
        here = sorted((each for each in slices if not each.counters), key=lambda each: each.name)
        reachable = [
            device
            for each in here
            for device in each.devices
            if not each.per_device or self._matches(device.place, node)
        ]
        key = (*(each.name for each in here), *(map(id, reachable) if any(each.per_device for each in here) else ()))
        made = self._made.setdefault(pool, {})
        if key not in made:
            made[key] = _make(pool, slices, here, others, reachable)
        return made[key]


def _make(
    pool: PoolId,
    slices: Iterable[Slice],
    here: Iterable[Slice],
    others: Sequence[Slice],
    reachable: Sequence[Device],
) -> Pool:
    """`slices`: for the node, `here` those with devices; `others`: the rest of the pool, if it is not in `slices`."""
    shown = [device for each in here for device in each.devices]
    every = [*shown, *(device for each in others if not each.counters for device in each.devices)]
    try:
        _check_names(shown)
        counters = _counter_sets([*slices, *others])
        _check_counters(every, counters)
    except ValueError as error:
        return Pool(pool, invalid=str(error))
    waits = any(device.spec.get("bindingConditions") is not None for device in shown)
    return Pool(pool, devices=reachable, all_devices=every, counters=counters, waits=waits)


def candidates(pools: Iterable[Pool]) -> Iterator[tuple[Pool, Device]]:
    """The devices that can be had at all, in the order in which they are tried."""
    return ((pool, device) for pool in pools if pool.usable for device in pool.devices)


def _check_names(devices: Iterable[Device]) -> None:
    names: set[str] = set()
    for device in devices:
        if device.id.device in names:
            raise ValueError(f"duplicate device name {device.id.device}")
        names.add(device.id.device)


def _counter_sets(slices: Iterable[Slice]) -> dict[str, Mapping[str, Quantity]]:
    found: dict[str, Mapping[str, Quantity]] = {}
    for name, counters in (counted for each in slices for counted in each.counters):
        if name in found:
            raise ValueError(f"duplicate counter set name {name}")
        found[name] = counters
    return found


def _check_counters(devices: Iterable[Device], sets: Counters) -> None:
    for device in devices:
        for name, amounts in device.consumes.items():
            if name not in sets:
                raise ValueError(f"counter set {name} not found")
            for counter in amounts:
                if counter not in sets[name]:
                    raise ValueError(f"counter {counter} not found in counter set {name}")
