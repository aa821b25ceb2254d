"""decisions: what becomes of an object, from how it is and how its owners are; and the patches that carry it out. Pure.

    an owner is there              > it stays; references to owners that are not, or wait for it, are taken away
    one waits for it, it has dependents itself > it is deleted in the foreground
    else                           > it is deleted, as finalizers that it has already say

Upstream: pkg/controller/garbagecollector/garbagecollector.go (attemptToDeleteItem), patch.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from steersman.client.request import Propagation
from steersman.controllers.garbage_collector.graph import FOREGROUND, ORPHAN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from steersman.api.meta.types import Object


class Standing(Enum):
    """How an owner is."""

    SOLID = auto()
    ABSENT = auto()
    WAITING = auto()
    """It is being deleted, and waits for its dependents to go first."""


@dataclass(frozen=True, slots=True)
class Detach:
    """Take away the references to these owners."""

    owner_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """`unblock`: first let no owner wait for it, since that would never end."""

    propagation: Propagation
    unblock: bool = False


def standing_of(owner: Object | None, uid: str) -> Standing:
    """`owner`: what is at the place that a reference names; `uid`: whom it means."""
    if owner is None or owner["metadata"]["uid"] != uid:
        return Standing.ABSENT
    metadata = owner["metadata"]
    if metadata.get("deletionTimestamp") and FOREGROUND in (metadata.get("finalizers") or ()):
        return Standing.WAITING
    return Standing.SOLID


def plan(
    obj: Object, standings: Mapping[str, Standing], *, has_dependents: bool, waiting_dependent: bool
) -> Detach | Delete | None:
    """What to do about an object, None for nothing.

    standings          of its owners, by uid
    has_dependents     somebody names it as an owner
    waiting_dependent  one of those waits for its dependents itself: they may wait for each other
    """
    if not standings:
        return None
    if Standing.SOLID in standings.values():
        useless = tuple(uid for uid, standing in standings.items() if standing is not Standing.SOLID)
        return Detach(useless) if useless else None
    if Standing.WAITING in standings.values() and has_dependents:
        return Delete(Propagation.FOREGROUND, unblock=waiting_dependent)
    finalizers = obj["metadata"].get("finalizers") or ()
    if ORPHAN in finalizers:
        return Delete(Propagation.ORPHAN)
    return Delete(Propagation.FOREGROUND if FOREGROUND in finalizers else Propagation.BACKGROUND)


def detaching(uid: str, owner_uids: Collection[str]) -> Object:
    """A strategic merge patch of the object `uid`: these are its owners no longer."""
    references = [{"$patch": "delete", "uid": each} for each in owner_uids]
    return {"metadata": {"uid": uid, "ownerReferences": references}}


def detaching_merge(obj: Object, owner_uids: Collection[str]) -> Object:
    """The same as a merge patch, for kinds that know no strategic ones."""
    references = obj["metadata"].get("ownerReferences") or ()
    return _merge(obj, [each for each in references if each["uid"] not in owner_uids])


def unblocking(uid: str, references: Sequence[Object]) -> Object:
    """A strategic merge patch of the object `uid`: no owner waits for it. `references`: those that it has."""
    blocking = [each | {"blockOwnerDeletion": False} for each in references if each.get("blockOwnerDeletion")]
    return {"metadata": {"uid": uid, "ownerReferences": blocking}}


def unblocking_merge(obj: Object) -> Object:
    """The same as a merge patch."""
    references = obj["metadata"].get("ownerReferences") or ()
    return _merge(obj, [each | {"blockOwnerDeletion": False} for each in references])


def releasing(obj: Object, finalizer: str) -> Object | None:
    """A merge patch that takes a finalizer away; None if it is not there."""
    finalizers = obj["metadata"].get("finalizers") or ()
    if finalizer not in finalizers:
        return None
    kept = [name for name in finalizers if name != finalizer]
    return {"metadata": {"resourceVersion": obj["metadata"]["resourceVersion"], "finalizers": kept or None}}


def _merge(obj: Object, references: list[Object]) -> Object:
    version = obj["metadata"]["resourceVersion"]
    return {"metadata": {"resourceVersion": version, "ownerReferences": references or None}}
