"""What a pod's specification refers to in the API: what a pod that a node invents must not do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod_secrets import config_map_names, secret_names
from steersman.api.errors import go_quote

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_HARMLESS_VOLUMES = frozenset(
    [
        "awsElasticBlockStore",
        "azureDisk",
        "cephfs",
        "cinder",
        "downwardAPI",
        "emptyDir",
        "fc",
        "flexVolume",
        "flocker",
        "gcePersistentDisk",
        "gitRepo",
        "hostPath",
        "image",
        "iscsi",
        "nfs",
        "photonPersistentDisk",
        "portworxVolume",
        "quobyte",
        "rbd",
        "scaleIO",
        "storageos",
        "vsphereVolume",
    ]
)
_TELLING_VOLUMES = {
    "configMap": "configmaps (via configmap volumes)",
    "secret": "secrets (via secret volumes)",
    "csi": "csidrivers (via CSI volumes)",
    "glusterfs": "endpoints (via glusterFS volumes)",
    "persistentVolumeClaim": "persistentvolumeclaims",
    "ephemeral": "persistentvolumeclaims (via ephemeral volumes)",
    "azureFile": "secrets (via azureFile volumes)",
}
_TELLING_SOURCES = {
    "configMap": "configmaps (via projected volumes)",
    "secret": "secrets (via projected volumes)",
    "serviceAccountToken": "serviceaccounts (via projected volumes)",
    "clusterTrustBundle": "clustertrustbundles",
    "podCertificate": "podcertificates",
}


class UnknownVolume(ValueError):
    """A volume of a kind that this list does not know; the message is upstream's."""


def api_reference(spec: Object) -> str:
    """The first thing in the API that a pod refers to, in upstream's words; empty if there is none.

    Raises UnknownVolume.
    """
    if spec.get("serviceAccountName"):
        return "serviceaccounts"
    if any(secret_names(spec)):
        return "secrets"
    if any(config_map_names(spec)):
        return "configmaps"
    if spec.get("resourceClaims"):
        return "resourceclaims"
    for volume in spec.get("volumes") or ():
        if found := _of_volume(volume):
            return found
    return ""


def _of_volume(volume: Object) -> str:
    kinds = [kind for kind in volume if kind != "name" and volume[kind] is not None]
    if any(kind in _HARMLESS_VOLUMES for kind in kinds):
        return ""
    for kind in kinds:
        if kind in _TELLING_VOLUMES:
            return _TELLING_VOLUMES[kind]
    if "projected" not in kinds:
        raise UnknownVolume(f"unknown volume type for volume  {go_quote(volume.get('name', ''))}")
    for source in volume["projected"].get("sources") or ():
        for kind, found in _TELLING_SOURCES.items():
            if source.get(kind) is not None:
                return found
        if source.get("downwardAPI") is None:
            raise UnknownVolume(f"unknown source for projected volume {go_quote(volume.get('name', ''))}")
    return ""
