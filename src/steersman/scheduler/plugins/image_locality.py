"""ImageLocality: prefers nodes that hold the pod's images already, more so the larger and more widespread they are.

Upstream: pkg/scheduler/framework/plugins/imagelocality. Upstream differences: none known. (As there, an image counts
with the size that the first node which holds it told.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.scheduler.framework import SCORE_MAX, Cycle, Plugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.snapshot import Amounts, Mask, Snapshot

_MB = 1024 * 1024
_LEAST, _MOST_PER_CONTAINER = 23 * _MB, 1000 * _MB


class ImageLocality(Plugin):
    """See the module."""

    name = "ImageLocality"

    def score(self, cycle: Cycle, feasible: NDArray[np.intp]) -> Amounts:
        snapshot = cycle.snapshot
        total = np.zeros(len(feasible), np.int64)
        images = list(_images(cycle.pod.spec))
        anywhere = False
        for image in images:
            holders = self._holders(snapshot, image)
            if not np.count_nonzero(holders):
                continue
            anywhere = True
            size = _size(snapshot, holders, image)
            # As a float, as upstream: images that many nodes hold count for more.
            spread = float(np.count_nonzero(holders)) / len(snapshot)
            total += holders[feasible] * int(size * spread)
        if not anywhere:
            return total
        most = _MOST_PER_CONTAINER * len(images)
        return SCORE_MAX * (np.clip(total, _LEAST, most) - _LEAST) // (most - _LEAST)

    def _holders(self, snapshot: Snapshot, image: str) -> Mask:
        return snapshot.mask((self.name, image), lambda node: _size_on(node, image) is not None)


def normalised_image(name: str) -> str:
    """With the tag that is meant if none is given."""
    return name if name.rfind(":") > name.rfind("/") else f"{name}:latest"


def _images(spec: Object) -> Iterable[str]:
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        yield normalised_image(container.get("image") or "")
    for volume in spec.get("volumes") or ():
        if volume.get("image") is not None:
            yield normalised_image(volume["image"].get("reference") or "")


def _size(snapshot: Snapshot, holders: Mask, image: str) -> int:
    """As the first of the holders tells it: nodes stand in the order in which they came."""
    return _size_on(snapshot.nodes[int(np.argmax(holders))], image) or 0


def _size_on(node: Object, image: str) -> int | None:
    for held in (node.get("status") or {}).get("images") or ():
        if image in (held.get("names") or ()):
            size: int = held.get("sizeBytes") or 0
            return size
    return None
