"""Whose an object is."""

from __future__ import annotations

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.controllers.ownership import Claim, controller_of, orphans_of, owner_keys, plan_claim, reference_to

from .objects import CREATED, pod, replica_set

OWNER, OTHER = replica_set("web"), replica_set("other")


def matches(obj):
    return obj["metadata"]["labels"].get("app") == "web"


def test_owned_are_kept_orphans_adopted_strays_released_and_others_left_alone():
    mine, orphan = pod("mine", owner=OWNER), pod("orphan")
    stray = pod("stray", owner=OWNER, labels={"app": "else"})
    objects = [mine, orphan, stray, pod("theirs", owner=OTHER), pod("unlike", labels={"app": "else"})]
    assert plan_claim(OWNER, objects, matches) == Claim(owned=[mine], adopt=[orphan], release=[stray])


def test_an_owner_that_is_being_deleted_only_keeps():
    leaving = replica_set("web", metadata={"deletionTimestamp": CREATED})
    mine = pod("mine", owner=leaving)
    objects = [mine, pod("orphan"), pod("stray", owner=leaving, labels={"app": "else"})]
    assert plan_claim(leaving, objects, matches) == Claim(owned=[mine], adopt=[], release=[])


def test_what_is_being_deleted_is_not_adopted():
    assert plan_claim(OWNER, [pod("orphan", deletionTimestamp=CREATED)], matches) == Claim([], [], [])


def test_the_controller_is_the_owner_that_says_so():
    assert controller_of(pod("a", ownerReferences=[{"uid": "x"}, {"uid": "y", "controller": True}])) == {
        "uid": "y",
        "controller": True,
    }
    assert controller_of(pod("a")) is None


def test_a_reference_blocks_the_owners_deletion():
    assert reference_to(OWNER, REPLICA_SETS) == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": "uid-web",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_objects_are_found_by_their_controller_or_as_orphans():
    assert owner_keys(pod("a", owner=OWNER)) == ("uid-web",)
    assert owner_keys(pod("a")) == (orphans_of("ns"),)
