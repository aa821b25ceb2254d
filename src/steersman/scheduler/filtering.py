"""filtering: which nodes cannot take a pod, as the plugins of one cycle say. Pure.

A node that is nominated for other pods, which are at least as important, must be able to take the pod with them and
without them: they are not there yet, and may never be.
Upstream: pkg/scheduler/framework/runtime (RunFilterPluginsWithNominatedPods).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import Cycle, PluginError, Refusal
from steersman.scheduler.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.snapshot import Mask, Snapshot


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one plugin refused."""

    plugin: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Filtering:
    """Who judges nodes in a cycle: the plugins that have not skipped it."""

    cycle: Cycle
    plugins: tuple[Plugin, ...]
    nominated: Mapping[str, Sequence[PodInfo]] = field(default_factory=dict)
    """By node: the other pods that it is nominated for, if they are at least as important as this one."""

    def refuse(self, snapshot: Snapshot, alive: Mask) -> list[Verdict]:
        """What is refused is taken out of `alive`, and told once. `snapshot`: the cycle's, or a trial of it. Raises
        PluginError.
        """
        return [*self._ask_with_nominated(snapshot, alive), *self._ask(snapshot, alive)]

    def _ask_with_nominated(self, snapshot: Snapshot, alive: Mask) -> list[Verdict]:
        if not self.nominated:
            return []
        columns = {node: column for node in self.nominated if (column := snapshot.index.get(node)) is not None}
        promised = snapshot.none()
        promised[list(columns.values())] = True
        promised &= alive
        if not np.count_nonzero(promised):
            return []
        trial, passing = Trial(snapshot), promised.copy()
        for node, column in columns.items():
            for pod in self.nominated[node] if promised[column] else ():
                trial.add_pod(pod, node)
        verdicts = self._ask(trial, passing)
        alive &= passing | ~promised
        return verdicts

    def _ask(self, snapshot: Snapshot, alive: Mask) -> list[Verdict]:
        cycle = self.cycle
        if snapshot is not cycle.snapshot:
            cycle = Cycle(cycle.pod, snapshot, dict(cycle.memo))
        cycle.left = alive
        verdicts = list[Verdict]()
        for plugin in self.plugins:
            if not np.count_nonzero(alive):
                break
            verdicts += _filter(plugin, cycle, alive)
        return verdicts


def _filter(plugin: Plugin, cycle: Cycle, alive: Mask) -> list[Verdict]:
    """Takes what is refused out of `alive`."""
    verdicts, gone = [], None
    try:
        for refusal in plugin.filter(cycle):
            if not np.count_nonzero(refusal.nodes):
                continue  # as most often
            nodes = refusal.nodes & alive
            if np.count_nonzero(nodes):
                gone = nodes if gone is None else gone | nodes
                verdicts.append(Verdict(plugin.name, Refusal(nodes, refusal.reason, refusal.preemptable)))
    except PluginError as error:
        raise PluginError(f'running "{plugin.name}" filter plugin: {error}') from error
    if gone is not None:
        alive &= ~gone
    return verdicts
