from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.resource import Context

STRATEGY = LEASES.strategy


def test_durations_are_positive_and_transitions_counted_up() -> None:
    assert STRATEGY.validate is not None
    errors = STRATEGY.validate({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}})
    assert [str(error) for error in errors] == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    ]


@pytest.mark.parametrize(
    ("strategy", "wrong"), [("OldestEmulationVersion", 0), ("Mine", 1), ("a.b/c", 0), ("a/b/c", 1)]
)
def test_a_strategy_is_known_or_qualified(strategy: str, wrong: int) -> None:
    assert STRATEGY.validate is not None
    errors = STRATEGY.validate({"spec": {"strategy": strategy}})
    assert [error.field for error in errors] == ["spec.strategy.strategy"] * wrong


def test_fields_of_a_feature_that_is_off_stay_only_where_they_are_stored() -> None:
    ctx = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
    assert STRATEGY.prepare_create is not None
    assert STRATEGY.prepare_update is not None
    new = {"spec": {"strategy": "X", "preferredHolder": "h"}}
    STRATEGY.prepare_update(new, {"spec": {"strategy": "Y"}}, ctx)
    assert new == {"spec": {"strategy": "X"}}
    STRATEGY.prepare_create(new, ctx)
    assert new == {"spec": {}}
