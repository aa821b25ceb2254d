"""PodResizeValidator: a running pod does not grow beyond what its node can give, nor at all where nodes cannot resize.

Reads: nodes. Judges: UPDATE of pods/resize. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.pod_resources import pod_requests
from steersman.api.errors import go_quote
from steersman.api.meta.quantity import ZERO, parse
from steersman.apiserver.admission.interface import UPDATE, Plain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

_OS_LABEL = "kubernetes.io/os"


class PodResizeValidator(Plain):
    """See the module."""

    name = "PodResizeValidator"
    resources = (PODS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def validate(self, review: Review) -> None:
        if review.subresource != "resize" or review.operation != UPDATE:
            return
        pod, old = review.obj, review.old
        if pod is None or old is None:
            return
        node_name = pod["spec"].get("nodeName")
        if not node_name or old["metadata"].get("generation") == pod["metadata"].get("generation"):
            return
        node = self._reader.get(NODES, "", node_name)
        if node is None:
            raise review.forbidden(f"node {go_quote(node_name)} not found")
        system = (node["metadata"].get("labels") or {}).get(_OS_LABEL, "linux")
        if system != "linux":
            raise review.forbidden(
                f"pod resize is only supported on linux nodes, node {go_quote(node_name)} is {go_quote(system)}",
                causes=[{"reason": "UnsupportedPlatform"}],
            )
        if lacking := _lacking(pod, node):
            raise review.forbidden(
                f"node didn't have enough allocatable resources: {'; '.join(lacking)}",
                causes=[{"reason": "NodeCapacity"}],
            )


def _lacking(pod: Object, node: Object) -> list[str]:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    requested = pod_requests(pod["spec"], overhead=True)
    texts = []
    for name in ("cpu", "memory"):
        wanted = requested.get(name, ZERO)
        there = parse(allocatable[name]) if name in allocatable else ZERO
        if wanted > there:
            amounts = (wanted.milli_value(), there.milli_value()) if name == "cpu" else (wanted.value(), there.value())
            texts.append(f"{name}, requested: {amounts[0]}, allocatable: {amounts[1]}")
    return texts
