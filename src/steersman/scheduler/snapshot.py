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
    Columns: TypeAlias = NDArray[np.intp]

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
        self._derived_rows = _Rows()
        self._charged_rows = _Rows()
        self._states: dict[int, bytes] = {}
        """Of nodes that changed lately, see `_state`."""
        self._counters: dict[object, _Counter] = {}
        self._domains: dict[str, tuple[int, Domains]] = {}
        self._tallies: dict[str, _Tally] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def elsewhere(self) -> Snapshot:
        """What a node finds on the other nodes; differs from what it holds itself in a `Trial`."""
        return self

    # -- nodes

    def set_node(self, node: Object) -> None:
        """Add a node, or take in its new state."""
        name = node["metadata"]["name"]
        column = self.index.get(name)
        if column is None:
            column = self.index[name] = len(self.nodes)
            self._charged_rows.forget()
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
        self._derived_rows.changed(column)
        self._charged_rows.changed(column)
        self._states.pop(column, None)

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
        self._derived_rows.delete(column)
        self._charged_rows.forget()
        self._states.clear()

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
        self._charged_rows.changed(column)
        self._states.pop(column, None)
        for resource, amount in pod.requests.items():
            row = self._row(resource)  # which may widen `requested`
            self.requested[row, column] += sign * amount
        for row, resource in enumerate((CPU, MEMORY)):
            self.scored[row, column] += sign * pod.scored.get(resource, 0)
        for counter in self._counters.values():
            if counter.counts_pod(pod):
                counter.counts[column] += sign
        for tally in self._tallies.values():
            tally.charge(pod, column, sign, len(self.nodes))

    # -- for plugins

    def mask(self, key: object, holds: Callable[[Object], bool]) -> Mask:
        """For which nodes something holds; kept under `key`, and found anew for nodes that change. Read-only."""
        return self._derived(key, holds, np.bool_)

    def amounts(self, key: object, amount: Callable[[Object], int]) -> Amounts:
        """A number of each node; kept under `key`, which is no mask's, and found anew for nodes that change.
        Read-only.
        """
        return self._derived(key, amount, np.int64)

    def all_names(self) -> NDArray[np.object_]:
        """The names of all nodes, as they are now. Read-only."""
        return self._derived(_NAMES, lambda node: node["metadata"]["name"], np.object_)

    def _derived(self, key: object, of: Callable[[Object], Any], dtype: type[np.generic]) -> NDArray[Any]:
        nodes = self.nodes
        return self._derived_rows.get(
            key, len(nodes), lambda columns: np.fromiter((of(nodes[column]) for column in columns), dtype, len(columns))
        )

    def charged(self, key: object, compute: Callable[[Columns], NDArray[Any]]) -> NDArray[Any]:
        """What `compute` says of each node, by nothing but the amounts that it has and that are charged to it, and
        `key`, under which it is kept. It is asked for all nodes once, and again for what nodes change to. Read-only.

        `compute` takes columns as an index, and gives a value for each.
        """
        return self._charged_rows.get(key, len(self.nodes), compute, self._state)

    def _state(self, column: int) -> bytes:
        """All amounts of a node: where they are the same, so is what is computed of them."""
        state = self._states.get(column)
        if state is None:
            state = self._states[column] = b"%d/%d/%b" % (
                self.pods_count[column],
                self.pods_allowed[column],
                b"".join(rows[:, column].tobytes() for rows in (self.allocatable, self.requested, self.scored)),
            )
        return state

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
        made = Domains(ids, len(numbers), ids >= 0)
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


_ROWS_MAX, _MASKS_MAX, _COUNTERS_MAX = 512, 1024, 256
_NAMES = "names of nodes"


class _Rows:
    """Rows that are kept, with a journal of the columns that have changed: each row is brought up to date when it is
    asked for. A row that was given out does not change any more.
    """

    def __init__(self) -> None:
        self._kept: dict[object, tuple[int, NDArray[Any]]] = {}
        """By key: how many changes are in it, and the row."""
        self._journal: list[int] = []
        self._dropped = 0
        """How many changes were in the journal that are not any more."""
        self._by_state: dict[object, dict[bytes, Any]] = {}
        """By key, what was computed for columns of a state: nodes that are alike come to be in the same ones."""

    def fork(self) -> _Rows:
        """A copy: what changes in one does not in the other."""
        copy = _Rows()
        copy._kept, copy._journal, copy._dropped = dict(self._kept), list(self._journal), self._dropped
        copy._by_state = self._by_state  # holds for both
        return copy

    def changed(self, column: int) -> None:
        self._journal.append(column)
        if len(self._journal) > _JOURNAL_MAX:
            self._dropped += len(self._journal)
            self._journal.clear()

    def delete(self, column: int) -> None:
        """The columns behind move up."""
        journal = self._journal
        self._dropped += len(journal)
        for key, (seen, row) in list(self._kept.items()):
            if seen == self._dropped and column < len(row):
                self._kept[key] = (seen, _read_only(np.delete(row, column)))
            else:
                del self._kept[key]
        journal.clear()

    def forget(self) -> None:
        self._kept.clear()

    def get(
        self,
        key: object,
        width: int,
        compute: Callable[[Columns], NDArray[Any]],
        state_of: Callable[[int], bytes] | None = None,
    ) -> NDArray[Any]:
        """`state_of(column)`: all that the result for a column depends on beside `key`, if that can be told."""
        now = self._dropped + len(self._journal)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == now:
            return kept[1]
        if kept is None or kept[0] < self._dropped or now - kept[0] > width // 2:
            if len(self._kept) >= _ROWS_MAX:
                self._kept.clear()
            row = compute(np.arange(width))
        else:
            stale = self._journal[kept[0] - self._dropped :]
            if state_of is not None and len(stale) <= _FEW:
                row = self._looked_up(key, kept[1], stale, compute, state_of)
            else:
                row = self._renewed(kept[1], sorted(set(stale)), width, compute)
        self._kept[key] = (now, _read_only(row))
        return row

    def _looked_up(
        self,
        key: object,
        row: NDArray[Any],
        stale: list[int],
        compute: Callable[[Columns], NDArray[Any]],
        state_of: Callable[[int], bytes],
    ) -> NDArray[Any]:
        """For few columns a computation is nearly all overhead, which a look-up has not."""
        known = self._by_state.get(key)
        if known is None:
            if len(self._by_state) >= _ROWS_MAX:
                self._by_state.clear()
            known = self._by_state[key] = {}
        renewed = row.copy()
        for column in stale:
            state = state_of(column)
            value = known.get(state)
            if value is None:
                if len(known) >= _STATES_MAX:
                    known.clear()
                value = known[state] = compute(np.array((column,), np.intp))[0]
            renewed[column] = value
        return renewed

    @staticmethod
    def _renewed(
        row: NDArray[Any], columns: list[int], width: int, compute: Callable[[Columns], NDArray[Any]]
    ) -> NDArray[Any]:
        """With the values of some columns computed anew; those that the row does not have yet are among them."""
        stale = np.array(columns, np.intp)
        renewed = np.empty(width, row.dtype)
        renewed[: len(row)] = row
        renewed[stale] = compute(stale)
        return renewed


_JOURNAL_MAX, _STATES_MAX, _FEW = 20_000, 4096, 8


def _read_only(row: NDArray[Any]) -> NDArray[Any]:
    row.flags.writeable = False
    return row


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
    labelled: Mask
    """Which nodes have the label."""

    def over(self, amounts: Amounts) -> Amounts:
        """Of each node the sum of `amounts` over its domain; 0 where it has no label."""
        if self.number == len(amounts):
            return amounts  # each node is alone in its domain, as hosts are
        if not self.number:
            return np.zeros_like(amounts)
        if np.count_nonzero(self.labelled) == len(amounts):
            return np.bincount(self.ids, weights=amounts, minlength=self.number).astype(np.int64)[self.ids]
        sums, _ = self.sums(amounts, self.labelled)
        return np.where(self.labelled, sums[self.ids], 0)

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
