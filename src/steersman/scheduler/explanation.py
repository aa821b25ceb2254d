"""explanation: a decision told node by node: who refused it and why, or what every plugin scored it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.scheduler.cycle import Decision


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """What was said about one node. `refusals`: plugin and reason, of the first plugin that refused it; none: it can
    take the pod. `scores`: weighted, by plugin; empty where nothing was compared.
    """

    node: str
    refusals: tuple[tuple[str, str], ...] = ()
    scores: Mapping[str, int] = field(default_factory=dict)
    chosen: bool = False

    @property
    def total(self) -> int:
        return sum(self.scores.values())


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one pod. `held_back`: plugin and reason why it is not even queued; `rejected`: why no node was looked at."""

    nodes: tuple[NodeVerdict, ...]
    rejected: tuple[str, str] | None = None
    held_back: tuple[tuple[str, str], ...] = ()


def explain(decision: Decision, names: Sequence[str], *, held_back: tuple[tuple[str, str], ...] = ()) -> Explanation:
    """`names`: of all nodes, in the snapshot's order. The best come first, then those that were refused."""
    rejected = (decision.rejected[0], decision.rejected[1].reason) if decision.rejected is not None else None
    if rejected is not None:
        return Explanation(tuple(NodeVerdict(name, (rejected,)) for name in names), rejected, held_back)
    places = {name: place for place, name in enumerate(decision.feasible)}
    verdicts = []
    for column, name in enumerate(names):
        place = places.get(name)
        if place is not None:
            scores = {plugin: int(amounts[place]) for plugin, amounts in decision.scores.items()}
            verdicts.append(NodeVerdict(name, scores=scores, chosen=name == decision.node))
        else:
            verdicts.append(NodeVerdict(name, tuple(decision.reasons(column))))
    verdicts.sort(key=lambda each: (bool(each.refusals), not each.chosen, -each.total, each.node))
    return Explanation(tuple(verdicts), None, held_back)


def table(explanation: Explanation) -> list[list[str]]:
    """Rows of text, the first of them the head: NODE, VERDICT, a column for each plugin that scored, TOTAL."""
    scored = list(dict.fromkeys(plugin for each in explanation.nodes for plugin in each.scores))
    rows = [["NODE", "VERDICT", *scored, *(["TOTAL"] if scored else [])]]
    for each in explanation.nodes:
        numbers = [str(each.scores[plugin]) for plugin in scored] if each.scores else ["-"] * len(scored)
        total = ([str(each.total)] if each.scores else ["-"]) if scored else []
        rows.append([each.node, _verdict(each), *numbers, *total])
    return rows


def _verdict(verdict: NodeVerdict) -> str:
    if not verdict.refusals:
        return "chosen" if verdict.chosen else "feasible"
    return "; ".join(f"{plugin}: {reason}" for plugin, reason in verdict.refusals)
