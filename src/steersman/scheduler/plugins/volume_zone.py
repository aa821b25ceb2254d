"""VolumeZone: pods go to the zone, and the region, that their bound volumes are labelled with.

Upstream: pkg/scheduler/framework/plugins/volumezone. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from steersman.api.core.claim_class import class_of_claim
from steersman.scheduler.csi_migration import BETA_REGION, BETA_ZONE, REGION, ZONE
from steersman.scheduler.events import (
    CLAIM_ADDED,
    CLAIM_UPDATED,
    NODE_ADDED,
    NODE_UPDATED,
    STORAGE_CLASS_ADDED,
    VOLUME_ADDED,
    VOLUME_UPDATED,
    Event,
)
from steersman.scheduler.framework import SKIP, Cycle, Plugin, Refusal, Rejected, Skip
from steersman.scheduler.storage import is_used_by, uses_of, waits_for_consumer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.scheduler.pod_info import PodInfo
    from steersman.scheduler.storage import Storage

    Places: TypeAlias = tuple[tuple[str, frozenset[str]], ...]
    """Labels, and the values that will do."""

_LABELS = (BETA_ZONE, BETA_REGION, ZONE, REGION)
_STABLE = {BETA_ZONE: ZONE, BETA_REGION: REGION}


class VolumeZone(Plugin):
    """See the module."""

    name = "VolumeZone"
    helped_by = frozenset(
        {NODE_ADDED, NODE_UPDATED, STORAGE_CLASS_ADDED, CLAIM_ADDED, CLAIM_UPDATED, VOLUME_ADDED, VOLUME_UPDATED}
    )

    def __init__(self, *, storage: Storage) -> None:
        self._storage = storage

    def may_help(self, event: Event, pod: PodInfo) -> bool:
        if event.new is None:
            return True
        if event.kind == STORAGE_CLASS_ADDED:
            return waits_for_consumer(event.new)
        if event.kind in (CLAIM_ADDED, CLAIM_UPDATED):
            return is_used_by(event.new, pod, made=False)
        if event.old is None:
            return True
        if event.kind == VOLUME_UPDATED:
            return places_of(event.old) != places_of(event.new)
        return bool(event.old["metadata"].get("labels") != event.new["metadata"].get("labels"))

    def pre_filter(self, cycle: Cycle) -> Rejected | Skip | None:
        found: Places = ()
        for use in uses_of(cycle.pod):
            if not use.made:
                places = self._places(cycle.pod.key[0], use.name)
                if isinstance(places, Rejected):
                    return places
                found += places
        cycle.memo[self.name] = found
        return None if found else SKIP

    def filter(self, cycle: Cycle) -> Iterable[Refusal]:
        places = cycle.memo[self.name]
        assert isinstance(places, tuple)
        key = (self.name, places)
        yield Refusal(
            cycle.snapshot.mask(key, lambda node: lies_elsewhere(node, places)), "node(s) had no available volume zone"
        )

    def _places(self, namespace: str, name: str) -> Places | Rejected:
        """Of the volume that a claim is bound to; none if it is not yet, as it should be."""
        claim = self._storage.claim(namespace, name)
        if claim is None:
            return Rejected(f'persistentvolumeclaim "{name}" not found')
        bound = claim["spec"].get("volumeName")
        if bound:
            volume = self._storage.volume(bound)
            return places_of(volume) if volume is not None else Rejected(f'persistentvolume "{bound}" not found')
        wanted = class_of_claim(claim)
        if not wanted:
            return Rejected("PersistentVolumeClaim had no pv name and storageClass name")
        storage_class = self._storage.storage_class(wanted)
        if storage_class is None:
            return Rejected(f'storageclass.storage.k8s.io "{wanted}" not found')
        return () if waits_for_consumer(storage_class) else Rejected("PersistentVolume had no name")


def places_of(volume: Object) -> Places:
    """A label may name several values, between `__`; one that is empty in between says nothing."""
    labels = volume["metadata"].get("labels") or {}
    found = ((key, frozenset(each.strip() for each in labels[key].split("__"))) for key in _LABELS if key in labels)
    return tuple((key, values) for key, values in found if "" not in values)


def lies_elsewhere(node: Object, places: Places) -> bool:
    """Whether a node is in none of the places; one that knows nothing of places is in all."""
    labels = node["metadata"].get("labels") or {}
    if not any(key in labels for key in _LABELS):
        return False
    return any(labels.get(key, labels.get(_STABLE.get(key, key))) not in values for key, values in places)
