"""How fast the nodes of a zone may be given up. Pure; times are those of the loop.

A zone is normal, partially disrupted (many of its nodes are not ready) or fully disrupted (all are). A normal one gives
nodes up at the usual rate; a partially disrupted one slower, or not at all when it is small; a fully disrupted one at
the usual rate, since its nodes are really out of reach then, unless all zones are: then it is us who reach nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object

State = Literal["Initial", "Normal", "PartialDisruption", "FullDisruption"]
_FEW_MAX = 2
"""So many nodes that are not ready are no disruption."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a user can choose."""

    usual: float = 0.1
    """Nodes per second and zone."""
    reduced: float = 0.01
    """The same, in a large zone that is partially disrupted."""
    large_above: int = 50
    """Nodes of a zone."""
    disrupted_from: float = 0.55
    """Part of a zone's nodes that are not ready."""


def zone_of(node: Object) -> str:
    """Its region and zone, as one name; empty for none."""
    labels = node["metadata"].get("labels") or {}
    zone = labels.get("failure-domain.beta.kubernetes.io/zone", labels.get("topology.kubernetes.io/zone", ""))
    region = labels.get("failure-domain.beta.kubernetes.io/region", labels.get("topology.kubernetes.io/region", ""))
    return f"{region}:\0:{zone}" if region or zone else ""


def zone_state(ready: Sequence[bool], disrupted_from: float) -> State:
    """Of a zone whose nodes are ready or not."""
    lost = len(ready) - sum(ready)
    if lost and lost == len(ready):
        return "FullDisruption"
    if lost > _FEW_MAX and lost / len(ready) >= disrupted_from:
        return "PartialDisruption"
    return "Normal"


class Queue:
    """The nodes of one zone that are to be given up, and when the next of them may be."""

    def __init__(self, *, rate: float, now: float) -> None:
        self.waiting: dict[str, None] = {}
        """Names, the one that has waited longest first."""
        self._rate = rate
        self._free_at = now

    def free_in_s(self, now: float) -> float | None:
        """None: never, unless the rate changes."""
        return max(0.0, self._free_at - now) if self._rate > 0 else None

    def take(self, now: float) -> None:
        """One is given up now."""
        self._free_at = now + 1 / self._rate

    def change_rate(self, rate: float, now: float) -> None:
        """Whoever had to wait waits anew."""
        if rate == self._rate:
            return
        had_to_wait = self.free_in_s(now) != 0
        self._rate = rate
        self._free_at = now + 1 / rate if rate > 0 and had_to_wait else now


class Zones:
    """All zones."""

    def __init__(self, *, rates: Rates) -> None:
        self._rates = rates
        self.states: dict[str, State] = {}
        self.queues: dict[str, Queue] = {}

    def meet(self, zone: str, now: float) -> Queue:
        """A node of it was seen."""
        self.states.setdefault(zone, "Initial")
        queue = self.queues.get(zone)
        if queue is None:
            queue = self.queues[zone] = Queue(rate=self._rates.usual, now=now)
        return queue

    def settle(self, ready: Mapping[str, Sequence[bool]], now: float) -> Literal["lost", "found", ""]:
        """Adjust rates to the nodes, ready or not, of all zones. "lost": none is ready any more; "found": some are."""
        fresh = {zone: zone_state(each, self._rates.disrupted_from) for zone, each in ready.items()}
        for zone in fresh:
            self.meet(zone, now)
        for zone in [zone for zone in self.states if zone not in fresh]:
            del self.states[zone]
            self.queues[zone].change_rate(self._rates.usual, now)
        all_lost = all(state == "FullDisruption" for state in fresh.values())
        all_were = all(state == "FullDisruption" for state in self.states.values())
        if all_lost:
            for zone in () if all_were else fresh:
                self.queues[zone].change_rate(0, now)
                self.states[zone] = "FullDisruption"
            return "" if all_were else "lost"
        for zone, state in fresh.items():
            if all_were or self.states[zone] != state:
                self.queues[zone].change_rate(self._rate(state, len(ready[zone])), now)
                self.states[zone] = state
        return "found" if all_were else ""

    def _rate(self, state: State, size: int) -> float:
        if state != "PartialDisruption":
            return self._rates.usual
        return self._rates.reduced if size > self._rates.large_above else 0
