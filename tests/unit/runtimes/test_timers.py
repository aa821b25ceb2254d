"""Many timers over one of the event loop's."""

from __future__ import annotations

import asyncio

import pytest

from steersman.runtimes.timers import Timers

pytestmark = pytest.mark.virtual_time


async def test_calls_come_in_the_order_of_their_times_and_cancelled_ones_never():
    timers, calls = Timers(), []
    now = asyncio.get_running_loop().time()
    timers.at(now + 2, lambda: calls.append("late"))
    timers.at(now + 1, lambda: calls.append("first"))
    timers.at(now + 1, lambda: calls.append("second"))
    timers.at(now + 1.5, lambda: calls.append("never")).cancel()
    await asyncio.sleep(1.2)
    assert calls == ["first", "second"]
    await asyncio.sleep(2)
    assert calls == ["first", "second", "late"]


async def test_what_a_call_wishes_for_is_called_too():
    timers, calls = Timers(), []
    now = asyncio.get_running_loop().time()
    timers.at(now, lambda: timers.at(now, lambda: calls.append("again")))
    await asyncio.sleep(0.1)
    assert calls == ["again"]


async def test_closed_it_calls_nobody():
    timers, calls = Timers(), []
    timers.at(asyncio.get_running_loop().time() + 1, lambda: calls.append(1))
    timers.close()
    await asyncio.sleep(2)
    assert not calls
