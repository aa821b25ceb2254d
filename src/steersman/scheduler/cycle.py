"""cycle: which node a pod goes to, and why. Pure.

pre_filter > filter, plugin by plugin over the nodes that are left > pre_score > score > the best, equals at random

A node that is nominated for the pod, and can take it, is the one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.filtering import Filtering, Verdict
from steersman.scheduler.framework import (
    SKIP,
    Aftermath,
    Cycle,
    Only,
    PluginError,
    Refusal,
    Rejected,
    implements,
    scores,
)

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
    names: NDArray[np.object_] | None = None
    """Of all nodes; None where none is feasible."""
    candidates: NDArray[np.intp] | None = None
    """The feasible nodes, by their places in `names`, in their order."""
    cycle: Cycle | None = field(default=None, compare=False, repr=False)
    """In which it was made, for what comes after."""
    filtering: Filtering | None = field(default=None, compare=False, repr=False)
    """How nodes were judged; None if none was."""

    @property
    def feasible(self) -> tuple[str, ...]:
        """Their names: made when asked for, since it takes longer than the rest of a decision."""
        return () if self.names is None else tuple(self.names[self.candidates])

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


def decide(
    pod: PodInfo,
    snapshot: Snapshot,
    profile: Profile,
    rng: Random,
    *,
    nominated: Mapping[str, Sequence[PodInfo]] | None = None,
) -> Decision:
    """One cycle over all nodes. `nominated`: see Filtering."""
    cycle = Cycle(pod, snapshot)
    alive, skipped, verdicts = ~snapshot.none(), set(), list[Verdict]()
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
    judges = tuple(plugin for plugin in profile.at("filter") if plugin.name not in skipped)
    filtering = Filtering(cycle, judges, nominated or {})
    verdicts += filtering.refuse(snapshot, alive)
    feasible = np.flatnonzero(alive)
    if not len(feasible):
        return Decision(None, len(snapshot), verdicts=tuple(verdicts), cycle=cycle, filtering=filtering)
    own = snapshot.index.get((pod.pod.get("status") or {}).get("nominatedNodeName", ""))
    if own is not None and alive[own]:
        feasible = feasible[feasible == own]  # it was cleared for the pod: no other is compared to it
    weighed, chosen = {}, 0
    if len(feasible) > 1:
        weighed = _score(profile, cycle, feasible)
        total = sum(weighed.values(), np.zeros(len(feasible), np.int64))
        best = np.flatnonzero(total == total.max())
        chosen = best[rng.randrange(len(best))]
    return Decision(
        snapshot.names[feasible[chosen]],
        len(snapshot),
        verdicts=tuple(verdicts),
        scores=weighed,
        names=snapshot.all_names(),
        candidates=feasible,
        cycle=cycle,
        filtering=filtering,
    )


def follow_up(decision: Decision, profile: Profile) -> Aftermath:
    """What plugins can do for a pod that no node can take; the first that can do something is the last to be asked."""
    asked = tuple(plugin for plugin in profile.at("post_filter") if implements(plugin, "post_filter"))
    if not asked:
        return Aftermath(nominated="")
    nominated, messages = None, list[str]()
    for plugin in asked:
        try:
            said = plugin.post_filter(decision)
        except PluginError as error:
            return Aftermath(str(error))
        if said.done:
            return said
        nominated = said.nominated if said.nominated is not None else nominated
        messages += [said.message] if said.message else []
    return Aftermath(", ".join(messages), nominated)


def _restrict(plugin: Plugin, only: Only, snapshot: Snapshot, alive: Mask) -> Sequence[Verdict]:
    keep = np.fromiter((name in only.names for name in snapshot.names), np.bool_, len(snapshot))
    cut = alive & ~keep
    alive &= keep
    return [Verdict(plugin.name, Refusal(cut, f"node(s) didn't satisfy plugin(s) [{plugin.name}]"))]


def _score(profile: Profile, cycle: Cycle, feasible: Amounts) -> dict[str, Amounts]:
    """Weighted scores by plugin; a plugin that skips is not among them."""
    silent = {each.name for each in profile.at("pre_score") if each.pre_score(cycle, feasible) is SKIP}
    asked = [each for each in profile.at("score") if scores(each) and each.name not in silent]
    return {each.name: _weighed(each.score(cycle, feasible), profile.weight(each)) for each in asked}


def _weighed(amounts: Amounts, weight: int) -> Amounts:
    return amounts if weight == 1 else amounts * weight
