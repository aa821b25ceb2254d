"""From responses to batches."""

from __future__ import annotations

import pytest

from steersman.store.etcd_keys import KeySpace
from steersman.store.etcd_rpc import Members
from steersman.store.etcd_watch import EtcdWatch
from steersman.store.interface import Batch, StoreUnavailable


@pytest.fixture
async def members():
    members = Members(endpoints=("127.0.0.1:1",), tls=None, timeout_s=0.1)
    await members.open()
    yield members
    await members.close()


def make(members, deliver, *, prefix="", start=1):
    return EtcdWatch(
        members=members,
        keys=KeySpace(prefix="/x"),
        prefix=prefix,
        start_revision=start,
        deliver=deliver,
        previous=False,
        whole=True,
        give_up_s=1,
    )


def response(members, *events, revision=0, fragment=False, watch_id=0):
    made = members.messages["WatchResponse"](fragment=fragment, watch_id=watch_id)
    made.header.revision = revision
    for key, at in events:
        kv = made.events.add().kv
        kv.key, kv.mod_revision, kv.version = key, at, 1
    return made


async def test_fragments_are_put_together_before_anything_is_delivered(members):
    seen = []
    watch = make(members, seen.append)
    watch._take(response(members, (b"/x/a", 5), revision=5, fragment=True))
    watch._take(response(members, revision=9, watch_id=-1))
    watch._take(response(members, (b"/x/b", 5), revision=5, fragment=True))
    assert seen == []
    watch._take(response(members, (b"/x/c", 5), revision=5))
    assert [([event.key for event in batch.events], batch.revision) for batch in seen] == [(["/a", "/b", "/c"], 5)]


async def test_a_batch_reaches_as_far_as_its_events_and_not_as_its_header(members):
    seen = []
    make(members, seen.append)._take(response(members, (b"/x/a", 5), revision=9))
    assert seen[0].revision == 5


async def test_others_keys_show_as_progress(members):
    seen = []
    watch = make(members, seen.append, prefix="/pods/")
    watch._take(response(members, (b"/y/pods/a", 5), (b"/x/nodes/a", 6), revision=6))
    assert seen == [Batch((), 6)]


async def test_progress_never_goes_back(members):
    seen = []
    watch = make(members, seen.append)
    for revision in (5, 5, 4, 6):
        watch._take(response(members, revision=revision))
    assert [batch.revision for batch in seen] == [5, 6]


async def test_an_ended_watch_tells_why_and_delivers_nothing_more(members):
    seen = []
    watch = make(members, seen.append)
    watch.end(StoreUnavailable("gone"))
    watch.close()
    watch._take(response(members, (b"/x/a", 5), revision=5))
    assert seen == []
    for future in (watch.closed, watch.created):
        with pytest.raises(StoreUnavailable, match="gone"):
            await future
