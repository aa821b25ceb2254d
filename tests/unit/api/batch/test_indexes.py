from __future__ import annotations

import pytest

from steersman.api.batch.indexes import count_indexes, first_overlap


@pytest.mark.parametrize(("text", "count"), [("", 0), ("3", 1), ("0,2-5,9", 6)])
def test_counting(text, count) -> None:
    assert count_indexes(text, 10) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,1", "non-increasing order, previous: 1, current: 1"),
        ("5-3", "non-increasing order, previous: 5, current: 3"),
        ("10", 'too large index: "10"'),
        ("1-10", 'too large index: "10"'),
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1-2-3", 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''),
    ],
)  # fmt: skip
def test_what_is_no_set(text, message) -> None:
    with pytest.raises(ValueError) as caught:
        count_indexes(text, 10)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("completed", "failed", "overlap"), [("0-3", "5", None), ("0-3,7", "5-9", 7), ("x,4", "4", 4), ("", "1", None)]
)
def test_overlaps(completed, failed, overlap) -> None:
    assert first_overlap(completed, failed, 10) == overlap
