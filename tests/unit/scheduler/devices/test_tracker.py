from __future__ import annotations

from steersman.scheduler.devices.model import DeviceId
from steersman.scheduler.devices.tracker import Tracker

from .offers import DRIVER, NODE, offer, taking

A, B = DeviceId(DRIVER, "p", "a"), DeviceId(DRIVER, "p", "b")


def claim(version, allocation=None, uid="u", **metadata):
    status = {"allocation": allocation} if allocation else {}
    return {
        "metadata": {"namespace": "ns", "name": "c", "uid": uid, "resourceVersion": str(version), **metadata},
        "status": status,
    }


def tracking(*claims):
    tracker = Tracker()
    for each in claims:
        tracker.claim_changed(None, each)
    return tracker


def test_what_is_allocated_follows_the_claims():
    tracker = tracking(claim(1, taking("p/a")))
    assert tracker.allocated.exclusive(A)
    tracker.claim_changed(claim(1, taking("p/a")), claim(2))
    assert not tracker.allocated.exclusive(A)
    tracker.claim_changed(claim(2), claim(3, taking("p/b")))
    tracker.claim_changed(claim(3, taking("p/b")), None)
    assert not tracker.allocated.exclusive(B)
    assert tracker.claim("ns", "c") is None


def test_a_claim_that_took_the_name_of_another_has_its_own_devices():
    tracker = tracking(claim(1, taking("p/a")))
    tracker.claim_changed(claim(1, taking("p/a")), claim(2, taking("p/b"), uid="v"))
    assert (tracker.allocated.exclusive(A), tracker.allocated.exclusive(B)) == (False, True)


def test_an_allocation_on_its_way_counts_until_it_is_given_up():
    tracker = tracking(claim(1))
    tracker.reserve("u", taking("p/a"))
    tracker.claim_changed(claim(1), claim(2))
    assert tracker.allocated.exclusive(A)
    assert tracker.pending("u") == taking("p/a")
    tracker.release("u")
    assert not tracker.allocated.exclusive(A)
    assert tracker.pending("u") is None
    tracker.release("u")


def test_an_allocation_that_was_written_counts_once():
    tracker = tracking(claim(1))
    tracker.reserve("u", taking("p/a"))
    tracker.assume(claim(3, taking("p/a")))
    tracker.release("u")
    assert tracker.allocated.exclusive(A)
    tracker.claim_changed(claim(1), claim(3, taking("p/a")))
    tracker.claim_changed(claim(3, taking("p/a")), claim(4))
    assert not tracker.allocated.exclusive(A)


def test_what_was_written_is_known_until_something_newer_is_told():
    tracker = tracking(claim(1))
    tracker.assume(claim(3, taking("p/a")))
    tracker.claim_changed(claim(1), claim(2))
    assert tracker.claim("ns", "c") == claim(3, taking("p/a"))
    tracker.claim_changed(claim(2), claim(4))
    assert tracker.claim("ns", "c") == claim(4)
    tracker.assume(claim(3, taking("p/a")))
    assert tracker.claim("ns", "c") == claim(4)


def test_of_an_unknown_claim_only_a_new_one_is_believed():
    tracker = Tracker()
    tracker.assume(claim(1, taking("p/a")))
    assert tracker.claim("ns", "c") is None
    tracker.assume(claim(1, taking("p/a")), made=True)
    assert tracker.allocated.exclusive(A)


def test_the_claim_for_extended_resources_is_found_by_its_pod():
    owners = [{"uid": "pod", "controller": True}]
    special = claim(1, annotations={"resource.kubernetes.io/extended-resource-claim": "true"}, ownerReferences=owners)
    tracker = tracking(special)
    assert tracker.special_claim("pod") == special
    tracker.claim_changed(special, None)
    assert tracker.special_claim("pod") is None


def taints(tracker):
    (pool,) = tracker.inventory.pools(NODE)
    return [[taint["key"] for taint in device.spec.get("taints") or ()] for device in pool.devices]


def test_slices_are_read_again_when_a_rule_changes():
    tracker = Tracker()
    rule = {
        "metadata": {"name": "r"},
        "spec": {"deviceSelector": {"device": "a"}, "taint": {"key": "k", "effect": "NoSchedule"}},
    }
    tracker.slice_changed(None, offer("s", "a", "b"))
    assert taints(tracker) == [[], []]
    tracker.rule_changed(None, rule)
    assert taints(tracker) == [["k"], []]
    tracker.slice_changed(offer("s", "a", "b"), offer("s", "b", "a"))
    assert taints(tracker) == [[], ["k"]]
    tracker.rule_changed(rule, None)
    assert taints(tracker) == [[], []]
    tracker.slice_changed(offer("s", "a", "b"), None)
    assert tracker.inventory.pools(NODE) == ()


def test_classes_are_found_by_name_and_resource():
    tracker = Tracker()
    made = {"metadata": {"name": "gpu"}, "spec": {"extendedResourceName": "example.com/gpu"}}
    tracker.class_changed(None, made)
    assert tracker.device_class("gpu") is made
    assert tracker.class_of_resource("example.com/gpu") is made
    tracker.class_changed(made, None)
    assert tracker.device_class("gpu") is None
    assert tracker.class_of_resource("example.com/gpu") is None
