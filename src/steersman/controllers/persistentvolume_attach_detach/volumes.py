"""What is attached to nodes, for whom, and how a driver is asked. Pure.

Upstream: pkg/volume/csi, pkg/controller/volume/attachdetach/util.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.client.request import Key
from steersman.controllers.node_volumes import volume_in
from steersman.controllers.pods import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.controllers.base import View
    from steersman.controllers.node_volumes import Volume


def attachment_name(volume: Volume, node: str) -> str:
    """Of the VolumeAttachment."""
    return f"csi-{sha256(f'{volume.handle}{volume.driver}{node}'.encode()).hexdigest()}"


def render_attachment(volume: Volume, node: str) -> Object:
    """The VolumeAttachment that asks the driver."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": attachment_name(volume, node)},
        "spec": {"attacher": volume.driver, "nodeName": node, "source": {"persistentVolumeName": volume.label}},
    }


def uses_volumes(pod: Object) -> bool:
    """Whether what a pod has must be attached: not once its containers have ended for good, or it is deleted and none
    of them runs.
    """
    if is_terminal(pod):
        return False
    return not pod["metadata"].get("deletionTimestamp") or _runs(pod)


def _runs(pod: Object) -> bool:
    status = pod.get("status") or {}
    states = [
        each.get("state") or {}
        for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for each in status.get(field) or ()
    ]
    return any(state.get("terminated") is None and state.get("waiting") is None for state in states)


def attachable_volumes(pod: Object, view: View) -> Iterator[Volume]:
    """What of a pod's volumes is attached to its node, as far as its claims are bound."""
    for entry in pod["spec"].get("volumes") or ():
        volume = volume_in(pod, entry, view)
        if volume is not None and is_attached_by(volume.driver, view):
            yield volume


def is_attached_by(driver: str, view: View) -> bool:
    """Whether volumes of a CSI driver (empty: of none) are attached at all."""
    known = view.get(CSI_DRIVERS, Key("", driver)) if driver else None
    return known is None or known["spec"].get("attachRequired") is not False
