from __future__ import annotations

import pytest

from steersman.scheduler.devices.model import DeviceId, Place, PoolId, read_slice, tolerated

from .offers import DRIVER, device, offer

TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}


def test_devices_are_named_by_driver_pool_and_name():
    (read,) = read_slice(offer("s", "a")).devices
    assert read.id == DeviceId(DRIVER, "p", "a")
    assert str(read.id) == "d.example.com/p/a"
    assert str(PoolId(DRIVER, "p")) == "d.example.com/p"


def test_devices_are_where_their_slice_is_or_where_they_say():
    whole = read_slice(offer("s", "a"))
    assert (whole.place, whole.devices[0].place) == (Place("n"), Place("n"))
    each = read_slice(offer("s", device("a", nodeName="m"), device("b", allNodes=True), perDeviceNodeSelection=True))
    assert not each.place.known
    assert [one.place for one in each.devices] == [Place("m"), Place(everywhere=True)]


def rule(**selector):
    return {"spec": {"deviceSelector": selector, "taint": TAINT}}


@pytest.mark.parametrize(
    ("rules", "tainted"),
    [
        ([], ""),
        ([rule()], "a b"),
        ([rule(device="b")], "b"),
        ([rule(pool="p", driver=DRIVER, device="a")], "a"),
        ([rule(pool="q")], ""),
        ([{"spec": {"taint": TAINT}}], ""),
    ],
)
def test_rules_add_their_taint_to_the_devices_that_they_select(rules, tainted):
    devices = read_slice(offer("s", "a", "b"), rules).devices
    assert " ".join(each.id.device for each in devices if each.spec.get("taints")) == tainted


def test_the_taints_of_a_device_stay_beside_those_of_rules():
    (read,) = read_slice(offer("s", device("a", taints=[{"key": "own", "effect": "None"}])), [rule()]).devices
    assert [taint["key"] for taint in read.spec["taints"]] == ["own", "k"]


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"operator": "Exists", "key": "k"}, True),
        ({"operator": "Exists", "key": "other"}, False),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({"operator": "Exists", "effect": "NoSchedule"}, True),
        ({"operator": "Equal", "key": "k", "value": "v"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "value": "other"}, False),
        ({"key": "k"}, False),
        ({"operator": "Unheard", "key": "k"}, False),
    ],
)
def test_taints_are_tolerated(toleration, expected):
    assert tolerated(TAINT, [toleration]) is expected
