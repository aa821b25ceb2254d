"""One thread, jobs in order, housekeeping in between."""

from __future__ import annotations

import asyncio
import threading

import pytest

from steersman.store.interface import StoreUnavailable
from steersman.store.worker import Worker


async def test_jobs_run_in_order_in_one_other_thread():
    worker = Worker(name="test", idle=lambda _waited: False, idle_s=1)
    order = []
    results = await asyncio.gather(
        *(worker.run(lambda i=i: (order.append(i), threading.get_ident())[1]) for i in range(20))
    )
    assert order == list(range(20))
    assert set(results) != {threading.get_ident()}
    assert len(set(results)) == 1
    await worker.close()


async def test_a_failed_job_fails_its_caller_alone():
    worker = Worker(name="test", idle=lambda _waited: False, idle_s=1)
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 7) == 7
    await worker.close()


async def test_close_finishes_what_was_handed_over():
    worker = Worker(name="test", idle=lambda _waited: False, idle_s=1)
    done = []
    for i in range(5):
        worker.submit(lambda i=i: i, lambda result, _error: done.append(result))
    await worker.close()
    await asyncio.sleep(0)
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(StoreUnavailable):
        worker.submit(lambda: 1, print)


async def test_housekeeping_goes_on_in_quiet_moments_until_none_remains():
    calls = []
    finished = threading.Event()

    def idle(waited):
        calls.append(waited)
        if len(calls) == 4:
            finished.set()
            return False
        return True

    worker = Worker(name="test", idle=idle, idle_s=0.001)
    await worker.run(lambda: None)
    assert await asyncio.to_thread(finished.wait, 5)
    await worker.close()
    assert calls == [False, True, True, True]
