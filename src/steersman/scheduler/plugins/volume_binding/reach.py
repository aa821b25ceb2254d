"""reach: which nodes a volume, a class or a capacity is for, by the labels of the nodes.

There may be as many volumes as nodes, each for one of them: what asks for values of one label is looked up, not tried
on every node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.node_affinity import compile_node_selector
from steersman.api.meta.label_selector import compile_selector
from steersman.scheduler.csi_migration import is_migrated_on, migrated, translated_affinity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.snapshot import Mask, Snapshot
    from steersman.scheduler.storage import Storage


class Reach:
    """Of one cycle."""

    def __init__(self, *, snapshot: Snapshot, storage: Storage) -> None:
        self._snapshot = snapshot
        self._storage = storage
        self._everywhere = np.arange(len(snapshot))
        self._labels: dict[str, dict[str, list[int]]] = {}

    def named(self, node: str) -> Mask:
        """The one node of this name."""
        column = self._snapshot.index.get(node)
        return self._mask(self._everywhere[:0] if column is None else self._everywhere[column : column + 1])

    def of_volume(self, volume: Object) -> NDArray[np.intp]:
        """Columns of the nodes that a volume can be used on."""
        return self._matching((volume["spec"].get("nodeAffinity") or {}).get("required"))

    def of_bound(self, volume: Object) -> Mask:
        """Likewise, in the words of the driver that serves the volume on each node."""
        plain = self._mask(self.of_volume(volume))
        kind = migrated(volume["spec"])
        if kind is None:
            return plain
        of_nodes = (is_migrated_on(self._storage.csi_node(name), kind) for name in self._snapshot.names)
        moved = np.fromiter(of_nodes, np.bool_, len(self._snapshot))
        return np.where(moved, self._mask(self._matching(translated_affinity(volume, kind))), plain)

    def of_topologies(self, terms: Sequence[Object]) -> Mask:
        """Nodes that one of a class's allowedTopologies allows; all if there are none."""
        if not terms:
            return self._mask(self._everywhere)
        allowed = self._snapshot.none()
        for term in terms:
            fits = ~self._snapshot.none()
            for expression in term.get("matchLabelExpressions") or ():
                fits &= self._mask(self._having(expression["key"], expression.get("values") or ()))
            if term.get("matchLabelExpressions"):
                allowed |= fits
        return allowed

    def of_capacity(self, capacity: Object) -> NDArray[np.intp]:
        """Columns of the nodes that have access to the storage of a CSIStorageCapacity."""
        topology: Object | None = capacity.get("nodeTopology")
        if topology is None:
            return self._everywhere[:0]
        labels = topology.get("matchLabels") or {}
        if len(labels) == 1 and not topology.get("matchExpressions"):
            return self._having(next(iter(labels)), tuple(labels.values()))
        matches = compile_selector(topology).matches
        return np.flatnonzero(
            self._snapshot.mask(
                ("CSIStorageCapacity", repr(topology)), lambda node: matches(node["metadata"].get("labels") or {})
            )
        )

    def _matching(self, selector: Object | None) -> NDArray[np.intp]:
        if selector is None:
            return self._everywhere
        terms: Sequence[Object] = selector.get("nodeSelectorTerms") or ()
        if len(terms) == 1 and not terms[0].get("matchFields"):
            expressions: Sequence[Object] = terms[0].get("matchExpressions") or ()
            if len(expressions) == 1 and expressions[0].get("operator") == "In":
                return self._having(expressions[0]["key"], expressions[0].get("values") or ())
        matches = compile_node_selector(selector)
        return np.flatnonzero(self._snapshot.mask(("PersistentVolume", repr(selector)), matches))

    def _having(self, label: str, values: Sequence[str]) -> NDArray[np.intp]:
        columns = self._labels.get(label)
        if columns is None:
            columns = self._labels[label] = {}
            for column, node in enumerate(self._snapshot.nodes):
                value = (node["metadata"].get("labels") or {}).get(label)
                if value is not None:
                    columns.setdefault(value, []).append(column)
        return np.array([column for value in dict.fromkeys(values) for column in columns.get(value, ())], dtype=np.intp)

    def _mask(self, columns: NDArray[np.intp]) -> Mask:
        mask = self._snapshot.none()
        mask[columns] = True
        return mask
