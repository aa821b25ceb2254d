"""A key is settled once the cache shows what was written for it."""

from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.client.informer import Informer
from steersman.client.request import Key
from steersman.client.transport import WatchEvent
from steersman.controllers.base import View
from steersman.controllers.pending import Pending

OWNER, OTHER = Key("default", "web"), Key("default", "db")


def pod(name, version, uid="u1", **metadata):
    return {"metadata": {"namespace": "default", "name": name, "uid": uid, "resourceVersion": str(version), **metadata}}


class OneInformer:
    """Informers of which only one is asked for."""

    def __init__(self, informer):
        self._informer = informer

    def of(self, _resource):
        return self._informer


@pytest.fixture
def cache():
    informer = Informer()
    informer.replace([], "10")
    return informer


@pytest.fixture
def pending(cache):
    return Pending(view=View(informers=OneInformer(cache), reads=(PODS,), name="test"), resource=PODS)


def test_nothing_written_is_settled(pending):
    assert pending.settled(OWNER)


def test_what_was_created_is_waited_for(pending, cache):
    pending.created(OWNER, pod("a", 12))
    pending.created(OWNER, pod("b", 14))
    pending.created(OWNER, pod("c", 13))
    assert not pending.settled(OWNER)
    assert pending.settled(OTHER)
    cache.apply([WatchEvent("ADDED", pod("a", 12))], "12")
    assert not pending.settled(OWNER)
    cache.apply([], "14")
    assert pending.settled(OWNER)


def test_a_creation_that_was_undone_meanwhile_is_settled_too(pending, cache):
    pending.created(OWNER, pod("a", 12))
    cache.replace([], "20")
    assert pending.settled(OWNER)


@pytest.mark.parametrize(
    "event",
    [
        WatchEvent("DELETED", pod("a", 12)),
        WatchEvent("MODIFIED", pod("a", 12, deletionTimestamp="2026-01-01T00:00:00Z")),
        WatchEvent("MODIFIED", pod("a", 12, uid="its successor")),
    ],
    ids=["gone", "going", "replaced"],
)
def test_what_was_deleted_is_waited_for_until_it_goes(pending, cache, event):
    cache.apply([WatchEvent("ADDED", pod("a", 11))], "11")
    pending.deleted(OWNER, pod("a", 11))
    assert not pending.settled(OWNER)
    cache.apply([event], "12")
    assert pending.settled(OWNER)


def test_creations_and_deletions_are_waited_for_together(pending, cache):
    cache.apply([WatchEvent("ADDED", pod("a", 11))], "11")
    pending.deleted(OWNER, pod("a", 11))
    pending.created(OWNER, pod("b", 13, uid="u2"))
    cache.apply([WatchEvent("ADDED", pod("b", 13, uid="u2"))], "13")
    assert not pending.settled(OWNER)
    cache.apply([WatchEvent("DELETED", pod("a", 14))], "14")
    assert pending.settled(OWNER)


def test_who_is_no_more_is_forgotten(pending):
    pending.created(OWNER, pod("a", 12))
    pending.forget(OWNER)
    assert pending.settled(OWNER)
