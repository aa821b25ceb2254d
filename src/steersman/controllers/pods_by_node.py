"""pods_by_node: the pods on a node, as an index that controllers share. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

PODS_BY_NODE = "pods by node"


def node_names(pod: Object) -> tuple[str, ...]:
    """The values of the index: the name of the node, or an empty one."""
    return (pod["spec"].get("nodeName") or "",)
