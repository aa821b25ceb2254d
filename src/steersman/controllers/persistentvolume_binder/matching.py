"""matching: which volume is best for a claim. Pure.

Upstream: pkg/controller/volume/persistentvolume/index.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_claim, class_of_volume
from steersman.api.core.volume_matching import (
    FREE,
    access_modes,
    attributes_class,
    capacity_of,
    differ_in_mode,
    has_modes,
    has_room,
    is_bound_to,
    is_free_for,
    requested_by,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object


def best_match(
    claim: Object, volumes: Iterable[Object], *, delayed: bool, phases: tuple[str, ...] = FREE
) -> Object | None:
    """The volume that is bound to the claim already, else the smallest that fits, of those with the fewest access
    modes. `delayed`: a volume is chosen when a pod is; only what is bound already counts.
    """
    fitting = [volume for volume in volumes if has_modes(volume, claim) and has_room(volume, claim)]
    for volume in fitting:
        if is_bound_to(volume, claim):
            return volume
    if delayed:
        return None
    free = [volume for volume in fitting if is_free_for(volume, claim, phases)]
    return min(free, key=_preference, default=None)


def _preference(volume: Object) -> tuple[int, Quantity, str]:
    return len(access_modes(volume)), capacity_of(volume), volume["metadata"]["name"]


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim asks for by name cannot be its; empty if it can."""
    if volume["metadata"].get("deletionTimestamp"):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if capacity_of(volume).value() < requested_by(claim).value():
        return "requested PV is too small"
    if class_of_volume(volume) != class_of_claim(claim):
        return "storageClassName does not match"
    if attributes_class(volume) != attributes_class(claim):
        return "volumeAttributesClassName does not match"
    if differ_in_mode(volume, claim):
        return "incompatible volumeMode"
    return "" if has_modes(volume, claim) else "incompatible accessMode"
