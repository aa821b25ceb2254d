"""NodeDeclaredFeatureValidator: a bound pod is not changed in a way that its node does not know how to carry out.

Reads: nodes. Judges: UPDATE of pods and pods/resize.
Upstream differences: devices that give out a node's own resources (off by default there) are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.podspec.walk import is_sidecar
from steersman.api.errors import go_quote
from steersman.api.meta.quantity import parse
from steersman.apiserver.admission.interface import UPDATE, Plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review


class NodeDeclaredFeatureValidator(Plain):
    """What a node can do it declares in its status."""

    name = "NodeDeclaredFeatureValidator"
    resources = (PODS,)

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def validate(self, review: Review) -> None:
        if review.operation != UPDATE or review.subresource not in ("", "resize"):
            return
        pod, old = review.obj, review.old
        if pod is None or old is None:
            return
        node_name = pod["spec"].get("nodeName")
        if not node_name or old["metadata"].get("generation") == pod["metadata"].get("generation"):
            return
        required = [feature for feature, needed in _FEATURES if needed(old["spec"], pod["spec"])]
        if not required:
            return
        node = self._reader.get(NODES, "", node_name)
        if node is None:
            raise review.forbidden(f"node {go_quote(node_name)} not found")
        declared = (node.get("status") or {}).get("declaredFeatures") or ()
        missing = [feature for feature in required if feature not in declared]
        if missing:
            raise review.forbidden(
                f"pod update requires features {', '.join(missing)} which are not available on node "
                f"{go_quote(node_name)}"
            )


def _resizes_pod(old: Object, new: Object) -> bool:
    before, after = old.get("resources"), new.get("resources")
    return (before is not None or after is not None) and _amounts(before) != _amounts(after)


def _amounts(resources: Object | None) -> Object:
    return {
        kind: {name: parse(amount) for name, amount in listed.items()} if kind != "claims" else listed
        for kind, listed in (resources or {}).items()
        if listed
    }


def _resizes_init_container(old: Object, new: Object) -> bool:
    after = new.get("initContainers") or ()
    return any(
        not is_sidecar(container) and index < len(after) and container.get("resources") != after[index].get("resources")
        for index, container in enumerate(old.get("initContainers") or ())
    )


def _resizes_memory_volume(old: Object, new: Object) -> bool:
    before, after = old.get("volumes") or (), new.get("volumes") or ()
    if len(before) != len(after):
        return False
    for was, now in zip(before, after, strict=True):
        source, source_before = now.get("emptyDir") or {}, was.get("emptyDir") or {}
        if was.get("name") != now.get("name") or source.get("medium") != "Memory":
            continue
        if source.get("sizeLimit") is None or source_before.get("sizeLimit") is None:
            continue
        if parse(source["sizeLimit"]) != parse(source_before["sizeLimit"]):
            return True
    return False


_FEATURES: tuple[tuple[str, Callable[[Object, Object], bool]], ...] = (
    ("InPlacePodLevelResourcesVerticalScaling", _resizes_pod),
    ("InPlacePodVerticalScalingInitContainers", _resizes_init_container),
    ("InPlacePodVerticalScalingMemoryBackedVolumes", _resizes_memory_volume),
)
"""What an update needs, in the order in which messages name it."""
