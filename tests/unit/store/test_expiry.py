"""Which keys are due, and when the next one is."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.clock import ManualClock
from steersman.store.expiry import Expiry, now_ms


@pytest.fixture
async def scene():
    clock, ended = ManualClock(), []
    expiry = Expiry(clock=clock, expire=lambda key, row: ended.append((key, row)))
    yield clock, ended, expiry
    expiry.close()


async def test_what_is_due_ends_in_order_and_the_rest_stays(scene):
    clock, ended, expiry = scene
    start = now_ms(clock)
    expiry.add("/b", 2, start + 2000)
    expiry.add("/a", 1, start + 1000)
    expiry.add("/c", 3, start + 3000)
    expiry.run_due()
    assert ended == []
    clock.advance(2)
    expiry.run_due()
    assert ended == [("/a", 1), ("/b", 2)]
    assert len(expiry) == 1


async def test_a_later_write_replaces_the_deadline(scene):
    clock, ended, expiry = scene
    start = now_ms(clock)
    expiry.add("/a", 1, start + 1000)
    expiry.add("/a", 2, start + 5000)
    expiry.add("/b", 3, start + 1000)
    expiry.drop("/b")
    clock.advance(2)
    expiry.run_due()
    assert ended == []
    clock.advance(3)
    expiry.run_due()
    assert ended == [("/a", 2)]


async def test_a_deletion_that_failed_is_tried_again(scene):
    clock, ended, expiry = scene
    expiry.retry("/a", 1, delay_s=5)
    expiry.run_due()
    assert ended == []
    clock.advance(5)
    expiry.run_due()
    assert ended == [("/a", 1)]


async def test_stale_deadlines_do_not_pile_up(scene):
    clock, _, expiry = scene
    for i in range(10_000):
        expiry.add("/a", i, now_ms(clock) + 3_600_000 + i)
    assert len(expiry._heap) < 200


async def test_the_loops_timer_ends_keys(scene):
    clock, _, _ = scene
    done = asyncio.Event()
    expiry = Expiry(clock=clock, expire=lambda _key, _row: done.set())
    expiry.add("/a", 1, now_ms(clock) - 1)
    async with asyncio.timeout(5):
        await done.wait()
