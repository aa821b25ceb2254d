"""Reads: order, paging, the past."""

from __future__ import annotations

import pytest

from steersman.store.interface import Delete, FutureRevision, Put


def _keys(page):
    return [record.key for record in page.records]


async def test_a_list_is_in_the_order_of_the_keys_bytes(store):
    names = ["/k/b", "/k/a", "/k/a/x", "/k/a-x", "/k/é", "/k/\U0001f600", "/k/", "/k/￿", "/k/Z", "/k/%"]
    for name in names:
        await store.commit((), (Put(name, b""),))
    assert _keys(await store.list("/k/")) == sorted(names, key=str.encode)


async def test_a_prefix_takes_what_begins_with_it_and_nothing_else(store):
    for key in ("/pods/a", "/pods/b", "/podsx/a", "/pod", "/pods", "/q", "/pods/_", "/pods/%"):
        await store.commit((), (Put(key, b""),))
    assert _keys(await store.list("/pods/")) == ["/pods/%", "/pods/_", "/pods/a", "/pods/b"]
    assert len(_keys(await store.list(""))) == 8
    assert _keys(await store.list("/none/")) == []


async def test_pages_join_to_the_whole_list_and_count_what_remains(store):
    for i in range(10):
        await store.commit((), (Put(f"/k/{i}", b"%d" % i), Put(f"/l/{i}", b"")))
    first = await store.list("/k/", limit=4)
    assert (_keys(first), first.more, first.remaining) == ([f"/k/{i}" for i in range(4)], True, 6)
    second = await store.list("/k/", start="/k/3\0", limit=4, revision=first.revision)
    assert (_keys(second), second.more, second.remaining) == ([f"/k/{i}" for i in range(4, 8)], True, 2)
    third = await store.list("/k/", start="/k/7\0", limit=4, revision=first.revision)
    assert (_keys(third), third.more, third.remaining) == (["/k/8", "/k/9"], False, 0)


async def test_a_page_that_ends_with_the_range_has_no_more(store):
    await store.commit((), (Put("/k/a", b""), Put("/k/b", b""), Put("/l", b"")))
    page = await store.list("/k/", limit=2)
    assert (len(page.records), page.more, page.remaining) == (2, False, 0)


async def test_start_is_inclusive_and_may_lie_outside_the_prefix(store):
    await store.commit((), (Put("/k/a", b""), Put("/k/b", b""), Put("/l", b"")))
    assert _keys(await store.list("/k/", start="/k/b")) == ["/k/b"]
    assert _keys(await store.list("/k/", start="/a")) == ["/k/a", "/k/b"]
    assert _keys(await store.list("/k/", start="/l")) == []


async def test_an_empty_list_has_the_stores_revision(store):
    revision = await store.commit((), (Put("/a", b""),))
    page = await store.list("/none/")
    assert (page.records, page.revision, page.more, page.remaining) == ([], revision, False, 0)


async def test_the_past_stays_as_it_was(store):
    one = await store.commit((), (Put("/k/a", b"1"), Put("/k/b", b"1")))
    two = await store.commit((), (Put("/k/a", b"2"), Delete("/k/b")))
    three = await store.commit((), (Put("/k/b", b"3"), Put("/k/c", b"3")))
    four = await store.commit((), (Delete("/k/a"),))
    past = {
        revision: [(r.key, r.value) for r in (await store.list("/k/", revision=revision)).records]
        for revision in (one, two, three, four)
    }
    assert past == {
        one: [("/k/a", b"1"), ("/k/b", b"1")],
        two: [("/k/a", b"2")],
        three: [("/k/a", b"2"), ("/k/b", b"3"), ("/k/c", b"3")],
        four: [("/k/b", b"3"), ("/k/c", b"3")],
    }
    assert (await store.get("/k/a", revision=one)).value == b"1"
    assert (await store.get("/k/a", revision=three)).mod_revision == two
    assert await store.get("/k/a", revision=four) is None
    assert await store.get("/k/b", revision=two) is None
    assert (await store.get("/k/b", revision=three)).create_revision == three
    assert (await store.list("/k/", revision=two)).revision == two


async def test_pages_of_the_past_do_not_see_later_writes(store):
    for i in range(6):
        await store.commit((), (Put(f"/k/{i}", b"old"),))
    first = await store.list("/k/", limit=2)
    await store.commit((), (Delete("/k/3"), Put("/k/4", b"new"), Put("/k/25", b"new")))
    rest = await store.list("/k/", start="/k/1\0", limit=2, revision=first.revision)
    assert [(r.key, r.value) for r in rest.records] == [("/k/2", b"old"), ("/k/3", b"old")]
    assert (rest.more, rest.remaining, rest.revision) == (True, 2, first.revision)


async def test_the_future_is_refused(store):
    revision = await store.commit((), (Put("/a", b""),))
    with pytest.raises(FutureRevision) as caught:
        await store.get("/a", revision=revision + 5)
    assert (caught.value.asked, caught.value.revision) == (revision + 5, revision)
    with pytest.raises(FutureRevision):
        await store.list("", revision=revision + 5)


async def test_a_list_longer_than_one_read_is_whole(store):
    for i in range(0, 2500, 50):
        await store.commit((), tuple(Put(f"/k/{j:05}", b"%d" % j) for j in range(i, i + 50)))
    page = await store.list("/k/")
    assert [record.value for record in page.records] == [b"%d" % i for i in range(2500)]
    assert not page.more
    limited = await store.list("/k/", limit=1500)
    assert (len(limited.records), limited.remaining) == (1500, 1000)
