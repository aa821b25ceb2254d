"""PodTopologyLabels: a pod carries the zone and region of its node as labels, so that it can read them itself.

Reads: nodes. Changes: CREATE of pods that are bound from the start, and of bindings (whose labels the pod takes over).
Invariants: the node's labels win; a node that does not exist has none. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.interface import CREATE, Plain

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Reader, Review

LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plain):
    """See the module."""

    name = "PodTopologyLabels"
    resources = (PODS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def admit(self, review: Review) -> None:
        obj = review.obj
        if review.operation != CREATE or obj is None:
            return
        if not review.subresource:
            node_name = (obj.get("spec") or {}).get("nodeName")
        elif review.subresource == "binding":
            target = obj.get("target") or {}
            node_name = target.get("name") if target.get("kind") == "Node" else None
        else:
            return
        node = self._reader.get(NODES, "", node_name) if node_name else None
        if node is None:
            return
        found = node["metadata"].get("labels") or {}
        copied = {key: found[key] for key in LABELS if key in found}
        if copied:
            metadata = obj.setdefault("metadata", {})
            metadata["labels"] = (metadata.get("labels") or {}) | copied
