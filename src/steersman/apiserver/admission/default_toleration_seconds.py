"""DefaultTolerationSeconds: pods stay for five minutes on a node that is not ready or cannot be reached.

Changes: CREATE and UPDATE of pods. Invariants: a pod that says anything about such a taint is left alone.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review

_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_EFFECT = "NoExecute"
_OPERATIONS = (CREATE, UPDATE)


class DefaultTolerationSeconds(Plain):
    """`not_ready_s`, `unreachable_s`: how long pods that say nothing stay."""

    name = "DefaultTolerationSeconds"
    resources = (PODS,)

    def __init__(self, *, not_ready_s: int = 300, unreachable_s: int = 300) -> None:
        self._defaults = tuple(zip(_TAINTS, (not_ready_s, unreachable_s), strict=True))

    def admit(self, review: Review) -> None:
        if review.subresource or review.operation not in _OPERATIONS:
            return
        if review.obj is None:
            return
        spec = review.obj["spec"]
        tolerations = spec.get("tolerations") or []
        said = {
            toleration.get("key") or "" for toleration in tolerations if toleration.get("effect") in (None, "", _EFFECT)
        }
        if "" in said:
            return
        missing = [
            {"key": key, "operator": "Exists", "effect": _EFFECT, "tolerationSeconds": seconds}
            for key, seconds in self._defaults
            if key not in said
        ]
        if missing:
            spec["tolerations"] = [*tolerations, *missing]
