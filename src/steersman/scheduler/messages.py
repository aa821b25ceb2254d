"""The words in which a pod and its users are told why it cannot be placed: upstream's, to the letter. Pure.

Upstream: pkg/scheduler/framework/types.go (FitError).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.scheduler.cycle import Decision

NO_NODES = "no nodes available to schedule pods"


def fit_error(decision: Decision, post_filter: str = "") -> str:
    """`0/3 nodes are available: 1 Insufficient cpu, 2 ... .`, and what preemption had to say."""
    parts = [f"0/{decision.snapshot_nodes} nodes are available:"]
    if decision.rejected is not None:
        parts.append(f"{decision.rejected[1].reason}.")
    else:
        counted = sorted(f"{count} {reason}" for reason, count in decision.counts.items())  # as text: 10 before 2
        if counted:
            parts.append(f"{', '.join(counted)}.")
    if post_filter:
        parts.append(post_filter)
    return " ".join(parts)
