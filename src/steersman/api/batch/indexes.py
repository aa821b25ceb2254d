"""Sets of indexes as Jobs write them: `0,2-5,9`, ascending, each below the number of completions."""

from __future__ import annotations

import re

from steersman.api.errors import go_quote


def count_indexes(text: str, completions: int) -> int:
    """How many there are. Raises ValueError in upstream's words."""
    total, last = 0, None
    for part in text.split(",") if text else ():
        low, high = _interval(part, completions)
        if last is not None and last >= low:
            raise ValueError(f"non-increasing order, previous: {last}, current: {low}")
        total += high - low + 1
        last = high
    return total


def first_overlap(completed: str, failed: str, completions: int) -> int | None:
    """The first index that is in both sets; parts that cannot be read are passed over."""
    ours, theirs = _readable(completed, completions), _readable(failed, completions)
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        (low, high), (lower, higher) = ours[mine], theirs[other]
        if low <= higher and lower <= high:
            return max(low, lower)
        if low <= lower:
            mine += 1
        else:
            other += 1
    return None


def _readable(text: str, completions: int) -> list[tuple[int, int]]:
    intervals = []
    for part in text.split(",") if text else ():
        try:
            intervals.append(_interval(part, completions))
        except ValueError:
            continue
    return intervals


def _interval(text: str, completions: int) -> tuple[int, int]:
    limits = text.split("-")
    if len(limits) > 2:
        raise ValueError(
            f"the fragment {go_quote(text)} violates the requirement that an index interval can have at most two parts "
            "separated by '-'"
        )
    low = _index(limits[0], completions)
    if len(limits) == 1:
        return low, low
    high = _index(limits[1], completions)
    if low >= high:
        raise ValueError(f"non-increasing order, previous: {low}, current: {high}")
    return low, high


def _index(text: str, completions: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError(f"cannot convert string to integer for index: {go_quote(text)}")
    index = int(text)
    if index >= completions:
        raise ValueError(f"too large index: {go_quote(text)}")
    return index
