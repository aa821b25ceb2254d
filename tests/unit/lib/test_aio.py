"""Background tasks have an owner, and long computations have manners."""

from __future__ import annotations

import asyncio
import logging

import pytest

from steersman.lib.aio import Pacer, Tasks, loop_time


async def _forever(log):
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        log.append("ended")


async def test_close_cancels_and_waits_for_all():
    log: list[str] = []
    tasks = Tasks()
    running = [tasks.start(_forever(log), name="forever") for _ in range(3)]
    await asyncio.sleep(0)
    await tasks.close()
    assert log == ["ended"] * 3
    assert all(task.cancelled() for task in running)
    assert len(tasks) == 0
    await tasks.close()


async def test_nothing_starts_after_close():
    tasks = Tasks()
    await tasks.close()
    with pytest.raises(RuntimeError, match="late"):
        tasks.start(_forever([]), name="late")


async def test_a_task_may_close_its_own_group():
    tasks = Tasks()
    log: list[str] = []
    tasks.start(_forever(log), name="other")
    await asyncio.sleep(0)
    await tasks.start(tasks.close(), name="closer")
    assert log == ["ended"]


async def _fail():
    raise ValueError("boom")


async def test_a_crash_is_reported_once_to_the_owner():
    crashes = []
    tasks = Tasks(on_crash=lambda name, error: crashes.append((name, str(error))))
    with pytest.raises(ValueError, match="boom"):
        await tasks.start(_fail(), name="broken")
    await asyncio.sleep(0)
    assert crashes == [("broken", "boom")]


async def test_a_crash_without_an_owner_who_listens_is_logged(caplog):
    tasks = Tasks()
    with caplog.at_level(logging.ERROR):
        await asyncio.wait([tasks.start(_fail(), name="broken")])
        await asyncio.sleep(0)
    assert "broken" in caplog.text
    assert "boom" in caplog.text


async def test_a_pacer_lets_others_run_once_its_slice_is_used_up():
    turns = []
    pacer = Pacer(slice_s=0)
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await pacer.pause()
    assert turns == [1]
    patient = Pacer(slice_s=1000)
    asyncio.get_running_loop().call_soon(turns.append, 2)
    await patient.pause()
    assert turns == [1]


async def test_loop_time_is_the_loops():
    assert loop_time() <= asyncio.get_running_loop().time() <= loop_time()
