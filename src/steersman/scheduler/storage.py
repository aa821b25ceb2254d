"""storage: what plugins know of volumes, claims, classes and drivers, out of informers.

Reads: persistentvolumes, persistentvolumeclaims, storageclasses, csinodes, csidrivers, csistoragecapacities,
volumeattachments.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_volume
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod_claims import ClaimUse, claim_uses
from steersman.api.storage.csi_driver import CSI_DRIVERS
from steersman.api.storage.csi_node import CSI_NODES
from steersman.api.storage.csi_storage_capacity import CSI_STORAGE_CAPACITIES
from steersman.api.storage.storage_class import STORAGE_CLASSES
from steersman.api.storage.volume_attachment import VOLUME_ATTACHMENTS
from steersman.client.request import Key
from steersman.scheduler.assumed import Assumed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.informer import Informer, Informers
    from steersman.scheduler.pod_info import PodInfo

_FREE, _MEANT, _BY_NODE = "free volumes by storage class", "volumes by claim", "volume attachments by node"


class Storage:
    """Wishes for its informers when it is made. Objects are read-only.

    `claims` and `volumes` are as they are assumed to be; methods give them as the API shows them.
    """

    def __init__(self, *, informers: Informers) -> None:
        claims, volumes = informers.of(PERSISTENT_VOLUME_CLAIMS), informers.of(PERSISTENT_VOLUMES)
        volumes.add_index(_FREE, _class_if_free)
        volumes.add_index(_MEANT, _claim_of_volume)
        self.claims = Assumed(informer=claims)
        self.volumes = Assumed(informer=volumes)
        self._classes = informers.of(STORAGE_CLASSES)
        self._csi_nodes = informers.of(CSI_NODES)
        self._csi_drivers = informers.of(CSI_DRIVERS)
        self._capacities = informers.of(CSI_STORAGE_CAPACITIES)
        self._attachments = informers.of(VOLUME_ATTACHMENTS)
        self._attachments.add_index(_BY_NODE, _node_of_attachment)
        self.csi_node_changes = 0
        """Rises with every change of a CSINode: what is derived from them can be kept until then."""
        self._csi_nodes.add_handler(self._count_csi_node)
        self._attached: Counter[str] = Counter()
        self._attachments.add_handler(self._count_attachment)
        self.informers: Mapping[str, Informer] = {
            "persistentvolumeclaims": claims,
            "persistentvolumes": volumes,
            "storageclasses": self._classes,
            "csinodes": self._csi_nodes,
            "csidrivers": self._csi_drivers,
            "csistoragecapacities": self._capacities,
            "volumeattachments": self._attachments,
        }
        """By plural name: changes of these may help pods that plugins refused by them."""

    def claim(self, namespace: str, name: str) -> Object | None:
        return self.claims.shown(Key(namespace, name))

    def volume(self, name: str) -> Object | None:
        return self.volumes.shown(Key("", name))

    def free_volumes(self, storage_class: str) -> Sequence[Object]:
        """Of a class, as they are assumed to be: those that are no claim's, but for what is assumed."""
        return self.volumes.by_index(_FREE, storage_class)

    def volumes_for(self, claim: Object) -> Sequence[Object]:
        """Those that name a claim, as they are assumed to be."""
        return self.volumes.by_index(_MEANT, f"{claim['metadata']['namespace']}/{claim['metadata']['name']}")

    def storage_class(self, name: str) -> Object | None:
        return self._classes.get(Key("", name))

    def csi_node(self, node: str) -> Object | None:
        return self._csi_nodes.get(Key("", node))

    def csi_driver(self, name: str) -> Object | None:
        return self._csi_drivers.get(Key("", name))

    def capacities(self) -> Sequence[Object]:
        """All CSIStorageCapacities."""
        return self._capacities.list()

    def attachments(self, node: str) -> Sequence[Object]:
        """VolumeAttachments of a node."""
        return self._attachments.by_index(_BY_NODE, node)

    @property
    def attached(self) -> Mapping[str, int]:
        """How many they are; nodes that have none are not there."""
        return self._attached

    def _count_csi_node(self, _old: Object | None, _new: Object | None) -> None:
        self.csi_node_changes += 1

    def _count_attachment(self, old: Object | None, new: Object | None) -> None:
        for obj, sign in ((old, -1), (new, 1)):
            if obj is not None:
                node = obj["spec"].get("nodeName", "")
                self._attached[node] += sign
                if not self._attached[node]:
                    del self._attached[node]


def uses_of(pod: PodInfo) -> tuple[ClaimUse, ...]:
    """The claims that a pod uses, read once."""
    known = pod.memo.get("claims")
    if not isinstance(known, tuple):
        known = pod.memo["claims"] = tuple(claim_uses(pod.pod))
    return known


def is_used_by(claim: Object, pod: PodInfo, *, made: bool = True) -> bool:
    """Whether a pod names a claim. `made`: also as one that is made for it."""
    metadata = claim["metadata"]
    if metadata.get("namespace") != pod.key[0]:
        return False
    return any(use.name == metadata["name"] and (made or not use.made) for use in uses_of(pod))


def waits_for_consumer(storage_class: Object) -> bool:
    """Whether its volumes are bound when it is known where a pod goes."""
    return storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def _class_if_free(volume: Object) -> Iterable[str]:
    return (class_of_volume(volume),) if volume["spec"].get("claimRef") is None else ()


def _claim_of_volume(volume: Object) -> Iterable[str]:
    reference = volume["spec"].get("claimRef")
    return (f"{reference.get('namespace', '')}/{reference.get('name', '')}",) if reference is not None else ()


def _node_of_attachment(attachment: Object) -> Iterable[str]:
    return (attachment["spec"].get("nodeName", ""),)
