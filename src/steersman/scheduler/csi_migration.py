"""csi_migration: volumes of kinds that were built into kubelets, as the CSI drivers that took over see them. Pure.

Upstream: staging/src/k8s.io/csi-translation-lib. Upstream differences: kinds whose migration schedulers do not follow
(azureFile, vsphereVolume) are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.meta.types import Object

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
BETA_ZONE, BETA_REGION = "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"
MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins"
"""Annotation of a CSINode: the plugins that it leaves to drivers."""
_ZONES = "__"


@dataclass(frozen=True, slots=True)
class Migrated:
    """One kind. `topology`: the label of nodes by which its driver tells zones apart, if it does."""

    source: str
    plugin: str
    driver: str
    handle: Callable[[Object, Object], str]
    """Of a volume's source and the labels of the volume; empty if there is none."""
    topology: str = ""


def migrated(spec: Object) -> Migrated | None:
    """Of the spec of a PersistentVolume, or a volume of a pod."""
    return next((kind for kind in _KINDS if spec.get(kind.source) is not None), None)


def handle_of(kind: Migrated, spec: Object, labels: Object) -> str:
    """By which its driver knows the volume; empty if it does not."""
    return kind.handle(spec[kind.source], labels)


def migrated_plugin(name: str) -> Migrated | None:
    """By the name of a provisioner."""
    return next((kind for kind in _KINDS if kind.plugin == name), None)


def is_migrated_on(csi_node: Object | None, kind: Migrated) -> bool:
    """Whether a node leaves a kind to its driver."""
    annotations = (csi_node["metadata"].get("annotations") or {}) if csi_node is not None else {}
    return kind.plugin in annotations.get(MIGRATED_PLUGINS, "").split(",")


def translated_affinity(volume: Object, kind: Migrated) -> Object | None:
    """The required node affinity of a volume in its driver's words; None if it can be used anywhere."""
    required: Object | None = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if not kind.topology:
        return required
    terms = (required or {}).get("nodeSelectorTerms") or ()
    labels = volume["metadata"].get("labels") or {}
    beta = not _names(terms, ZONE) and (_names(terms, BETA_ZONE) or (ZONE not in labels and BETA_ZONE in labels))
    zone = BETA_ZONE if beta else ZONE
    renamed = {zone: kind.topology, **({BETA_REGION: REGION} if beta else {})}
    told = [
        term | {"matchExpressions": [_renamed(each, renamed) for each in term.get("matchExpressions") or ()]}
        for term in terms
    ]
    zones = sorted({each.strip() for each in labels.get(zone, "").split(_ZONES) if each.strip()})
    if zones and not _names(terms, zone):
        wanted = {"key": kind.topology, "operator": "In", "values": zones}
        told = [term | {"matchExpressions": [*term["matchExpressions"], wanted]} for term in told or [_EMPTY]]
    return {"nodeSelectorTerms": told} if told else required


_EMPTY: Object = {"matchExpressions": []}


def _names(terms: Iterable[Object], key: str) -> bool:
    return any(each.get("key") == key for term in terms for each in term.get("matchExpressions") or ())


def _renamed(expression: Object, names: Object) -> Object:
    key = expression.get("key", "")
    return expression | {"key": names[key]} if key in names else expression


def _ebs(source: Object, _labels: Object) -> str:
    name: str = source.get("volumeID", "")
    if not name.startswith("aws://"):
        return name
    name = name.rpartition("/")[2]
    return name if name.startswith("vol-") else ""


def _gce(source: Object, labels: Object) -> str:
    zones = [zone for zone in (labels.get(BETA_ZONE) or labels.get(ZONE) or "").split(_ZONES) if zone]
    disk = source.get("pdName", "")
    if len(zones) > 1:
        return f"projects/UNSPECIFIED/regions/{zones[0].rpartition('-')[0]}/disks/{disk}"
    return f"projects/UNSPECIFIED/zones/{zones[0] if zones else 'UNSPECIFIED'}/disks/{disk}"


def _azure(source: Object, _labels: Object) -> str:
    managed = (source.get("kind") or "managed").lower() == "managed"
    return str(source.get("diskURI", "")) if managed else ""


def _by_id(source: Object, _labels: Object) -> str:
    return str(source.get("volumeID", ""))


_KINDS = (
    Migrated("gcePersistentDisk", "kubernetes.io/gce-pd", "pd.csi.storage.gke.io", _gce, "topology.gke.io/zone"),
    Migrated("awsElasticBlockStore", "kubernetes.io/aws-ebs", "ebs.csi.aws.com", _ebs, "topology.ebs.csi.aws.com/zone"),
    Migrated(
        "cinder", "kubernetes.io/cinder", "cinder.csi.openstack.org", _by_id, "topology.cinder.csi.openstack.org/zone"
    ),
    Migrated("azureDisk", "kubernetes.io/azure-disk", "disk.csi.azure.com", _azure),
    Migrated("portworxVolume", "kubernetes.io/portworx-volume", "pxd.portworx.com", _by_id),
)
