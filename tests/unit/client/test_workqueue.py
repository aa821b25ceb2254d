"""Keys wait once, are in one worker's hands, and are never forgotten."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.client.queue_metrics import QueueFamilies
from steersman.client.workqueue import BACKOFF_S, BACKOFF_S_MAX, WorkQueue
from steersman.lib.aio import Tasks, loop_time
from steersman.lib.metrics import Registry
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def queue():
    made: WorkQueue[str] = WorkQueue()
    yield made
    made.close()


async def test_keys_come_in_their_order_and_once(queue):
    for key in "abcab":
        queue.add(key)
    assert len(queue) == 3
    assert [await queue.get() for _ in range(3)] == ["a", "b", "c"]


async def test_a_key_in_work_is_handed_to_nobody_else_and_waits_again(queue):
    queue.add("a")
    assert await queue.get() == "a"
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0
    assert not queue.idle
    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert queue.idle


async def test_a_key_is_due_at_the_earliest_of_its_times(queue):
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 20)
    queue.add_after("b", 7)
    assert queue.next_due == pytest.approx(5)
    assert await queue.get() == "a"
    assert loop_time() == pytest.approx(5)
    queue.done("a")
    assert await queue.get() == "b"
    await asyncio.sleep(30)
    assert len(queue) == 0
    queue.add_after("a", 0)
    assert len(queue) == 1


async def test_failures_wait_longer_each_time_until_one_succeeds(queue):
    waits = []
    for _ in range(25):
        begun = loop_time()
        queue.add_failed("a")
        await queue.get()
        queue.done("a")
        waits.append(loop_time() - begun)
    assert waits == pytest.approx([min(BACKOFF_S * 2**n, BACKOFF_S_MAX) for n in range(25)])
    assert queue.failures("a") == 25
    queue.forget("a")
    assert queue.failures("a") == 0


async def test_a_change_does_not_wait_for_the_time_of_a_failure(queue):
    queue.add_after("a", 100)
    queue.add("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert await queue.get() == "a", "and its time comes all the same"
    assert loop_time() == pytest.approx(100)


async def test_a_worker_that_is_cancelled_while_it_is_woken_wakes_the_next(queue):
    tasks = Tasks()
    first, second = (tasks.start(queue.get(), name=name) for name in "12")
    await settle()
    queue.add("a")
    first.cancel()
    assert await second == "a"
    await tasks.close()


async def test_nothing_is_worked_on_twice_at_a_time_and_nothing_is_lost():
    rng, queue = random.Random(1), WorkQueue()
    working, wanted, seen = set(), {}, {}

    async def work():
        while True:
            key = await queue.get()
            assert key not in working
            working.add(key)
            version = wanted[key]
            await asyncio.sleep(rng.random())
            working.discard(key)
            seen[key] = version
            if rng.random() < 0.2:
                queue.add_failed(key)
            else:
                queue.forget(key)
            queue.done(key)

    tasks = Tasks()
    for number in range(5):
        tasks.start(work(), name=str(number))
    for number in range(500):
        key = rng.randrange(20)
        wanted[key] = number
        rng.choice([queue.add, lambda key: queue.add_after(key, 0.5)])(key)
        await asyncio.sleep(rng.random() / 5)
    while not queue.idle or queue.next_due is not None:
        await asyncio.sleep(1)
    assert seen == wanted
    await tasks.close()


async def test_it_is_measured():
    registry = Registry()
    queue: WorkQueue[str] = WorkQueue(metrics=QueueFamilies(registry=registry).queue("jobs"))
    queue.add("a")
    queue.add("b")
    await asyncio.sleep(3)
    await queue.get()
    await asyncio.sleep(2)
    queue.add_failed("a")
    queue.done("a")
    text = registry.render()
    text = text.decode() if isinstance(text, bytes) else text
    for line in (
        'workqueue_depth{name="jobs"} 1',
        'workqueue_adds_total{name="jobs"} 2',
        'workqueue_retries_total{name="jobs"} 1',
        'workqueue_queue_duration_seconds_sum{name="jobs"} 3',
        'workqueue_work_duration_seconds_sum{name="jobs"} 2',
    ):
        assert line in text
    queue.close()
