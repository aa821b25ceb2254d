"""The words of events about pods whose volumes are attached, or wait. Pure.

Upstream: pkg/volume/util/operationexecutor, pkg/controller/volume/attachdetach/reconciler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object
    from steersman.controllers.node_volumes import Volume


def attached(volume: Volume) -> str:
    """With the blank that upstream puts before what it might add."""
    return f'AttachVolume.Attach succeeded for volume "{volume.label}" '


def not_attached(volume: Volume, why: str) -> str:
    return f'AttachVolume.Attach failed for volume "{volume.label}" : {why}'


def timed_out(volume: Volume) -> str:
    """Why it is not attached."""
    return f"timed out waiting for external-attacher of {volume.driver} CSI driver to attach volume {volume.handle}"


def refused(error: object) -> str:
    """Why it is not attached: the API has not taken the VolumeAttachment."""
    return f"kubernetes.io/csi: attacher.Attach failed: {error}"


def waits(volume: Volume, pod: Object, users: Sequence[Object]) -> str:
    """A pod waits for a volume that only one node can have. `users`: the pods there; of other namespaces than the
    pod's it learns only how many there are.
    """
    namespaces = [user["metadata"]["namespace"] for user in users]
    namespace = pod["metadata"]["namespace"]
    names = sorted(user["metadata"]["name"] for user in users if user["metadata"]["namespace"] == namespace)
    others = len(namespaces) - len(names)
    if not namespaces:
        why = (
            "Volume is already exclusively attached to one node, waiting on detach before it can be attached to "
            "another node"
        )
    elif names:
        why = f"Volume is already used by pod(s) {', '.join(names)}"
        why += f" and {others} pod(s) in different namespaces" if others else ""
    else:
        why = f"Volume is already used by {others} pod(s) in different namespaces"
    return f'Waiting for detach for volume "{volume.label}" {why}'
