"""The words in which a pod and its users are told why it cannot be placed: upstream's, to the letter. Pure.

Upstream: pkg/scheduler/framework/types.go (FitError).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.scheduler.cycle import Decision

NO_NODES = "no nodes available to schedule pods"


def no_nodes(nodes: int, reasons: Mapping[str, int]) -> str:
    """`0/3 nodes are available: 1 Insufficient cpu, 2 ... .`, by reason how many."""
    counted = sorted(f"{count} {reason}" for reason, count in reasons.items() if count)  # as text: 10 before 2
    return f"0/{nodes} nodes are available:" + (f" {', '.join(counted)}." if counted else "")


def fit_error(decision: Decision, post_filter: str = "") -> str:
    """Why no node can take a pod, and what preemption had to say."""
    if decision.rejected is not None:
        said = f"0/{decision.snapshot_nodes} nodes are available: {decision.rejected[1].reason}."
    else:
        said = no_nodes(decision.snapshot_nodes, decision.counts)
    return f"{said} {post_filter}" if post_filter else said
