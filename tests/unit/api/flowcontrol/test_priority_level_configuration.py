from __future__ import annotations

from typing import Any

import pytest

from steersman.api.flowcontrol.priority_level_configuration import PRIORITY_LEVEL_CONFIGURATIONS

REJECT = {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}


def queue(**queuing: int) -> dict[str, Any]:
    return {"type": "Limited", "limited": {"limitResponse": {"type": "Queue", "queuing": queuing}}}


def test_a_limited_level_is_completed(judge: Any) -> None:
    limited = judge(PRIORITY_LEVEL_CONFIGURATIONS).defaulted({"spec": queue()})["spec"]["limited"]
    assert (limited["nominalConcurrencyShares"], limited["lendablePercent"]) == (30, 0)
    assert limited["limitResponse"]["queuing"] == {"handSize": 8, "queues": 64, "queueLengthLimit": 50}


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        (REJECT, []),
        ({"type": "Limited"}, ["spec.limited: Required value"]),
        ({"type": ""}, ["spec.type: Required value"]),
        (REJECT | {"type": ""}, ["spec.limited: Forbidden", "spec.type: Required value"]),
        (REJECT | {"type": "X"}, ['spec.type: Unsupported value: "X": supported values: "Exempt", "Limited"', "spec.limited: Forbidden"]),
        ({"type": "Exempt"}, ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"]),
        (queue(queues=8, handSize=9), ["spec.limited.limitResponse.queuing.handSize: Invalid value: 9: should not be greater than queues (8)"]),
        (queue(queues=1000, handSize=7), ["spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1000 and handSize 7 should not be greater than 60"]),
        ({"type": "Limited", "limited": {"limitResponse": {"type": "Queue"}}}, ["spec.limited.limitResponse.queuing: Required value"]),
    ],
)  # fmt: skip
def test_what_may_be_wrong(judge: Any, spec: dict[str, Any], wrong: list[str]) -> None:
    assert judge(PRIORITY_LEVEL_CONFIGURATIONS).errors({"spec": spec}) == wrong


def test_catch_all_never_changes(judge: Any) -> None:
    asked = judge(PRIORITY_LEVEL_CONFIGURATIONS)
    named = {"metadata": {"name": "catch-all"}}
    fixed = {"type": "Limited", "limited": {"nominalConcurrencyShares": 5, "limitResponse": {"type": "Reject"}}}
    assert asked.errors(named | {"spec": fixed}) == []
    (error,) = asked.errors(named | {"spec": REJECT})
    assert error.endswith("spec of 'catch-all' must equal the fixed value")
    assert '{"Type":"Limited","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Reject",' in error


def test_the_table_shows_queues_where_there_are_some(judge: Any) -> None:
    asked = judge(PRIORITY_LEVEL_CONFIGURATIONS)
    cells = asked.cells(asked.defaulted({"spec": REJECT}))
    assert (cells["NominalConcurrencyShares"], cells["Queues"]) == (30, "<none>")
