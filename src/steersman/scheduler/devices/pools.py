"""Pools: the slices of a driver that belong together, as they can be reached from a node. Pure.

Of a pool the latest generation counts. It is incomplete while slices of it are missing, and invalid if it contradicts
itself. What was found for a node is kept until a slice that matters for it changes.
Upstream: structured/internal/incubating/pools_incubating.go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from steersman.api.core.node_affinity import compile_node_selector
from steersman.scheduler.devices.news import News

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
    counters: Counters = field(default_factory=dict)
    consuming: Sequence[Device] = ()
    """The devices that consume counters, those of other nodes as well."""
    waits: bool = False
    """Whether any of its devices has conditions that have to be waited for."""

    @property
    def usable(self) -> bool:
        return not self.incomplete and not self.invalid


SEEN_MAX = 50_000
"""Nodes for which is kept what they see."""


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """What all slices of one generation of a pool say together."""

    counters: Counters = field(default_factory=dict)
    consuming: Sequence[Device] = ()
    invalid: str = ""


@dataclass(slots=True)
class _Seen:
    """What a node with these labels sees."""

    labels: Object
    pools: tuple[Pool, ...]


class Inventory:
    """All slices of a cluster. `news`: for which nodes other pools may be seen, or other devices in them be free."""

    def __init__(self, slices: Iterable[Slice] = ()) -> None:
        self.news = News()
        self._slices: dict[str, Slice] = {}
        self._by_pool: dict[PoolId, dict[str, Slice]] = {}
        self._by_node: dict[str, dict[str, Slice]] = {}
        self._elsewhere: dict[str, Slice] = {}
        """Those that are not of one node."""
        self._seen: dict[str, _Seen] = {}
        self._viewers: dict[PoolId, set[str]] = {}
        """Nodes that have seen a pool."""
        self._homes: dict[PoolId, dict[str, str] | None] = {}
        """The nodes of devices, in pools in which each is for one node and matters to no other."""
        self._made: dict[PoolId, dict[object, Pool]] = {}
        """Pools, by what of them can be reached: nodes that reach the same share one."""
        self._wholes: dict[PoolId, dict[int, _Whole]] = {}
        self._sizes: dict[PoolId, Counter[int]] = {}
        """How many slices there are of each generation."""
        self._selectors: dict[int, NodePredicate] = {}
        """By the identity of what they are compiled of."""
        for each in slices:
            self.add(each)

    def add(self, each: Slice) -> None:
        """A new one, or its new state."""
        self.remove(each.name)
        self._slices[each.name] = each
        self._by_pool.setdefault(each.pool, {})[each.name] = each
        self._sizes.setdefault(each.pool, Counter())[each.generation] += 1
        self._home(each)[each.name] = each
        self._forget(each)

    def remove(self, name: str) -> None:
        """One that is not there is no error."""
        known = self._slices.pop(name, None)
        if known is None:
            return
        del self._by_pool[known.pool][name]
        del self._home(known)[name]
        sizes = self._sizes[known.pool]
        sizes[known.generation] -= 1
        if not sizes[known.generation]:
            del sizes[known.generation]
        self._forget(known)
        if not sizes:
            del self._by_pool[known.pool], self._sizes[known.pool]
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
            for pool in seen.pools:
                self._viewers.setdefault(pool.id, set()).add(metadata["name"])
        return seen.pools

    def touched(self, pool: PoolId, devices: Iterable[str]) -> None:
        """Something was charged to these devices of a pool."""
        if pool not in self._homes:
            self._homes[pool] = _homes(self._by_pool.get(pool, {}).values())
        homes = self._homes[pool]
        self.news.tell(
            self._viewers.get(pool, ()) if homes is None else {homes[each] for each in devices if each in homes}
        )

    def _home(self, each: Slice) -> dict[str, Slice]:
        return self._by_node.setdefault(each.place.node, {}) if each.place.node else self._elsewhere

    def _forget(self, each: Slice) -> None:
        """What was seen where this slice may matter."""
        self._made.pop(each.pool, None)
        self._wholes.pop(each.pool, None)
        self._homes.pop(each.pool, None)
        if not each.place.node:
            self._selectors.clear()
        if not self._seen:
            self.news.tell_all()
            return
        nodes = [each.place.node, *(other.place.node for other in self._by_pool[each.pool].values())]
        if not all(nodes):
            self._seen.clear()
            self._viewers.clear()
            self.news.tell_all()
            return
        self.news.tell(nodes)
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
        selector = self._selectors.get(id(place.selector))
        if selector is None:
            selector = self._selectors[id(place.selector)] = compile_node_selector(place.selector)
        return selector(node)

    def _pool(self, pool: PoolId, slices: Sequence[Slice], node: Object) -> Pool | None:
        """None: it is being replaced by one that has nothing for the node."""
        slices = sorted(slices, key=lambda each: each.name)
        generation, whole = slices[0].generation, None
        if len(slices) != slices[0].count:
            known = self._sizes[pool]
            if max(known) > generation:
                return None
            if known[generation] != slices[0].count:
                return Pool(pool, incomplete=True)
            whole = self._whole(pool, generation)
        here = [each for each in slices if not each.counters]
        reachable = [
            device
            for each in here
            for device in each.devices
            if not each.per_device or self._matches(device.place, node)
        ]
        key = (*(each.name for each in here), *(map(id, reachable) if any(each.per_device for each in here) else ()))
        made = self._made.setdefault(pool, {})
        if key not in made:
            made[key] = _make(pool, here, reachable, whole or _read_whole(slices))
        return made[key]

    def _whole(self, pool: PoolId, generation: int) -> _Whole:
        wholes = self._wholes.setdefault(pool, {})
        if generation not in wholes:
            slices = self._by_pool[pool].values()
            wholes[generation] = _read_whole([each for each in slices if each.generation == generation])
        return wholes[generation]


def _homes(slices: Iterable[Slice]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for device in (device for each in slices for device in each.devices):
        name = device.id.device
        if device.consumes or not device.place.node or found.get(name, device.place.node) != device.place.node:
            return None
        found[name] = device.place.node
    return found


def _make(pool: PoolId, here: Iterable[Slice], reachable: Sequence[Device], whole: _Whole) -> Pool:
    """`here`: the slices that have devices for the node."""
    shown = [device for each in here for device in each.devices]
    names = Counter(device.id.device for device in shown)
    again = [name for name, count in names.items() if count > 1]
    if again or whole.invalid:
        return Pool(pool, invalid=f"duplicate device name {again[0]}" if again else whole.invalid)
    waits = any(device.spec.get("bindingConditions") is not None for device in shown)
    return Pool(pool, devices=reachable, consuming=whole.consuming, counters=whole.counters, waits=waits)


def candidates(pools: Iterable[Pool]) -> Iterator[tuple[Pool, Device]]:
    """The devices that can be had at all, in the order in which they are tried."""
    return ((pool, device) for pool in pools if pool.usable for device in pool.devices)


def _read_whole(slices: Sequence[Slice]) -> _Whole:
    """Of all slices of a generation."""
    counters: dict[str, Mapping[str, Quantity]] = {}
    for name, amounts in (counted for each in slices for counted in each.counters):
        if name in counters:
            return _Whole(invalid=f"duplicate counter set name {name}")
        counters[name] = amounts
    consuming = [device for each in slices if not each.counters for device in each.devices if device.consumes]
    for device in consuming:
        for name, consumed in device.consumes.items():
            if name not in counters:
                return _Whole(invalid=f"counter set {name} not found")
            for counter in consumed:
                if counter not in counters[name]:
                    return _Whole(invalid=f"counter {counter} not found in counter set {name}")
    return _Whole(counters, consuming)
