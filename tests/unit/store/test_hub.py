"""Who is told what, in which order, how often."""

from __future__ import annotations

import asyncio
import logging

import pytest

from steersman.store.hub import Hub, HubWatch
from steersman.store.interface import Batch, Compacted, Event, Record, StoreUnavailable


def event(key, revision):
    return Event(key, Record(key, b"", revision, revision, 1), None, revision)


def watch(hub, deliver, *, prefix="", next_revision=1, previous=False):
    closed = asyncio.get_running_loop().create_future()
    return HubWatch(
        hub=hub, prefix=prefix, next_revision=next_revision, deliver=deliver, previous=previous, closed=closed
    )


async def test_a_watch_gets_what_is_new_to_it_once():
    hub, seen = Hub(), []
    hub.join(watch(hub, seen.append, next_revision=3))
    two, three = event("/a", 2), event("/a", 3)
    hub.publish((two,), 2)
    hub.publish((two, three), 3)
    hub.publish((three,), 3)
    assert seen == [Batch((three,), 3)]


async def test_a_prefix_is_told_of_its_own_and_bookmarked_when_asked():
    hub, seen = Hub(), []
    hub.join(watch(hub, seen.append, prefix="/a"))
    hub.publish((event("/b", 2),), 2)
    assert seen == []
    hub.bookmark(2)
    hub.bookmark(2)
    hub.publish((event("/b", 3), event("/a", 3)), 3)
    assert seen == [Batch((), 2), Batch((event("/a", 3),), 3)]


async def test_closing_while_delivering_is_safe():
    hub, seen = Hub(), []

    def close_both(batch):
        seen.append(batch)
        one.close()
        two.close()

    one, two = watch(hub, close_both), watch(hub, close_both)
    hub.join(one)
    hub.join(two)
    hub.publish((event("/a", 2),), 2)
    assert len(seen) == 1
    assert len(hub) == 0
    assert await one.closed is None


async def test_a_failing_subscriber_is_cut_off_alone(caplog):
    hub, seen = Hub(), []
    broken = watch(hub, lambda _: 1 // 0)
    hub.join(broken)
    hub.join(watch(hub, seen.append))
    with caplog.at_level(logging.ERROR):
        hub.publish((event("/a", 2),), 2)
    assert len(seen) == 1
    assert "division" in caplog.text
    with pytest.raises(StoreUnavailable):
        await broken.closed


async def test_previous_values_are_wanted_while_a_watch_that_asks_is_open():
    hub = Hub()
    one, two = watch(hub, print, previous=True), watch(hub, print)
    hub.join(two)
    assert hub.wants_previous == 1
    one.close()
    one.close()
    assert hub.wants_previous == 0


async def test_the_end_of_the_store_is_the_end_of_all():
    hub = Hub()
    one = watch(hub, print)
    hub.join(one)
    hub.close(Compacted(5, 6))
    with pytest.raises(Compacted):
        await one.closed
