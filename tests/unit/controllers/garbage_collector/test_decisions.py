"""What becomes of an object, and the patches."""

from __future__ import annotations

import pytest

from steersman.client.request import Propagation
from steersman.controllers.garbage_collector.decisions import (
    Delete,
    Detach,
    Standing,
    detaching,
    detaching_merge,
    plan,
    releasing,
    standing_of,
    unblocking,
    unblocking_merge,
)

SOLID, ABSENT, WAITING = Standing.SOLID, Standing.ABSENT, Standing.WAITING


def obj(**metadata):
    return {"metadata": {"name": "b", "uid": "b", "resourceVersion": "7", **metadata}}


def ref(uid, **more):
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": uid, "uid": uid, **more}


def decided(*standings, has_dependents=False, waiting_dependent=False, **metadata):
    by_uid = {str(number): each for number, each in enumerate(standings)}
    return plan(obj(**metadata), by_uid, has_dependents=has_dependents, waiting_dependent=waiting_dependent)


@pytest.mark.parametrize(
    ("owner", "standing"),
    [
        (None, ABSENT),
        (obj(uid="another"), ABSENT),
        (obj(), SOLID),
        (obj(deletionTimestamp="now"), SOLID),
        (obj(deletionTimestamp="now", finalizers=["orphan"]), SOLID),
        (obj(finalizers=["foregroundDeletion"]), SOLID),
        (obj(deletionTimestamp="now", finalizers=["x.io/f", "foregroundDeletion"]), WAITING),
    ],
)
def test_how_an_owner_is(owner, standing):
    assert standing_of(owner, "b") is standing


def test_what_has_no_owners_stays():
    assert decided() is None


def test_one_owner_that_is_there_is_enough():
    assert decided(SOLID) is None
    assert decided(ABSENT, SOLID, WAITING) == Detach(("0", "2"))


def test_without_an_owner_it_goes():
    assert decided(ABSENT) == Delete(Propagation.BACKGROUND)
    assert decided(ABSENT, WAITING) == Delete(Propagation.BACKGROUND)


def test_finalizers_that_are_there_say_how_it_goes():
    assert decided(ABSENT, finalizers=["x.io/f", "orphan"]) == Delete(Propagation.ORPHAN)
    assert decided(ABSENT, finalizers=["foregroundDeletion"]) == Delete(Propagation.FOREGROUND)


def test_what_an_owner_waits_for_goes_in_the_foreground_if_it_has_dependents():
    assert decided(WAITING) == Delete(Propagation.BACKGROUND)
    assert decided(WAITING, has_dependents=True) == Delete(Propagation.FOREGROUND)
    assert decided(ABSENT, has_dependents=True) == Delete(Propagation.BACKGROUND)
    assert decided(WAITING, has_dependents=True, waiting_dependent=True) == Delete(Propagation.FOREGROUND, unblock=True)


def test_owners_are_taken_away_by_uid():
    assert detaching("b", ["a"]) == {"metadata": {"uid": "b", "ownerReferences": [{"$patch": "delete", "uid": "a"}]}}
    two = obj(ownerReferences=[ref("a"), ref("c")])
    assert detaching_merge(two, ["a"]) == {"metadata": {"resourceVersion": "7", "ownerReferences": [ref("c")]}}
    assert detaching_merge(two, ["a", "c"])["metadata"]["ownerReferences"] is None


def test_no_owner_waits_any_more():
    references = [ref("a", blockOwnerDeletion=True), ref("c")]
    assert unblocking("b", references) == {
        "metadata": {"uid": "b", "ownerReferences": [ref("a", blockOwnerDeletion=False)]}
    }
    merged = unblocking_merge(obj(ownerReferences=references))
    assert [each["blockOwnerDeletion"] for each in merged["metadata"]["ownerReferences"]] == [False, False]


def test_a_finalizer_is_taken_away_from_the_version_that_was_looked_at():
    assert releasing(obj(finalizers=["orphan", "x.io/f"]), "orphan") == {
        "metadata": {"resourceVersion": "7", "finalizers": ["x.io/f"]}
    }
    assert releasing(obj(finalizers=["orphan"]), "orphan")["metadata"]["finalizers"] is None
    assert releasing(obj(), "orphan") is None
