"""node_volumes: the volumes that nodes mount for pods, under the names that tell them apart. Pure.

Upstream: GetVolumeName of pkg/volume/{csi,iscsi,fc}, CreateVolumeSpec of pkg/controller/volume/attachdetach/util.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod_claims import claim_name, is_for_pod
from steersman.client.request import Key

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.controllers.base import View

CSI, ISCSI, FC = "kubernetes.io/csi", "kubernetes.io/iscsi", "kubernetes.io/fc"
_PLUGINS = {"csi": CSI, "iscsi": ISCSI, "fc": FC}
_SEPARATOR = "^"


@dataclass(frozen=True, slots=True)
class Volume:
    """Something that a node mounts."""

    name: str
    """Unique, as in status.volumesAttached of nodes."""
    label: str
    """What events call it: the PersistentVolume, or the pod's own name for it."""
    driver: str = ""
    """Of CSI; empty: the node needs none."""
    handle: str = ""
    shared: bool = True
    """Whether several nodes may have it at a time."""


def volume_of(spec: Object, label: str, modes: tuple[str, ...] = ()) -> Volume | None:
    """Of a PersistentVolume's specification, or a pod's volume; None for what has no name. `modes`: of access."""
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
    """None for what has no name."""
    return volume_of(volume["spec"], volume["metadata"]["name"], tuple(volume["spec"].get("accessModes") or ()))


def volume_in(pod: Object, entry: Object, view: View) -> Volume | None:
    """Behind one of a pod's volumes; None for what has no such name, or while its claim is not bound."""
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
