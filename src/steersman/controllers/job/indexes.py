"""indexes: sets of completion indexes, as `status.completedIndexes` has them: "0,2-5". Pure.

Upstream: pkg/controller/job/indexed_job_utils.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""An annotation, and a label, of pods."""


@dataclass(frozen=True, slots=True)
class Indexes:
    """A set of numbers, as its runs: (first, last), in order, with a gap between any two."""

    runs: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.runs)

    def __contains__(self, index: int | None) -> bool:
        return index is not None and any(first <= index <= last for first, last in self.runs)

    def __str__(self) -> str:
        return ",".join(_run(first, last) for first, last in self.runs)

    def __or__(self, other: Indexes) -> Indexes:
        merged: list[tuple[int, int]] = []
        for first, last in sorted(self.runs + other.runs):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return Indexes(tuple(merged))

    def with_all(self, indexes: Iterable[int]) -> Indexes:
        return self | indexes_of(indexes)

    def overlap(self, other: Indexes) -> int:
        """How many indexes both have."""
        return sum(
            max(0, min(last, other_last) - max(first, other_first) + 1)
            for first, last in self.runs
            for other_first, other_last in other.runs
        )

    def first_missing(self, count: int, *, below: int) -> list[int]:
        """The `count` lowest indexes that it lacks; fewer if there are not so many below `below`."""
        found: list[int] = []
        ends = [(-1, -1), *self.runs, (below, below)]
        for (_, last), (first, _) in pairwise(ends):
            found += range(last + 1, min(first, below, last + 1 + count - len(found)))
            if len(found) >= count:
                break
        return found


def indexes_of(numbers: Iterable[int]) -> Indexes:
    merged: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if merged and merged[-1][1] == number - 1:
            merged[-1] = (merged[-1][0], number)
        else:
            merged.append((number, number))
    return Indexes(tuple(merged))


def parse_indexes(text: str, completions: int) -> Indexes:
    """What `str` gives; what is not below `completions` is left out, and so is what cannot be read."""
    runs: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        first_text, _, last_text = part.partition("-")
        if not first_text.isdigit() or (last_text and not last_text.isdigit()):
            continue
        first = int(first_text)
        if first >= completions:
            break
        last = min(int(last_text), completions - 1) if last_text else first
        if runs and runs[-1][1] == first - 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return Indexes(tuple(runs))


def index_of(pod: Object) -> int | None:
    """Its completion index; None if it has none that can be read."""
    text = (pod["metadata"].get("annotations") or {}).get(COMPLETION_INDEX, "")
    return int(text) if text.isascii() and text.isdigit() else None


def valid_index(pod: Object, job: Object) -> int | None:
    """Its completion index if that is one of the Job's."""
    index = index_of(pod)
    return index if index is not None and index < job["spec"]["completions"] else None


def is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def _run(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"
