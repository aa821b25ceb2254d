"""All nodes at one moment, as columns: a row per resource, a column per node.

The loop changes one snapshot in place as objects change and pods are assumed; a cycle only reads it. Amounts are int64:
bytes do not fit into float32. Nodes keep the order in which they were added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from steersman.api.meta.quantity import parse
from steersman.scheduler.pod_info import CPU, EPHEMERAL, MEMORY, PODS, amount_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo

    Amounts: TypeAlias = NDArray[np.int64]
    Mask: TypeAlias = NDArray[np.bool_]

_FIRST_ROWS = (CPU, MEMORY, EPHEMERAL)


class Snapshot:
    """Rows of `allocatable` and `requested` are in the order of `resources`; columns in the order of `nodes`."""

    def __init__(self) -> None:
        self.nodes: list[Object] = []
        self.names: list[str] = []
        self.index: dict[str, int] = {}
        self.pods: list[dict[str, PodInfo]] = []
        """Of each node, by uid."""
        self.resources: dict[str, int] = {name: row for row, name in enumerate(_FIRST_ROWS)}
        self.allocatable: Amounts = np.zeros((len(_FIRST_ROWS), 0), np.int64)
        self.requested: Amounts = np.zeros((len(_FIRST_ROWS), 0), np.int64)
        self.scored: Amounts = np.zeros((2, 0), np.int64)
        """Requested cpu and memory, counted as in scores."""
        self.pods_allowed: Amounts = np.zeros(0, np.int64)
        self.pods_count: Amounts = np.zeros(0, np.int64)
        self.version = 0
        """Rises with every change of a node (not of its pods): masks derived from nodes can be kept until then."""
        self._kept: dict[object, tuple[int, NDArray[Any]]] = {}
        self._counters: dict[object, _Counter] = {}
        self._domains: dict[str, tuple[int, Domains]] = {}
        self._tallies: dict[str, _Tally] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    # -- nodes

    def set_node(self, node: Object) -> None:
        """Add a node, or take in its new state."""
        name = node["metadata"]["name"]
        column = self.index.get(name)
        if column is None:
            column = self.index[name] = len(self.nodes)
            self.nodes.append(node)
            self.names.append(name)
            self.pods.append({})
            self.allocatable = _wider(self.allocatable)
            self.requested = _wider(self.requested)
            self.scored = _wider(self.scored)
            self.pods_allowed = np.append(self.pods_allowed, 0)
            self.pods_count = np.append(self.pods_count, 0)
            for counter in self._counters.values():
                counter.counts = np.append(counter.counts, 0)
            for tally in self._tallies.values():
                tally.resize(lambda counts: np.append(counts, 0))
        self.nodes[column] = node
        listed = (node.get("status") or {}).get("allocatable") or {}
        amounts = {resource: amount_of(resource, parse(text)) for resource, text in listed.items()}
        self.pods_allowed[column] = amounts.pop(PODS, 0)
        rows = [self._row(resource) for resource in amounts]
        self.allocatable[:, column] = 0
        self.allocatable[rows, column] = list(amounts.values())
        self.version += 1

    def remove_node(self, name: str) -> None:
        """With its pods; a node that is not there is no error."""
        column = self.index.pop(name, None)
        if column is None:
            return
        for listed in (self.nodes, self.names, self.pods):
            del listed[column]
        self.index = {other: position for position, other in enumerate(self.names)}
        self.allocatable = np.delete(self.allocatable, column, axis=1)
        self.requested = np.delete(self.requested, column, axis=1)
        self.scored = np.delete(self.scored, column, axis=1)
        self.pods_allowed = np.delete(self.pods_allowed, column)
        self.pods_count = np.delete(self.pods_count, column)
        for counter in self._counters.values():
            counter.counts = np.delete(counter.counts, column)
        for tally in self._tallies.values():
            tally.resize(lambda counts: np.delete(counts, column))
        self.version += 1

    # -- pods

    def add_pod(self, pod: PodInfo, node: str) -> None:
        """Charge a pod to a node; to one that is not there it makes no difference."""
        self._charge(pod, node, 1)

    def remove_pod(self, pod: PodInfo, node: str) -> None:
        self._charge(pod, node, -1)

    def _charge(self, pod: PodInfo, node: str, sign: int) -> None:
        column = self.index.get(node)
        if column is None or (sign > 0) == (pod.uid in self.pods[column]):
            return
        if sign > 0:
            self.pods[column][pod.uid] = pod
        else:
            del self.pods[column][pod.uid]
        self.pods_count[column] += sign
        for resource, amount in pod.requests.items():
            self.requested[self._row(resource), column] += sign * amount
        for row, resource in enumerate((CPU, MEMORY)):
            self.scored[row, column] += sign * pod.scored.get(resource, 0)
        for counter in self._counters.values():
            if counter.counts_pod(pod):
                counter.counts[column] += sign
        for tally in self._tallies.values():
            tally.charge(pod, column, sign, len(self.nodes))

    # -- for plugins

    def mask(self, key: object, holds: Callable[[Object], bool]) -> Mask:
        """For which nodes something holds; kept under `key` until a node changes. Read-only."""
        return self._derived(key, holds, np.bool_)

    def amounts(self, key: object, amount: Callable[[Object], int]) -> Amounts:
        """A number of each node; kept under `key`, which is no mask's, until a node changes. Read-only."""
        return self._derived(key, amount, np.int64)

    def named(self, columns: Amounts) -> NDArray[np.object_]:
        """The names of nodes."""
        return self._derived(_NAMES, lambda node: node["metadata"]["name"], np.object_)[columns]

    def _derived(self, key: object, of: Callable[[Object], Any], dtype: type[np.generic]) -> NDArray[Any]:
        kept = self._kept.get(key)
        if kept is not None and kept[0] == self.version:
            return kept[1]
        if len(self._kept) >= _MASKS_MAX:
            self._kept.clear()
        made = np.fromiter(map(of, self.nodes), dtype, len(self.nodes))
        made.flags.writeable = False
        self._kept[key] = (self.version, made)
        return made

    def tally(self, name: str, keys_of: Callable[[PodInfo], Iterable[Hashable]]) -> Mapping[Hashable, Amounts]:
        """For everything that `keys_of` finds in pods, how many pods of each node have it; up to date from the first
        question on. Read-only. `name` stands for the same `keys_of` always.
        """
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = _Tally(keys_of, {})
            for column, pods in enumerate(self.pods):
                for pod in pods.values():
                    tally.charge(pod, column, 1, len(self.nodes))
        return tally.counts

    def domains(self, label: str) -> Domains:
        """Into which parts a label divides the nodes; kept until a node changes."""
        kept = self._domains.get(label)
        if kept is not None and kept[0] == self.version:
            return kept[1]
        numbers: dict[str, int] = {}
        values = ((node["metadata"].get("labels") or {}).get(label) for node in self.nodes)
        of_nodes = (-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values)
        ids = np.fromiter(of_nodes, np.int64, len(self.nodes))
        if len(self._domains) >= _MASKS_MAX:
            self._domains.clear()
        made = Domains(ids, len(numbers))
        self._domains[label] = (self.version, made)
        return made

    def count(self, key: object, counts_pod: Callable[[PodInfo], bool]) -> Amounts:
        """How many pods of each node something holds for; kept under `key` and up to date from the first question on.
        Read-only.
        """
        counter = self._counters.pop(key, None)
        if counter is None:
            found = (sum(map(counts_pod, pods.values())) for pods in self.pods)
            counter = _Counter(counts_pod, np.fromiter(found, np.int64, len(self.nodes)))
            if len(self._counters) >= _COUNTERS_MAX:
                del self._counters[next(iter(self._counters))]  # that which nobody has asked for for longest
        self._counters[key] = counter
        return counter.counts

    def row(self, resource: str) -> int | None:
        """Where a resource stands; None if no node and no pod has ever named it."""
        return self.resources.get(resource)

    def none(self) -> Mask:
        """A fresh mask of no node."""
        return np.zeros(len(self.nodes), np.bool_)

    def _row(self, resource: str) -> int:
        row = self.resources.get(resource)
        if row is None:
            row = self.resources[resource] = len(self.resources)
            empty = np.zeros((1, len(self.nodes)), np.int64)
            self.allocatable = np.vstack((self.allocatable, empty))
            self.requested = np.vstack((self.requested, empty))
        return row


_MASKS_MAX, _COUNTERS_MAX = 1024, 256
_NAMES = "names of nodes"


@dataclass(slots=True)
class _Tally:
    keys_of: Callable[[PodInfo], Iterable[Hashable]]
    counts: dict[Hashable, Amounts]

    def charge(self, pod: PodInfo, column: int, sign: int, width: int) -> None:
        for key in self.keys_of(pod):
            counts = self.counts.get(key)
            if counts is None:
                counts = self.counts[key] = np.zeros(width, np.int64)
            counts[column] += sign
            if sign < 0 and not counts.any():
                del self.counts[key]

    def resize(self, change: Callable[[Amounts], Amounts]) -> None:
        for key, counts in list(self.counts.items()):
            changed = self.counts[key] = change(counts)
            if not changed.any():
                del self.counts[key]


@dataclass(frozen=True, slots=True)
class Domains:
    """The values of a label. `ids`: the number of each node's value, -1 for a node without the label."""

    ids: Amounts
    number: int

    def sums(self, amounts: Amounts, of: Mask) -> tuple[Amounts, Mask]:
        """The sum of `amounts` in each domain over the nodes `of`, and which domains those nodes lie in.

        All of these nodes must have the label.
        """
        ids = self.ids[of]
        total = np.bincount(ids, weights=amounts[of], minlength=self.number).astype(np.int64)
        return total, np.bincount(ids, minlength=self.number) > 0


@dataclass(slots=True)
class _Counter:
    counts_pod: Callable[[PodInfo], bool]
    counts: Amounts


def snapshot_of(nodes: Iterable[Object], pods: Sequence[tuple[PodInfo, str]] = ()) -> Snapshot:
    """A snapshot of nodes, and of pods with the node each is on."""
    snapshot = Snapshot()
    for node in nodes:
        snapshot.set_node(node)
    for pod, name in pods:
        snapshot.add_pod(pod, name)
    return snapshot


def _wider(columns: Amounts) -> Amounts:
    return np.hstack((columns, np.zeros((columns.shape[0], 1), np.int64)))
