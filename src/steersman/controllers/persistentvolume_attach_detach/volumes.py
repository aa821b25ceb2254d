"""What can be attached to nodes, and what it is called. Pure.

Upstream: pkg/volume/{csi,iscsi,fc}, pkg/controller/volume/attachdetach/util.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod_claims import claim_name, is_for_pod
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.client.request import Key
from steersman.controllers.pods import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object
    from steersman.controllers.base import View

CSI, ISCSI, FC = "kubernetes.io/csi", "kubernetes.io/iscsi", "kubernetes.io/fc"
_PLUGINS = {"csi": CSI, "iscsi": ISCSI, "fc": FC}
_SEPARATOR = "^"


@dataclass(frozen=True, slots=True)
class Volume:
    """Something that is attached to a node."""

    name: str
    """Unique, as in status.volumesAttached of nodes."""
    label: str
    """What events call it: the PersistentVolume, or the pod's own name for it."""
    driver: str = ""
    """Of CSI, which attaches it; empty: nothing has to be done for it but to say that it is attached."""
    handle: str = ""
    shared: bool = True
    """Whether several nodes may have it at a time."""


def volume_of(spec: Object, label: str, modes: tuple[str, ...] = ()) -> Volume | None:
    """Of a PersistentVolume's specification, or a pod's volume; None for what is not attached. `modes`: of access."""
    shared = not modes or "ReadWriteMany" in modes or "ReadOnlyMany" in modes
    for field, plugin in _PLUGINS.items():
        source = spec.get(field)
        if source is None:
            continue
        if plugin == CSI:
            if "volumeHandle" not in source:
                return None  # made for a pod on its node
            driver, handle = source["driver"], source["volumeHandle"]
            return Volume(f"{CSI}/{driver}{_SEPARATOR}{handle}", label, driver, handle, shared)
        name = _iscsi_name(source) if plugin == ISCSI else _fc_name(source)
        return Volume(f"{plugin}/{name}", label, shared=shared)
    return None


def _iscsi_name(source: Object) -> str:
    return f"{source['targetPortal']}:{source['iqn']}:{source['lun']}"


def _fc_name(source: Object) -> str:
    names, lun = source.get("targetWWNs") or (), source.get("lun")
    if names and lun is not None:
        return f"[{' '.join(names)}]:{lun}"
    return f"[{' '.join(source.get('wwids') or ())}]"


def volume_named(name: str) -> Volume:
    """What a node says that it has, where nothing else is known of it."""
    if name.startswith(f"{CSI}/") and _SEPARATOR in name:
        driver, _, handle = name.removeprefix(f"{CSI}/").partition(_SEPARATOR)
        return Volume(name, "nil", driver, handle)
    return Volume(name, "nil")


def of_persistent_volume(volume: Object) -> Volume | None:
    """None for what is not attached."""
    return volume_of(volume["spec"], volume["metadata"]["name"], tuple(volume["spec"].get("accessModes") or ()))


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
        volume = _volume_in(pod, entry, view)
        if volume is not None and is_attached_by(volume.driver, view):
            yield volume


def is_attached_by(driver: str, view: View) -> bool:
    """Whether volumes of a CSI driver (empty: of none) are attached at all."""
    known = view.get(CSI_DRIVERS, Key("", driver)) if driver else None
    return known is None or known["spec"].get("attachRequired") is not False


def _volume_in(pod: Object, entry: Object, view: View) -> Volume | None:
    made = entry.get("ephemeral") is not None
    named = (entry.get("persistentVolumeClaim") or {}).get("claimName")
    name = claim_name(pod, entry) if made else named
    if name is None:
        return volume_of(entry, entry["name"])
    claim = view.get(PERSISTENT_VOLUME_CLAIMS, Key(pod["metadata"]["namespace"], name))
    if claim is None or (made and not is_for_pod(claim, pod)):
        return None
    if (claim.get("status") or {}).get("phase") != "Bound" or not claim["spec"].get("volumeName"):
        return None
    found = view.get(PERSISTENT_VOLUMES, Key("", claim["spec"]["volumeName"]))
    if found is None or (found["spec"].get("claimRef") or {}).get("uid") != claim["metadata"]["uid"]:
        return None
    return of_persistent_volume(found)
