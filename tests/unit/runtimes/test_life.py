"""How a simulated container lives."""

from __future__ import annotations

import random

from steersman.runtimes.life import Exit, ProbeScript, Span


def test_a_fixed_duration_takes_nothing_from_the_generator():
    rng = random.Random(1)
    state = rng.getstate()
    assert Span(2, 2).draw_s(rng) == 2
    assert rng.getstate() == state
    assert 1 <= Span(1, 3).draw_s(rng) <= 3


def test_a_probe_changes_its_mind_by_the_age_of_the_container():
    script = ProbeScript(passes=True, after_s=30, span_s=60)
    assert [script.at(age) for age in (0, 30, 89, 90)] == [True, False, False, True]
    assert [script.next_change_s(age) for age in (0, 30, 90)] == [30, 90, None]
    assert ProbeScript(passes=False).next_change_s(0) is None


def test_an_exit_of_the_first_runs_leaves_the_others_as_usual():
    usual = Exit(0)
    script = Exit(1, times=2, then=usual)
    assert [script.of_run(attempt) for attempt in range(3)] == [script, script, usual]
    assert Exit(1, times=2).of_run(2) is None
    assert Exit(1).of_run(99) == Exit(1)
