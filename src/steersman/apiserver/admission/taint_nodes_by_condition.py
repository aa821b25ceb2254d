"""TaintNodesByCondition: a new node is not ready until its node controller says so.

Changes: CREATE of nodes. Invariants: a node that already bears the taint is left alone.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review

_KEY, _EFFECT = "node.kubernetes.io/not-ready", "NoSchedule"


class TaintNodesByCondition(Plain):
    """Without it the scheduler could use a node between its registration and its first status."""

    name = "TaintNodesByCondition"
    resources = (NODES,)

    def admit(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource or review.obj is None:
            return
        taints = review.obj.setdefault("spec", {}).setdefault("taints", [])
        if not any(taint.get("key") == _KEY and taint.get("effect") == _EFFECT for taint in taints):
            taints.append({"key": _KEY, "effect": _EFFECT})
