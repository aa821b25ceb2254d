"""ttl: tell kubelets how long they may keep what pods refer to (secrets, config maps), by the size of the cluster.

Reads: nodes. Writes: nodes (patch).
Invariants: the larger the cluster the longer; near a limit the value does not flap, since growing and shrinking
clusters change it at different sizes.
Upstream differences: when the value changes, all nodes are told at once and not with the next change of theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.node import NODES
from steersman.client.client import key_of
from steersman.client.request import PatchType
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.client.request import Key

ANNOTATION = "node.alpha.kubernetes.io/ttl"


class Step(NamedTuple):
    """Kept while the number of nodes is from `at_least` to `at_most`."""

    at_least: int
    at_most: float
    ttl_s: int


STEPS = (
    Step(0, 100, 0),
    Step(90, 500, 15),
    Step(450, 1000, 30),
    Step(900, 2000, 60),
    Step(1800, float("inf"), 300),
)
_NUMBER = re.compile(r"[-+]?[0-9]+\Z", re.ASCII)


class TTL(Controller):
    """See the module."""

    name = "ttl"
    reads = (NODES,)
    writes = (Writes(NODES, ("patch",)),)

    def setup(self) -> None:
        self._count = 0
        self._step = 0
        self.on(NODES, self._concerned)

    async def reconcile(self, key: Key) -> None:
        node = self.view.get(NODES, key)
        ttl_s = STEPS[self._step].ttl_s
        if node is not None and annotated_ttl_s(node) != ttl_s:
            patch = {"metadata": {"annotations": {ANNOTATION: str(ttl_s)}}}
            await self.client.patch(NODES, key, patch, kind=PatchType.STRATEGIC)

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        self._count += (old is None) - (new is None)
        step = next_step(self._step, self._count)
        if step != self._step:
            self._step = step
            return [key_of(node) for node in self.view.list(NODES)]
        return [key_of(new)] if new is not None else ()


def next_step(step: int, count: int) -> int:
    """The index in STEPS for so many nodes; `step`: the one before."""
    while count > STEPS[step].at_most:
        step += 1
    while count < STEPS[step].at_least:
        step -= 1
    return step


def annotated_ttl_s(node: Object) -> int | None:
    """None if there is none, or it is no number."""
    text = (node["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    return int(text) if _NUMBER.match(text) else None
