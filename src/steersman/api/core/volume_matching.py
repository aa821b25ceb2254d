"""Whether a volume can hold what a claim asks for. Pure.

Upstream: component-helpers/storage/volume/pv_helpers.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_claim, class_of_volume
from steersman.api.core.workload import compiled
from steersman.api.meta.quantity import ZERO, parse

if TYPE_CHECKING:
    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

FREE = ("Available",)
FRESH = ("", "Pending")
"""Nobody has looked at it yet; it will be free in a moment."""


def is_bound_to(volume: Object, claim: Object) -> bool:
    """Whether a volume names a claim: by its uid too, once that has been filled in."""
    reference = volume["spec"].get("claimRef")
    metadata = claim["metadata"]
    if reference is None:
        return False
    same = (reference.get("name"), reference.get("namespace")) == (metadata["name"], metadata.get("namespace"))
    return same and (not reference.get("uid") or reference["uid"] == metadata["uid"])


def has_room(volume: Object, claim: Object) -> bool:
    """Whether a volume is no other claim's, large enough and of the right kind; access modes are not looked at."""
    if volume["spec"].get("claimRef") is not None and not is_bound_to(volume, claim):
        return False
    return (
        capacity_of(volume) >= requested_by(claim)
        and not differ_in_mode(volume, claim)
        and attributes_class(volume) == attributes_class(claim)
        and not volume["metadata"].get("deletionTimestamp")
    )


def is_free_for(volume: Object, claim: Object, phases: tuple[str, ...] = FREE) -> bool:
    """Whether a volume that nobody has yet is one of those that a claim wants: by phase, class and labels."""
    if (volume.get("status") or {}).get("phase", "") not in phases or class_of_volume(volume) != class_of_claim(claim):
        return False
    wanted = claim["spec"].get("selector")
    if wanted is None:
        return True
    selector = compiled(wanted)
    return selector is not None and selector.matches(volume["metadata"].get("labels") or {})


def has_modes(volume: Object, claim: Object) -> bool:
    """Whether a volume can be accessed in all ways that a claim asks for."""
    return access_modes(claim) <= access_modes(volume)


def differ_in_mode(volume: Object, claim: Object) -> bool:
    """One is a file system, the other a block device."""
    return _volume_mode(volume) != _volume_mode(claim)


def access_modes(obj: Object) -> set[str]:
    return set(obj["spec"].get("accessModes") or ())


def attributes_class(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


def capacity_of(volume: Object) -> Quantity:
    return _storage(volume["spec"].get("capacity"))


def requested_by(claim: Object) -> Quantity:
    return _storage((claim["spec"].get("resources") or {}).get("requests"))


def _volume_mode(obj: Object) -> str:
    return obj["spec"].get("volumeMode") or "Filesystem"


def _storage(amounts: Object | None) -> Quantity:
    text = (amounts or {}).get("storage")
    return parse(text) if text is not None else ZERO
