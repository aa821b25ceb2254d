"""Counting, combining and leaving out: which of many events are sent."""

from __future__ import annotations

from dataclasses import replace

from steersman.client import event_correlator
from steersman.client.event_correlator import (
    BURST_MAX,
    COMBINED,
    REFILL_PER_S,
    SIMILAR_MAX,
    SIMILAR_S,
    Correlator,
    Happening,
    Source,
)

BASE = Happening(
    name="web.1",
    namespace="default",
    regarding={"kind": "Pod", "namespace": "default", "name": "web", "uid": "u1"},
    source=Source("scheduler"),
    type="Warning",
    reason="FailedScheduling",
    message="no node",
    first_time="t1",
    last_time="t1",
)


def event(number=1, **changes):
    return replace(BASE, **{"name": f"web.{number}", "first_time": f"t{number}", "last_time": f"t{number}", **changes})


def test_equals_are_counted_under_the_first_name():
    correlator = Correlator()
    assert correlator.correlate(event(1), now=0) == event(1)
    assert correlator.correlate(event(2), now=1) == event(1, last_time="t2", count=2)
    assert correlator.correlate(event(3), now=2) == event(1, last_time="t3", count=3)


def test_what_differs_in_anything_but_time_is_another():
    correlator = Correlator()
    correlator.correlate(event(1), now=0)
    for change in (
        {"message": "other"},
        {"reason": "Other"},
        {"type": "Normal"},
        {"source": Source("scheduler", "n1")},
        {"regarding": {**BASE.regarding, "uid": "u2"}},
        {"regarding": {**BASE.regarding, "fieldPath": "spec.containers{c}"}},
    ):
        sent = correlator.correlate(event(2, **change), now=0)
        assert sent is not None
        assert sent.count == 1


def test_from_the_tenth_message_on_similar_events_are_one():
    correlator = Correlator()
    sent = [correlator.correlate(event(n, message=f"m{n}", annotations=(("a", "b"),)), now=n) for n in range(15)]
    alone, combined = sent[: SIMILAR_MAX - 1], sent[SIMILAR_MAX - 1 :]
    assert [one.message for one in alone] == [f"m{n}" for n in range(SIMILAR_MAX - 1)]
    assert [one.message for one in combined] == [f"{COMBINED}m{n}" for n in range(SIMILAR_MAX - 1, 15)]
    assert [one.count for one in combined] == list(range(1, 7))
    assert {one.name for one in combined} == {f"web.{SIMILAR_MAX - 1}"}
    assert combined[0].annotations == ()


def test_after_a_pause_similar_events_are_told_apart_again():
    correlator = Correlator()
    for number in range(12):
        correlator.correlate(event(number, message=f"m{number}"), now=0)
    sent = correlator.correlate(event(99, message="new"), now=SIMILAR_S + 1)
    assert sent is not None
    assert sent.message == "new"


def test_an_object_has_a_budget_that_refills():
    correlator = Correlator()
    sent = [correlator.correlate(event(n), now=0) for n in range(BURST_MAX + 5)]
    assert [one is not None for one in sent] == [True] * BURST_MAX + [False] * 5
    other = {**BASE.regarding, "uid": "u2"}
    assert correlator.correlate(event(1, regarding=other), now=0) is not None
    assert correlator.correlate(event(1), now=0.9 / REFILL_PER_S) is None
    late = correlator.correlate(event(1), now=1.1 / REFILL_PER_S)
    assert late is not None
    assert late.count == BURST_MAX + 7, "what was left out was counted"
    assert correlator.correlate(event(1), now=1.2 / REFILL_PER_S) is None


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(event_correlator, "REMEMBERED_MAX", 2)
    correlator = Correlator()
    objects = [{**BASE.regarding, "uid": uid} for uid in "abc"]
    for regarding in (*objects, objects[0]):
        sent = correlator.correlate(event(1, regarding=regarding), now=0)
        assert sent is not None
        assert sent.count == 1, "the first was forgotten for the third"
    again = correlator.correlate(event(1, regarding=objects[2]), now=0)
    assert again is not None
    assert again.count == 2
