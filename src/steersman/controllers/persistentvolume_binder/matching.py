"""matching: which volume is best for a claim. Pure.

Upstream: component-helpers/storage/volume/pv_helpers.go, pkg/controller/volume/persistentvolume/index.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_class import class_of_claim, class_of_volume
from steersman.api.core.workload import compiled
from steersman.api.meta.quantity import ZERO, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object


def is_bound_to(volume: Object, claim: Object) -> bool:
    """Whether a volume names a claim: by its uid too, once that has been filled in."""
    reference = volume["spec"].get("claimRef")
    metadata = claim["metadata"]
    if reference is None:
        return False
    same = (reference.get("name"), reference.get("namespace")) == (metadata["name"], metadata.get("namespace"))
    return same and (not reference.get("uid") or reference["uid"] == metadata["uid"])


FREE = ("Available",)
FRESH = ("", "Pending")
"""Nobody has looked at it yet; it will be free in a moment."""


def best_match(
    claim: Object, volumes: Iterable[Object], *, delayed: bool, phases: tuple[str, ...] = FREE
) -> Object | None:
    """The volume that is bound to the claim already, else the smallest that fits, of those with the fewest access
    modes. `delayed`: a volume is chosen when a pod is; only what is bound already counts.
    """
    fitting = [volume for volume in volumes if _may_hold(volume, claim)]
    for volume in fitting:
        if is_bound_to(volume, claim):
            return volume
    if delayed:
        return None
    free = [volume for volume in fitting if _is_free_for(volume, claim, phases)]
    return min(
        free, key=lambda volume: (len(_modes(volume)), _capacity(volume), volume["metadata"]["name"]), default=None
    )


def _preference(volume: Object) -> tuple[int, Quantity, str]:
    return len(_modes(volume)), _capacity(volume), volume["metadata"]["name"]


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim asks for by name cannot be its; empty if it can."""
    if volume["metadata"].get("deletionTimestamp"):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if _capacity(volume).value() < _requested(claim).value():
        return "requested PV is too small"
    if class_of_volume(volume) != class_of_claim(claim):
        return "storageClassName does not match"
    if _attributes_class(volume) != _attributes_class(claim):
        return "volumeAttributesClassName does not match"
    if differ_in_mode(volume, claim):
        return "incompatible volumeMode"
    return "" if _modes(claim) <= _modes(volume) else "incompatible accessMode"


def differ_in_mode(volume: Object, claim: Object) -> bool:
    """One is a file system, the other a block device."""
    return _volume_mode(volume) != _volume_mode(claim)


def _may_hold(volume: Object, claim: Object) -> bool:
    if volume["spec"].get("claimRef") is not None and not is_bound_to(volume, claim):
        return False
    return (
        _modes(claim) <= _modes(volume)
        and _capacity(volume) >= _requested(claim)
        and not differ_in_mode(volume, claim)
        and _attributes_class(volume) == _attributes_class(claim)
        and not volume["metadata"].get("deletionTimestamp")
    )


def _is_free_for(volume: Object, claim: Object, phases: tuple[str, ...]) -> bool:
    if (volume.get("status") or {}).get("phase", "") not in phases or class_of_volume(volume) != class_of_claim(claim):
        return False
    wanted = claim["spec"].get("selector")
    if wanted is None:
        return True
    selector = compiled(wanted)
    return selector is not None and selector.matches(volume["metadata"].get("labels") or {})


def _modes(obj: Object) -> set[str]:
    return set(obj["spec"].get("accessModes") or ())


def _volume_mode(obj: Object) -> str:
    return obj["spec"].get("volumeMode") or "Filesystem"


def _attributes_class(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""


def _capacity(volume: Object) -> Quantity:
    return _storage(volume["spec"].get("capacity"))


def _requested(claim: Object) -> Quantity:
    return _storage((claim["spec"].get("resources") or {}).get("requests"))


def _storage(amounts: Object | None) -> Quantity:
    text = (amounts or {}).get("storage")
    return parse(text) if text is not None else ZERO
