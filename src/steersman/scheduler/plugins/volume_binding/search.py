"""search: what volumes there are for a pod, on every node at once.

A claim that is bound must have its volume on the node. One that waits for its consumer gets the smallest volume that
fits, of those that can be used on the node, or one that is made there. The smallest claims choose first.
Upstream: pkg/scheduler/framework/plugins/volumebinding/binder.go (FindPodVolumes), component-helpers/storage/volume.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.claim_class import class_of_claim, class_of_volume
from steersman.api.core.volume_matching import capacity_of, has_modes, has_room, is_bound_to, is_free_for, requested_by
from steersman.api.meta.quantity import parse
from steersman.client.request import Key
from steersman.scheduler.framework import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object
    from steersman.scheduler.plugins.volume_binding.reach import Reach
    from steersman.scheduler.snapshot import Mask
    from steersman.scheduler.storage import Storage

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Annotation of a claim: for which node its volume is to be made."""
_NO_PROVISIONER = "kubernetes.io/no-provisioner"


@dataclass(frozen=True, slots=True)
class Choice:
    """The volume that a claim gets on each node, as a place in `volumes`; -1: none. `sizes`: of the volumes."""

    claim: Object
    volumes: Sequence[Object]
    sizes: Sequence[int]
    chosen: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Provision:
    """A claim whose volume is made on the nodes `asked`; what storage each has for it, as a place in `capacities`, -1
    if that is not known.
    """

    claim: Object
    asked: Mask
    capacities: Sequence[Object]
    chosen: NDArray[np.intp]


@dataclass(slots=True)
class Found:
    """What is to be done on each node that is in none of the masks."""

    elsewhere: Mask
    """A bound volume cannot be used there."""
    missing: Mask
    """A bound volume is nowhere."""
    no_volume: Mask
    no_space: Mask
    choices: list[Choice] = field(default_factory=list)
    provisions: list[Provision] = field(default_factory=list)

    def bindings(self, column: int) -> list[tuple[Object, Object]]:
        """Volumes and the claims that get them on one node."""
        chosen = ((choice, int(choice.chosen[column])) for choice in self.choices)
        return [(choice.volumes[at], choice.claim) for choice, at in chosen if at >= 0]

    def made(self, column: int) -> list[Object]:
        """Claims whose volumes are made on one node."""
        return [provision.claim for provision in self.provisions if provision.asked[column]]


def search(bound: Iterable[Object], delayed: Sequence[Object], *, reach: Reach, storage: Storage, none: Mask) -> Found:
    """`bound`, `delayed`: the claims of a pod. `none`: a mask of no node. Raises PluginError."""
    found = Found(none.copy(), none.copy(), none.copy(), none.copy())
    _check_bound(found, bound, reach, storage)
    if delayed:
        _choose(found, delayed, reach, storage, none)
    return found


def _check_bound(found: Found, claims: Iterable[Object], reach: Reach, storage: Storage) -> None:
    for claim in claims:
        volume = storage.volumes.get(Key("", claim["spec"]["volumeName"]))
        if volume is None:
            found.missing |= ~found.elsewhere
            return
        found.elsewhere |= ~reach.of_bound(volume)


def _choose(found: Found, claims: Sequence[Object], reach: Reach, storage: Storage, none: Mask) -> None:
    nodes = [(claim["metadata"].get("annotations") or {}).get(SELECTED_NODE) for claim in claims]
    free = [claim for claim, node in zip(claims, nodes, strict=True) if node is None]
    selected = [claim for claim, node in zip(claims, nodes, strict=True) if node is not None]
    for node in nodes:
        if node is not None:
            found.no_volume |= ~reach.named(node)
    wanted = [(claim, ~found.no_volume) for claim in selected]
    taken: dict[str, Mask] = {}
    for claim in sorted(free, key=requested_by):
        choice = _match(claim, ~found.no_volume, reach, storage, taken, none, shared=len(free) > 1)
        found.choices.append(choice)
        unmatched = ~found.no_volume & (choice.chosen < 0)
        if unmatched.any():
            wanted.append((claim, unmatched))
    refused = found.no_volume.copy()
    for claim, asked in wanted:
        _provision(found, claim, asked & ~refused, reach, storage)
        refused |= found.no_volume | found.no_space


def _match(
    claim: Object,
    nodes: Mask,
    reach: Reach,
    storage: Storage,
    taken: dict[str, Mask],
    none: Mask,
    *,
    shared: bool,
) -> Choice:
    """The volume for a claim on each of `nodes`, where none before has taken it. `shared`: others choose as well."""
    chosen = np.full(len(nodes), -1, np.intp)
    candidates = _candidates(claim, storage)
    left = nodes.copy()
    remaining = int(np.count_nonzero(left))
    for at, (_, name, volume) in enumerate(candidates):
        columns = reach.of_volume(volume)
        columns = columns[left[columns]]
        if name in taken:
            columns = columns[~taken[name][columns]]
        if not len(columns):
            continue
        chosen[columns] = at
        left[columns] = False
        if shared:
            taken.setdefault(name, none.copy())[columns] = True
        remaining -= len(columns)
        if not remaining:
            break
    return Choice(claim, [volume for _, _, volume in candidates], [size for size, _, _ in candidates], chosen)


def _candidates(claim: Object, storage: Storage) -> list[tuple[int, str, Object]]:
    """Size, name and volume of what a claim may get somewhere, the smallest first. A volume that was meant for it is
    the only one that will do.
    """
    wanted = class_of_claim(claim)
    of_class = (volume for volume in storage.volumes_for(claim) if class_of_volume(volume) == wanted)
    volumes = [volume for volume in of_class if is_bound_to(volume, claim) and has_room(volume, claim)][:1]
    if not volumes:
        free = (volume for volume in storage.free_volumes(wanted) if is_free_for(volume, claim))
        volumes = [volume for volume in free if has_modes(volume, claim) and has_room(volume, claim)]
    return sorted(((capacity_of(each).value(), each["metadata"]["name"], each) for each in volumes), key=_first_two)


def _first_two(candidate: tuple[int, str, Object]) -> tuple[int, str]:
    return candidate[:2]


def _provision(found: Found, claim: Object, asked: Mask, reach: Reach, storage: Storage) -> None:
    """Whether the volume of a claim can be made on the nodes where it has to be."""
    if not asked.any():
        return
    wanted = class_of_claim(claim)
    storage_class = storage.storage_class(wanted)
    if storage_class is None:
        raise PluginError(f'failed to find storage class "{wanted}"')
    if storage_class["provisioner"] in {"", _NO_PROVISIONER}:
        found.no_volume |= asked
        return
    allowed = reach.of_topologies(storage_class.get("allowedTopologies") or ())
    found.no_volume |= asked & ~allowed
    asked = asked & allowed
    capacities: list[Object] = []
    chosen = np.full(len(asked), -1, np.intp)
    driver = storage.csi_driver(storage_class["provisioner"])
    if driver is not None and driver["spec"].get("storageCapacity") and _requests(claim):
        size = requested_by(claim).value()
        of_class = (each for each in storage.capacities() if each["storageClassName"] == wanted)
        capacities = [each for each in of_class if _is_enough(each, size)]
        for at, capacity in enumerate(capacities):
            columns = reach.of_capacity(capacity)
            chosen[columns[chosen[columns] < 0]] = at
        found.no_space |= asked & (chosen < 0)
        asked = asked & (chosen >= 0)
    found.provisions.append(Provision(claim, asked, capacities, chosen))


def _requests(claim: Object) -> bool:
    return "storage" in ((claim["spec"].get("resources") or {}).get("requests") or {})


def _is_enough(capacity: Object, size: int) -> bool:
    limit = volume_limit(capacity)
    return limit is not None and limit.value() >= size


def volume_limit(capacity: Object) -> Quantity | None:
    """How large a volume may be, as a CSIStorageCapacity says."""
    text = capacity.get("maximumVolumeSize") or capacity.get("capacity")
    return parse(text) if text is not None else None
