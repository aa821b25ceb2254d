"""events: what happened in the cluster, as far as a pod that was refused may now be placed. Pure.

A kind is a resource and what happened to it. "pods" are those that have a node; SELF is the waiting pod itself. What
other objects plugins decide by goes by its plural name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

SELF = "self"


class Action(Enum):
    """What can happen to an object."""

    ADDED = "added"
    UPDATED = "updated"
    DELETED = "deleted"


class Kind(NamedTuple):
    """One kind of event."""

    resource: str
    action: Action


NODE_ADDED, NODE_UPDATED = Kind("nodes", Action.ADDED), Kind("nodes", Action.UPDATED)
NODE_DELETED = Kind("nodes", Action.DELETED)
POD_ADDED, POD_UPDATED = Kind("pods", Action.ADDED), Kind("pods", Action.UPDATED)
POD_DELETED = Kind("pods", Action.DELETED)
SELF_UPDATED = Kind(SELF, Action.UPDATED)
CLAIM_ADDED, CLAIM_UPDATED = (Kind("persistentvolumeclaims", action) for action in (Action.ADDED, Action.UPDATED))
VOLUME_ADDED, VOLUME_UPDATED = (Kind("persistentvolumes", action) for action in (Action.ADDED, Action.UPDATED))
STORAGE_CLASS_ADDED, STORAGE_CLASS_UPDATED = (Kind("storageclasses", each) for each in (Action.ADDED, Action.UPDATED))
CSI_NODE_ADDED, CSI_NODE_UPDATED = (Kind("csinodes", action) for action in (Action.ADDED, Action.UPDATED))
CSI_DRIVER_UPDATED = Kind("csidrivers", Action.UPDATED)
CAPACITY_ADDED, CAPACITY_UPDATED = (Kind("csistoragecapacities", each) for each in (Action.ADDED, Action.UPDATED))
ATTACHMENT_DELETED = Kind("volumeattachments", Action.DELETED)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one object: `old` is None for a new one, `new` for one that is gone."""

    kind: Kind
    old: Object | None
    new: Object | None


def event_of(resource: str, old: Object | None, new: Object | None) -> Event:
    """As an informer tells of it."""
    action = Action.ADDED if old is None else Action.DELETED if new is None else Action.UPDATED
    return Event(Kind(resource, action), old, new)
