"""failures: how long a failed pod of a DaemonSet stays where it is: twice as long with each failure in a row.

Invariants: what a DaemonSet's new generation brings begins anew; what is long past is forgotten.
Upstream: client-go flowcontrol.Backoff, as kube-controller-manager sets it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_S, LONGEST_S = 1.0, 900.0


@dataclass(frozen=True, slots=True)
class _Pause:
    since: float
    length_s: float


@dataclass(slots=True)
class _Pauses:
    generation: int
    by_node: dict[str, _Pause] = field(default_factory=dict)


class Failures:
    """Of all DaemonSets. Times are those of the loop."""

    def __init__(self) -> None:
        self._pauses: dict[str, _Pauses] = {}

    def remaining_s(self, uid: str, generation: int, node: str, now: float) -> float:
        """For how long a failed pod must stay yet; 0: not at all."""
        pauses = self._pauses.get(uid)
        pause = pauses.by_node.get(node) if pauses is not None and pauses.generation == generation else None
        return max(0.0, pause.since + pause.length_s - now) if pause is not None else 0.0

    def note(self, uid: str, generation: int, node: str, now: float) -> None:
        """A failed pod is deleted now."""
        pauses = self._pauses.get(uid)
        if pauses is None or pauses.generation != generation:
            pauses = self._pauses[uid] = _Pauses(generation)
        pauses.by_node = {name: pause for name, pause in pauses.by_node.items() if now - pause.since <= 2 * LONGEST_S}
        last = pauses.by_node.get(node)
        length_s = FIRST_S if last is None else min(2 * last.length_s, LONGEST_S)
        pauses.by_node[node] = _Pause(now, length_s)

    def forget(self, uid: str) -> None:
        """The DaemonSet is gone."""
        self._pauses.pop(uid, None)
