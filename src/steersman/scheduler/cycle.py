"""cycle: which node a pod goes to, and why. Pure.

pre_filter > filter, plugin by plugin over the nodes that are left > pre_score > score > the best, equals at random

A node that is nominated for the pod, and can take it, is the one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import SKIP, Cycle, Only, PluginError, Refusal, Rejected, scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from numpy.typing import NDArray

    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot


@dataclass(frozen=True, slots=True)
class Profile:
    """The plugins of one scheduler name, in order, and what their scores weigh."""

    plugins: tuple[Plugin, ...]
    weights: Mapping[str, int] = field(default_factory=dict)
    """By plugin; 1 where nothing is said."""
    points: Mapping[str, tuple[Plugin, ...]] = field(default_factory=dict)
    """By point, as the method is called: who takes part, where that is not all of them in their order."""

    def at(self, point: str) -> tuple[Plugin, ...]:
        """Who is asked at a point, in order: everybody, unless the configuration says otherwise."""
        return self.points.get(point, self.plugins)

    def weight(self, plugin: Plugin) -> int:
        return self.weights.get(plugin.name) or 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one plugin refused."""

    plugin: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one cycle. `node` is None when no node can take the pod."""

    node: str | None
    snapshot_nodes: int
    rejected: tuple[str, Rejected] | None = None
    """The plugin that refused before any node was looked at, and what it said."""
    verdicts: tuple[Verdict, ...] = ()
    """Each with the nodes that this refusal was the first for, in the order of the plugins."""
    scores: Mapping[str, Amounts] = field(default_factory=dict)
    """By plugin: weighted scores of the feasible nodes; empty where only one was feasible."""
    candidates: Sequence[str] | NDArray[np.object_] = ()
    """The feasible nodes, in their order."""
    cycle: Cycle | None = field(default=None, compare=False, repr=False)
    """In which it was made, for what comes after."""

    @property
    def feasible(self) -> tuple[str, ...]:
        return tuple(self.candidates)

    @property
    def counts(self) -> dict[str, int]:
        """How many nodes each reason refused; a node counts once for each reason of its first refusing plugin."""
        found: dict[str, int] = {}
        for verdict in self.verdicts:
            number = int(np.count_nonzero(verdict.refusal.nodes))
            if number:
                found[verdict.refusal.reason] = found.get(verdict.refusal.reason, 0) + number
        return found

    @property
    def refused_by(self) -> frozenset[str]:
        """The plugins that must change their mind before the pod has a chance."""
        if self.rejected is not None:
            return frozenset((self.rejected[0],))
        return frozenset(verdict.plugin for verdict in self.verdicts if verdict.refusal.nodes.any())

    def reasons(self, column: int) -> Iterator[tuple[str, str]]:
        """Why one node, by its place in the snapshot, was refused: (plugin, reason)."""
        for verdict in self.verdicts:
            if verdict.refusal.nodes[column]:
                yield verdict.plugin, verdict.refusal.reason


def decide(pod: PodInfo, snapshot: Snapshot, profile: Profile, rng: Random) -> Decision:
    """One cycle over all nodes."""
    cycle = Cycle(pod, snapshot)
    alive, skipped, verdicts = ~snapshot.none(), set(), list[Verdict]()
    cycle.left = alive
    for plugin in profile.at("pre_filter"):
        try:
            said = plugin.pre_filter(cycle)
        except PluginError as error:
            raise PluginError(f'running PreFilter plugin "{plugin.name}": {error}') from error
        if said is SKIP:
            skipped.add(plugin.name)
        elif isinstance(said, Rejected):
            return Decision(None, len(snapshot), rejected=(plugin.name, said), cycle=cycle)
        elif isinstance(said, Only):
            verdicts += _restrict(plugin, said, snapshot, alive)
    for plugin in profile.at("filter"):
        if plugin.name not in skipped and alive.any():
            verdicts += _filter(plugin, cycle, alive)
    feasible = np.flatnonzero(alive)
    if not len(feasible):
        return Decision(None, len(snapshot), verdicts=tuple(verdicts), cycle=cycle)
    nominated = snapshot.index.get((pod.pod.get("status") or {}).get("nominatedNodeName", ""))
    if nominated is not None and alive[nominated]:
        feasible = feasible[feasible == nominated]  # it was cleared for the pod: no other is compared to it
    names = snapshot.named(feasible)
    if len(feasible) == 1:
        return Decision(names[0], len(snapshot), verdicts=tuple(verdicts), candidates=names, cycle=cycle)
    weighed = _score(profile, cycle, feasible)
    total = sum(weighed.values(), np.zeros(len(feasible), np.int64))
    best = np.flatnonzero(total == total.max())
    return Decision(
        names[best[rng.randrange(len(best))]],
        len(snapshot),
        verdicts=tuple(verdicts),
        scores=weighed,
        candidates=names,
        cycle=cycle,
    )


def _restrict(plugin: Plugin, only: Only, snapshot: Snapshot, alive: Mask) -> Sequence[Verdict]:
    keep = np.fromiter((name in only.names for name in snapshot.names), np.bool_, len(snapshot))
    cut = alive & ~keep
    alive &= keep
    return [Verdict(plugin.name, Refusal(cut, f"node(s) didn't satisfy plugin(s) [{plugin.name}]"))]


def _filter(plugin: Plugin, cycle: Cycle, alive: Mask) -> list[Verdict]:
    """Takes what is refused out of `alive`."""
    verdicts, gone = [], None
    try:
        for refusal in plugin.filter(cycle):
            nodes = refusal.nodes & alive
            if nodes.any():
                gone = nodes if gone is None else gone | nodes
                verdicts.append(Verdict(plugin.name, Refusal(nodes, refusal.reason, refusal.preemptable)))
    except PluginError as error:
        raise PluginError(f'running "{plugin.name}" filter plugin: {error}') from error
    if gone is not None:
        alive &= ~gone
    return verdicts


def _score(profile: Profile, cycle: Cycle, feasible: Amounts) -> dict[str, Amounts]:
    """Weighted scores by plugin; a plugin that skips is not among them."""
    silent = {each.name for each in profile.at("pre_score") if each.pre_score(cycle, feasible) is SKIP}
    asked = [each for each in profile.at("score") if scores(each) and each.name not in silent]
    return {plugin.name: plugin.score(cycle, feasible) * profile.weight(plugin) for plugin in asked}
