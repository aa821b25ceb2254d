from __future__ import annotations

from steersman.api.meta.quantity import parse
from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.holdings import Counters, Holdings
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory

from .offers import NODE, device, offer, taking


def part(name, amount, **more):
    return device(name, consumesCounters=[{"counterSet": "set", "counters": {"c": {"value": amount}}}], **more)


def pool(*parts):
    sets = [{"name": "set", "counters": {"c": {"value": "4"}}}]
    slices = offer("s", *parts, of=2), offer("t", of=2, nodeName="n", sharedCounters=sets)
    (found,) = Inventory(map(read_slice, slices)).pools(NODE)
    return found


def holding(*allocations):
    allocated = Allocated()
    for each in allocations:
        allocated.charge(each)
    return Holdings(allocated=allocated, counters=Counters(allocated=allocated))


A, B = read_slice(offer("s", "a", "b")).devices


def test_a_whole_device_is_for_one_claim_but_for_administration():
    holdings = holding(taking("p/b"))
    assert (holdings.free(0, A, admin=False), holdings.free(0, B, admin=False)) == (True, False)
    holdings.take(0, A, None, None)
    assert not holdings.free(1, A, admin=False)
    assert holdings.free(1, A, admin=True)
    assert not holdings.free(0, A, admin=True)
    holdings.give_back(0, A, None, None)
    assert holdings.free(1, A, admin=False)


def test_counters_are_for_all_devices_of_a_pool():
    shown = pool(part("a", "3"), part("b", "2"), part("c", "1"))
    one, two, three = shown.devices
    holdings = holding()
    holdings.take(0, one, None, shown)
    assert (holdings.countable(shown, two), holdings.countable(shown, three)) == (False, True)
    holdings.give_back(0, one, None, shown)
    assert holdings.countable(shown, two)
    assert not holding(taking("p/a")).countable(shown, two)


def test_while_too_much_is_allocated_nothing_fits():
    shown = pool(part("a", "3"), part("b", "2"), part("c", "0"))
    assert not holding(taking("p/a", "p/b")).countable(shown, shown.devices[2])


def test_a_shared_device_takes_counters_once():
    shown = pool(part("a", "3", allowMultipleAllocations=True))
    (one,) = shown.devices
    holdings = holding()
    assert holdings.counts(one)
    holdings.take(0, one, {"m": parse("1")}, shown)
    assert not holdings.counts(one)
    assert holdings.used(one) == [{}, {"m": parse("1")}]
    assert not holding(taking("p/a", shareID="1")).counts(one)


def test_states_are_alike_if_the_same_is_left():
    first, second = holding(), holding()
    first.take(0, A, None, None)
    first.take(0, B, None, None)
    second.take(0, B, None, None)
    second.take(0, A, None, None)
    assert first.state(1) == second.state(1)
    second.give_back(0, A, None, None)
    assert first.state(1) != second.state(1)
    assert first.state(0) != first.state(1)
