"""Pods that wait for permission, or are prepared."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks, loop_time
from steersman.scheduler.underway import CalledOff, Underway, Withheld

from .nodes import pod

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def tasks():
    tasks = Tasks()
    yield tasks
    await tasks.close()


async def test_a_pod_goes_on_when_all_have_let_it():
    underway, held = Underway(), pod()
    underway.hold(held, {"a": 10, "b": 10})
    assert underway.holds(held)
    assert underway.waiting() == (held,)
    underway.allow("p", "a")
    since = loop_time()
    asyncio.get_running_loop().call_later(5, underway.allow, "p", "b")
    assert await underway.permitted(held) is None
    assert loop_time() - since == pytest.approx(5)
    assert not underway.holds(held)


async def test_one_that_says_no_is_enough():
    underway, held = Underway(), pod()
    underway.hold(held, {"a": 10, "b": 10})
    assert underway.reject("p", "b", "not today")
    assert not underway.reject("p", "a", "too late")
    underway.allow("p", "a")
    assert await underway.permitted(held) == Withheld("b", "not today")


async def test_silence_is_a_no_after_a_while():
    underway, held = Underway(), pod()
    underway.hold(held, {"a": 90, "b": 100})
    since = loop_time()
    said = await underway.permitted(held)
    assert loop_time() - since == pytest.approx(90)
    assert said == Withheld("a", "rejected due to timeout after waiting 1m30s at plugin a")


async def test_who_is_not_held_may_go():
    assert await Underway().permitted(pod()) is None


async def test_who_waits_can_be_preempted():
    underway, held = Underway(), pod()
    underway.hold(held, {"a": 90})
    assert underway.preempt("p", "DefaultPreemption", "preempted")
    assert await underway.permitted(held) == Withheld("DefaultPreemption", "preempted", error=True)
    assert not underway.preempt("p", "DefaultPreemption", "preempted")


async def test_who_is_prepared_can_be_called_off(tasks):
    underway, held = Underway(), pod()

    async def prepare():
        async with underway.preparing(held):
            await asyncio.sleep(100)

    task = tasks.start(prepare(), name="prepare")
    await asyncio.sleep(1)
    assert underway.preempt("p", "DefaultPreemption", "preempted")
    with pytest.raises(CalledOff, match="preempted"):
        await task
    assert not underway.holds(held)


async def test_what_ends_a_task_from_outside_is_no_calling_off(tasks):
    underway, held = Underway(), pod()

    async def prepare():
        async with underway.preparing(held):
            await asyncio.sleep(100)

    task = tasks.start(prepare(), name="prepare")
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_waits_for_a_pod_that_is_gone():
    underway, held = Underway(), pod()
    underway.gone("p")
    underway.hold(held, {"a": 90})
    underway.gone("p")
    assert await underway.permitted(held) == Withheld("", "removed")
