"""Since when endpoints should have been as they are written."""

from __future__ import annotations

from steersman.client.request import Key
from steersman.controllers.trigger_times import TriggerTimes

from .objects import CREATED, backend, service

KEY = Key("ns", "s")
LATE, LATER = "2026-01-01T00:00:05Z", "2026-01-01T00:00:09Z"


def test_a_new_service_counts_from_its_creation():
    assert TriggerTimes().observe(KEY, service("s"), [backend("a", 1, ready=LATE)]) == CREATED


def test_then_the_earliest_change_counts():
    times = TriggerTimes()
    times.observe(KEY, service("s"), [backend("a", 1)])
    pods = [backend("a", 1, ready=LATER), backend("b", 2, ready=LATE)]
    assert times.observe(KEY, service("s"), pods) == LATE
    assert times.observe(KEY, service("s"), pods) == ""


def test_a_pod_that_goes_has_no_time():
    times = TriggerTimes()
    times.observe(KEY, service("s"), [backend("a", 1)])
    assert times.observe(KEY, service("s"), []) == ""


def test_a_service_that_was_forgotten_is_new():
    times = TriggerTimes()
    times.observe(KEY, service("s"), [])
    times.forget(KEY)
    assert times.observe(KEY, service("s"), []) == CREATED
