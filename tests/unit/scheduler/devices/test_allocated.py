from __future__ import annotations

from steersman.api.meta.quantity import parse
from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.model import DeviceId

from .offers import DRIVER, taking

A = DeviceId(DRIVER, "p", "a")


def test_what_is_charged_can_be_taken_back():
    allocated = Allocated()
    allocated.charge(taking("p/a"))
    allocated.charge(taking("p/a"))
    allocated.charge(taking("p/a"), back=True)
    assert allocated.exclusive(A)
    allocated.charge(taking("p/a"), back=True)
    assert not allocated.exclusive(A)


def test_shares_add_up():
    allocated = Allocated()
    for share, amount in (("1", "1Gi"), ("2", "2Gi")):
        allocated.charge(taking("p/a", shareID=share, consumedCapacity={"m": amount}))
    assert allocated.shared(A)
    assert not allocated.exclusive(A)
    assert allocated.consumed(A) == {"m": parse("3Gi")}
    allocated.charge(taking("p/a", shareID="1", consumedCapacity={"m": "1Gi"}), back=True)
    assert allocated.consumed(A) == {"m": parse("2Gi")}
    allocated.charge(taking("p/a", shareID="2", consumedCapacity={"m": "2Gi"}), back=True)
    assert not allocated.shared(A)
    assert allocated.consumed(A) == {}


def test_access_for_administration_takes_nothing():
    allocated = Allocated()
    allocated.charge(taking("p/a", adminAccess=True))
    assert not allocated.exclusive(A)
