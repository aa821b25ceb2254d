"""What plugins share."""

from __future__ import annotations

import numpy as np
import pytest

from steersman.scheduler.framework import Plugin, normalised, scores


@pytest.mark.parametrize(
    ("raw", "reverse", "scaled"),
    [([0, 0], False, [0, 0]), ([0, 0], True, [100, 100]), ([1, 3], False, [33, 100]), ([1, 3], True, [67, 0])],
)
def test_scores_are_scaled_by_integer_division(raw, reverse, scaled):
    assert normalised(np.array(raw, np.int64), reverse=reverse).tolist() == scaled


def test_only_who_overrides_score_takes_part():
    class Scoring(Plugin):
        def score(self, cycle, feasible):
            return feasible

    assert scores(Scoring())
    assert not scores(Plugin())
