"""scoring: how well the storage of each node suits what is chosen there: by default, the more stays free the better.

Upstream: pkg/scheduler/framework/plugins/volumebinding/scorer.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steersman.api.core.claim_class import class_of_claim
from steersman.api.core.volume_matching import requested_by
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from steersman.api.meta.types import Object
    from steersman.scheduler.plugins.volume_binding.search import Found
    from steersman.scheduler.snapshot import Amounts

FULL = 100


def scores(found: Found, feasible: NDArray[np.intp], table: Amounts) -> Amounts:
    """The mean over storage classes: of what exists, and where nothing does, of what is to be made.

    `table`: see VolumeBinding.
    """
    width = len(feasible)
    chosen: dict[str, tuple[Amounts, Amounts]] = {}
    for choice in found.choices:
        requested, capacity = _of(chosen, class_of_claim(choice.claim), width)
        sizes = np.array([*choice.sizes, 0], np.int64)
        at = choice.chosen[feasible]
        requested += (at >= 0) * requested_by(choice.claim).value()
        capacity += sizes[at]  # -1 is the last: none
    made: dict[str, tuple[Amounts, Amounts]] = {}
    for provision in found.provisions:
        requested, capacity = _of(made, class_of_claim(provision.claim), width)
        sizes = np.array([*(_free(each) for each in provision.capacities), 0], np.int64)
        at = np.where(provision.asked[feasible], provision.chosen[feasible], -1)
        requested += (at >= 0) * requested_by(provision.claim).value()
        capacity[at >= 0] = sizes[at[at >= 0]]  # all of them come out of the same
    has_chosen = np.zeros(width, np.bool_)
    for choice in found.choices:
        has_chosen |= choice.chosen[feasible] >= 0
    return np.where(has_chosen, _mean(chosen, width, table), _mean(made, width, table))


def _of(by_class: dict[str, tuple[Amounts, Amounts]], name: str, width: int) -> tuple[Amounts, Amounts]:
    return by_class.setdefault(name, (np.zeros(width, np.int64), np.zeros(width, np.int64)))


def _mean(by_class: dict[str, tuple[Amounts, Amounts]], width: int, table: Amounts) -> Amounts:
    total, number = np.zeros(width, np.int64), np.zeros(width, np.int64)
    for requested, capacity in by_class.values():
        there = requested > 0
        too_much = (capacity == 0) | (requested > capacity)
        used = np.where(too_much, FULL, requested * FULL // np.maximum(capacity, 1))
        total += np.where(there, table[used], 0)
        number += there
    return np.floor(total / np.maximum(number, 1) + 0.5).astype(np.int64)


def _free(capacity: Object) -> int:
    text = capacity.get("capacity")
    return parse(text).value() if text is not None else 0
