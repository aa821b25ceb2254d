"""score_log: what every plugin scored every node that could take a pod, as lines of a log for those who debug.

In the words of kube-scheduler's log, which tools look for. Weighted, as they are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.scheduler.cycle import Decision
    from steersman.scheduler.pod_info import PodInfo


def score_lines(pod: PodInfo, decision: Decision) -> Iterator[str]:
    """One for each plugin and node; none where only one node was left. Pure."""
    name = "/".join(pod.key)
    for plugin, scores in decision.scores.items():
        for node, score in zip(decision.feasible, scores, strict=True):
            yield f'"Plugin scored node for pod" pod="{name}" plugin="{plugin}" node="{node}" score={int(score)}'
