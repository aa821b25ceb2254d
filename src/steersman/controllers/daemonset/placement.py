"""placement: which nodes a DaemonSet's pods belong on. Pure.

Invariants: whether a node is ready decides nothing, only its labels, its name and its taints do; what a daemon
tolerates in any case (nodes in trouble, cordoned ones) is added to what its template says.
Upstream: NodeShouldRunDaemonPod, AddOrUpdateDaemonPodTolerations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node_affinity import compile_required
from steersman.api.core.taints import NO_EXECUTE, NO_SCHEDULE, untolerated, with_toleration

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_TROUBLES = (
    ("not-ready", NO_EXECUTE),
    ("unreachable", NO_EXECUTE),
    ("disk-pressure", NO_SCHEDULE),
    ("memory-pressure", NO_SCHEDULE),
    ("pid-pressure", NO_SCHEDULE),
    ("unschedulable", NO_SCHEDULE),
)
_HOST_NETWORK_TROUBLE = ("network-unavailable", NO_SCHEDULE)


@dataclass(frozen=True, slots=True)
class Fit:
    """What a node is to a DaemonSet."""

    starts: bool
    """A pod that is missing is made."""
    stays: bool
    """A pod that is there may stay."""


FITS, FITS_NOT, MAY_STAY = Fit(True, True), Fit(False, False), Fit(False, True)


def tolerations_of(spec: Object) -> list[Object]:
    """What a daemon with the pod spec of a template tolerates."""
    tolerations: list[Object] = list(spec.get("tolerations") or ())
    troubles = [*_TROUBLES, _HOST_NETWORK_TROUBLE] if spec.get("hostNetwork") else _TROUBLES
    for key, effect in troubles:
        tolerations = with_toleration(
            tolerations, {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
        )
    return tolerations


class Placement:
    """Of one DaemonSet as it is now: compiled once, asked for every node."""

    def __init__(self, daemon_set: Object) -> None:
        spec = daemon_set["spec"]["template"]["spec"]
        self._node_name = spec.get("nodeName")
        self._affinity = compile_required(spec)
        self._tolerations = tolerations_of(spec)

    def fit(self, node: Object) -> Fit:
        if self._node_name and self._node_name != node["metadata"]["name"]:
            return FITS_NOT
        if not self._affinity(node):
            return FITS_NOT
        taints = (node.get("spec") or {}).get("taints")
        if untolerated(taints, self._tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None:
            return FITS
        return MAY_STAY if untolerated(taints, self._tolerations, (NO_EXECUTE,)) is None else FITS_NOT


def same_to_daemons(old: Object, new: Object) -> bool:
    """Whether two states of a node are alike in all that can matter here."""
    return bool(
        (old["metadata"].get("labels") or {}) == (new["metadata"].get("labels") or {})
        and ((old.get("spec") or {}).get("taints") or []) == ((new.get("spec") or {}).get("taints") or [])
    )
