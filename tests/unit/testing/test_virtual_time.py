"""Virtual time: order, determinism, threads, and no waiting for ever."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from steersman.testing.virtual_time import Stuck, VirtualClock, VirtualTimeLoop, run, settle


def test_a_day_of_timers_takes_no_time() -> None:
    async def main() -> float:
        for _ in range(24):
            await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    started = time.monotonic()
    assert run(main()) == 86400
    assert time.monotonic() - started < 5


def test_timers_fire_in_order_of_time_then_of_setting() -> None:
    async def main() -> list[str]:
        fired: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(2, fired.append, "late")
        loop.call_later(1, fired.append, "first of two")
        loop.call_later(1, fired.append, "second of two")
        await asyncio.sleep(3)
        return fired

    assert run(main()) == ["first of two", "second of two", "late"]


def test_the_clock_moves_with_the_loop() -> None:
    async def main() -> None:
        start = datetime(2030, 5, 6, tzinfo=UTC)
        clock = VirtualClock(asyncio.get_running_loop(), start=start)
        await asyncio.sleep(90)
        assert clock.now() == start + timedelta(seconds=90)

    run(main())


def test_timeouts_fire_although_nobody_waits_for_them() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 600)

    run(main())


def test_time_stands_still_while_a_thread_works() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(0.001):  # far less than the thread's start takes
            await loop.run_in_executor(None, sum, range(200_000))
        return loop.time()

    assert run(main()) == 0


def test_settle_runs_what_is_ready_and_no_timer() -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def chain(depth: int) -> None:
            for step in range(depth):
                await asyncio.sleep(0)
                seen.append(f"step {step}")
            await asyncio.sleep(1)
            seen.append("timer")

        task = asyncio.get_running_loop().create_task(chain(3))
        await settle()
        task.cancel()
        return seen

    assert run(main()) == ["step 0", "step 1", "step 2"]


def test_waiting_for_nothing_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        run(main())


@pytest.mark.virtual_time
async def test_marked_tests_run_in_virtual_time() -> None:
    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    await asyncio.sleep(1e6)


async def test_unmarked_async_tests_run_on_a_real_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
