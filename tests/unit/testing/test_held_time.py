"""Held time: it stands still, moves as far as it is told, and flows when it should."""

from __future__ import annotations

import asyncio

import pytest

from steersman.testing.held_time import HeldTimeLoop


@pytest.fixture
def loop():
    made = HeldTimeLoop()
    yield made
    made.close()


def test_time_stands_still_while_nobody_moves_it(loop) -> None:
    fired: list[float] = []
    loop.call_later(1, lambda: fired.append(loop.time()))
    loop.run_until_complete(loop.drain())
    assert (fired, loop.time()) == ([], 0.0)


def test_what_is_due_runs_at_its_time(loop) -> None:
    fired: list[float] = []
    for delay in (3600, 10, 7200.5):
        loop.call_later(delay, lambda: fired.append(loop.time()))
    loop.run_until_complete(loop.advance(7200))
    assert fired == [10, 3600]
    assert loop.time() == 7200
    loop.run_until_complete(loop.advance(1))
    assert fired == [10, 3600, 7200.5]
    assert loop.time() == 7201


def test_days_without_a_timer_pass_too(loop) -> None:
    loop.run_until_complete(loop.advance(30 * 86400))
    assert loop.time() == 30 * 86400


def test_work_that_waits_moves_time_as_far_as_it_needs(loop) -> None:
    async def work() -> str:
        await asyncio.sleep(90)
        return "done"

    assert loop.run_until_complete(loop.let(work(), limit_s=100)) == "done"
    assert loop.time() == 90


def test_work_that_never_ends_is_given_up(loop) -> None:
    async def work() -> None:
        await loop.create_future()

    with pytest.raises(TimeoutError):
        loop.run_until_complete(loop.let(work(), limit_s=60))
    assert loop.time() == 60


def test_drained_means_that_chains_of_callbacks_have_ended(loop) -> None:
    steps: list[int] = []

    async def chain() -> None:
        for step in range(50):
            await asyncio.sleep(0)
            steps.append(step)

    task = loop.create_task(chain())
    loop.run_until_complete(loop.drain())
    assert task.done()
    assert len(steps) == 50


def test_two_at_once_cannot_move_time(loop) -> None:
    async def both() -> None:
        await asyncio.gather(loop.advance(1), loop.advance(2))

    with pytest.raises(RuntimeError, match="one caller at a time"):
        loop.run_until_complete(both())


def test_time_flows_at_a_rate(loop) -> None:
    async def sleep() -> None:
        await asyncio.sleep(1000)

    loop.flow(100_000)
    loop.run_until_complete(sleep())
    loop.flow(0)
    assert loop.time() >= 1000


def test_whoever_awaits_time_gets_it(loop) -> None:
    loop.run_until_complete(asyncio.sleep(12))
    assert loop.time() == 12
