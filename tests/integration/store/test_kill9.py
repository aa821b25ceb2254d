"""An acknowledged write survives the death of the process, and no transaction survives in part."""

from __future__ import annotations

import os
import random

import apsw
import pytest

from steersman.testing.store_crash import CrashReport, crash_round

ROUNDS = int(os.environ.get("STEERSMAN_KILL9_ROUNDS", "10"))


@pytest.mark.timeout(60 + 5 * ROUNDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_torn(tmp_path):
    path = tmp_path / "state.db"
    chance = random.Random(ROUNDS)
    total = CrashReport()
    for _ in range(ROUNDS):
        total.add(crash_round(path, after_s=chance.uniform(0, 0.3)))
    assert total.lost == []
    assert total.torn == []
    assert total.acknowledged > ROUNDS
    connection = apsw.Connection(str(path))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()
