from __future__ import annotations

import pytest

from steersman.scheduler.devices import search as search_module
from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory
from steersman.scheduler.devices.search import Allocator, NodeError, TooLongError
from steersman.scheduler.devices.selectors import SelectorError
from steersman.scheduler.devices.wanted import AllocationError, want

from .offers import CLASSES, NODE, SELECTORS, claim, device, different, either, offer, request, same, search, taking

ABC = [offer("s", "a", "b", "c")]
MODELS = [offer("s", device("a", x_model="x"), device("b", x_model="y"), device("c", x_model="x"))]
ROOTS = [
    offer(
        "s",
        device("g0", x_root="1", x_model="x"),
        device("g1", x_root="2", x_model="x"),
        device("g2", x_root="2", x_model="x"),
        device("n0", x_root="2", x_model="y"),
    )
]
ROOT = "d.example.com/root"
TAINTED = [offer("s", device("a", taints=[{"key": "k", "effect": "NoSchedule"}]), "b")]


@pytest.mark.parametrize(
    ("slices", "claims", "found"),
    [
        # the first that will do
        (ABC, [claim(request())], "r=p/a"),
        (ABC, [claim(request(count=2))], "r=p/a r=p/b"),
        (ABC, [claim(request("r"), request("s"))], "r=p/a s=p/b"),
        (ABC, [claim(request()), claim(request(count=2), name="d")], "r=p/a | r=p/b r=p/c"),
        (ABC, [claim(request(count=4))], None),
        (ABC, [claim(request(count=2)), claim(request(count=2))], None),
        ([], [claim(request())], None),
        (ABC, [], ""),
        # selectors
        (MODELS, [claim(request("r", "model=y"))], "r=p/b"),
        (MODELS, [claim(request("r", "model=x", count=2))], "r=p/a r=p/c"),
        (MODELS, [claim(request("r", "model=z"))], None),
        # what comes later may need what was taken first
        (MODELS, [claim(request("r"), request("s", "model=x", count=2))], "r=p/b s=p/a s=p/c"),
        (MODELS, [claim(request()), claim(request("r", "model=x", count=2))], "r=p/b | r=p/a r=p/c"),
        # all devices
        (ABC, [claim(request(allocationMode="All"))], "r=p/a r=p/b r=p/c"),
        (MODELS, [claim(request("r", "model=x", allocationMode="All"))], "r=p/a r=p/c"),
        (MODELS, [claim(request("r", "model=z", allocationMode="All"))], None),
        (ABC, [claim(request(), request("s", allocationMode="All"))], None),
        # alternatives, the best first
        (ABC, [claim(either("r", best=request(count=3), less=request()))], "r/best=p/a r/best=p/b r/best=p/c"),
        (ABC, [claim(either("r", best=request(count=4), less=request()))], "r/less=p/a"),
        (ABC, [claim(either("r", best=request(count=3), less=request()), request("s"))], "r/less=p/a s=p/b"),
        (ABC, [claim(either("r", best=request(count=40), less=request()))], "r/less=p/a"),
        # constraints
        (ROOTS, [claim(request(count=2), constraints=[same(ROOT)])], "r=p/g1 r=p/g2"),
        (ROOTS, [claim(request("r", "model=x"), request("s", "model=y"), constraints=[same(ROOT)])], "r=p/g1 s=p/n0"),
        (ROOTS, [claim(request(count=2), constraints=[different(ROOT)])], "r=p/g0 r=p/g1"),
        (ROOTS, [claim(request(count=3), constraints=[different(ROOT)])], None),
        (ROOTS, [claim(request(), request("s", count=2), constraints=[same(ROOT, "s")])], "r=p/g0 s=p/g1 s=p/g2"),
        (
            ROOTS,
            [claim(either("r", a=request(count=2)), constraints=[same(ROOT, "r/a")])],
            "r/a=p/g1 r/a=p/g2",
        ),
        (ABC, [claim(request(), constraints=[same(ROOT)])], None),
        # taints
        (TAINTED, [claim(request())], "r=p/b"),
        (TAINTED, [claim(request(tolerations=[{"key": "k", "operator": "Exists"}]))], "r=p/a"),
        (TAINTED, [claim(request(tolerations=[{"operator": "Exists", "effect": "NoExecute"}]))], "r=p/b"),
        (TAINTED, [claim(request(allocationMode="All"))], None),
        # access for administration takes nothing
        (ABC, [claim(request(adminAccess=True)), claim(request("r", adminAccess=True))], "r=p/a | r=p/a"),
        (ABC, [claim(request(adminAccess=True), request("s", adminAccess=True))], "r=p/a s=p/b"),
    ],
)
def test_the_first_solution_is_found(slices, claims, found):
    assert search(slices, *claims) == found


def test_pools_are_tried_by_driver_and_name_and_those_that_wait_for_conditions_last():
    slices = [
        offer("s1", "x", pool="b"),
        offer("s2", device("y", bindingConditions=["ready"]), pool="a"),
        offer("s3", "z", pool="c", driver="a.example.com"),
    ]
    assert search(slices, claim(request(count=3))) == "r=c/z r=b/x r=a/y"


def test_what_others_have_is_not_given():
    assert search(ABC, claim(request()), taken=(taking("p/a"),)) == "r=p/b"
    assert search(ABC, claim(request(allocationMode="All")), taken=(taking("p/a"),)) is None
    assert search(ABC, claim(request(adminAccess=True)), taken=(taking("p/a"),)) == "r=p/a"
    assert search(ABC, claim(request()), taken=(taking("p/a", adminAccess=True),)) == "r=p/a"


def test_a_rule_taints_the_devices_that_it_selects():
    def rule(**selector):
        return {"spec": {"deviceSelector": selector, "taint": {"key": "k", "effect": "NoExecute"}}}

    assert search(ABC, claim(request()), rules=(rule(device="a"),)) == "r=p/b"
    assert search(ABC, claim(request()), rules=(rule(pool="p"),)) is None
    assert search(ABC, claim(request()), rules=(rule(driver="other"),)) == "r=p/a"
    assert search(ABC, claim(request()), rules=({"spec": {"taint": {"key": "k", "effect": "NoExecute"}}},)) == "r=p/a"


# --- Capacity and counters ---------------------------------------------------------------------------------------


def shared(name, memory, **policy):
    capacity = {"memory": {"value": memory, **({"requestPolicy": policy} if policy else {})}}
    return device(name, allowMultipleAllocations=True, capacity=capacity)


def needing(memory, name="r", **more):
    return request(name, capacity={"requests": {"memory": memory}}, **more)


@pytest.mark.parametrize(
    ("devices", "claims", "found"),
    [
        ([device("a", capacity={"memory": {"value": "4Gi"}})], [claim(needing("4Gi"))], "r=p/a"),
        ([device("a", capacity={"memory": {"value": "4Gi"}})], [claim(needing("5Gi"))], None),
        (["a"], [claim(needing("1"))], None),
        ([shared("a", "4Gi")], [claim(needing("2Gi")), claim(needing("2Gi"))], "r=p/a | r=p/a"),
        ([shared("a", "4Gi"), shared("b", "4Gi")], [claim(needing("3Gi")), claim(needing("3Gi"))], "r=p/a | r=p/b"),
        ([shared("a", "4Gi")], [claim(needing("2Gi")), claim(needing("3Gi"))], None),
        ([shared("a", "4Gi")], [claim(request()), claim(request())], None),
        ([shared("a", "4Gi", default="1Gi")], [claim(request()), claim(request())], "r=p/a | r=p/a"),
        ([shared("a", "4", default="1", validValues=["1", "3"])], [claim(needing("2")), claim(needing("1"))], "r=p/a | r=p/a"),
        ([shared("a", "4", default="1", validValues=["1", "3"])], [claim(needing("2")), claim(needing("2"))], None),
        ([shared("a", "4", default="1", validValues=["1", "3"])], [claim(needing("4"))], None),
        # a request takes each device once only
        ([shared("a", "4Gi"), shared("b", "4Gi")], [claim(needing("1Gi", count=2))], "r=p/a r=p/b"),
        ([shared("a", "4Gi")], [claim(needing("1Gi", count=2))], None),
        ([shared("a", "4Gi")], [claim(needing("1Gi", allocationMode="All"), needing("3Gi", "s"))], "r=p/a s=p/a"),
    ],
)  # fmt: skip
def test_shared_devices_give_what_is_left_of_their_capacity(devices, claims, found):
    assert search([offer("s", *devices)], *claims) == found


def test_capacity_that_others_consume_is_gone():
    slices = [offer("s", shared("a", "4Gi"))]
    used = taking("p/a", shareID="1", consumedCapacity={"memory": "3Gi"})
    assert search(slices, claim(needing("1Gi")), taken=(used,)) == "r=p/a"
    assert search(slices, claim(needing("2Gi")), taken=(used,)) is None


def part(name, memory, **more):
    return device(name, consumesCounters=[{"counterSet": "gpu", "counters": {"memory": {"value": memory}}}], **more)


def parts(*devices):
    sets = [{"name": "gpu", "counters": {"memory": {"value": "40Gi"}}}]
    return [offer("s", *devices, of=2), offer("t", of=2, nodeName="n", sharedCounters=sets)]


PARTS = parts(part("whole", "40Gi"), part("half-0", "20Gi"), part("half-1", "20Gi"))


def test_partitions_share_their_counters():
    assert search(PARTS, claim(request())) == "r=p/whole"
    assert search(PARTS, claim(request(count=2))) == "r=p/half-0 r=p/half-1"
    assert search(PARTS, claim(request(count=3))) is None
    assert search(PARTS, claim(request(allocationMode="All"))) is None
    assert search(PARTS, claim(request()), taken=(taking("p/half-1"),)) == "r=p/half-0"
    assert search(PARTS, claim(request()), taken=(taking("p/whole"),)) is None


def test_shares_of_one_partition_take_its_counters_once():
    capacity = {"capacity": {"memory": {"value": "20Gi"}}, "allowMultipleAllocations": True}
    slices = parts(part("a", "30Gi", **capacity))
    two = [claim(needing("5Gi")), claim(needing("5Gi"))]
    assert search(slices, *two) == "r=p/a | r=p/a"
    taken = taking("p/a", shareID="1", consumedCapacity={"memory": "5Gi"})
    assert search(slices, *two, taken=(taken,)) == "r=p/a | r=p/a"


# --- What goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "error", "text"),
    [
        (
            claim(request("r", "fail")),
            SelectorError,
            "claim ns/c: selector #0 on device d.example.com/p/a: CEL runtime error: no such key: nope",
        ),
        (claim(request("r", "wrong")), SelectorError, "claim ns/c: selector #0: CEL compile error: no such word"),
        (
            claim(request(deviceClassName="picky")),
            SelectorError,
            "class picky: selector #0 on device d.example.com/p/a: CEL runtime error: no such key: nope",
        ),
        (
            claim(request(count=30), request("s", count=3)),
            AllocationError,
            "claim ns/c, request s: adding 3 devices exceeds the claim limit of 32, with 30 already accounted for",
        ),
        (
            claim(request(allocationMode="All", count=0), constraints=[same(ROOT)]),
            AllocationError,
            "claim ns/c, request r: cannot add device d.example.com/p/a because a claim constraint would not be satisfied",
        ),
    ],
)  # fmt: skip
def test_errors_say_what_and_where(wanted, error, text):
    picky = {"metadata": {"name": "picky"}, "spec": {"selectors": [{"cel": {"expression": "fail"}}]}}
    with pytest.raises(error) as caught:
        search(ABC, wanted, classes=CLASSES | {"picky": picky})
    assert str(caught.value) == text


def test_a_pool_that_is_being_updated_gives_nothing():
    slices = [offer("s", "a", of=2), offer("t", "b", pool="q")]
    assert search(slices, claim(request())) == "r=q/b"
    with pytest.raises(AllocationError, match=r"resource pool d\.example\.com/p is currently being updated"):
        search(slices, claim(request(allocationMode="All")))


def test_a_pool_that_contradicts_itself_is_told_when_nothing_else_is_found():
    slices = [offer("s", "a", "a"), offer("t", "b", pool="q")]
    assert search(slices, claim(request())) == "r=q/b"
    with pytest.raises(NodeError, match="invalid resource pools were encountered"):
        search(slices, claim(request(count=2)))
    with pytest.raises(AllocationError, match=r"resource pool d\.example\.com/p is currently invalid"):
        search(slices, claim(request(allocationMode="All")))


def test_a_search_is_given_up_after_so_many_steps(monkeypatch):
    monkeypatch.setattr(search_module, "STEPS_MAX", 1000)
    slices = [offer("s", *(device(f"d{number}", x_root=str(number)) for number in range(30)))]
    with pytest.raises(TooLongError):
        search(slices, claim(request(count=8), constraints=[different(ROOT)]), claim(request("r", "root=none")))


def test_the_searches_of_one_cycle_have_so_many_steps_together(monkeypatch):
    monkeypatch.setattr(search_module, "CYCLE_STEPS_MAX", 10)
    allocator = Allocator(allocated=Allocated(), selectors=SELECTORS)
    pools = Inventory([read_slice(offer("s", *(f"d{number}" for number in range(4))))]).pools(NODE)
    wanted = [want(claim(request("r", "model=none")), CLASSES.get)]
    assert allocator.allocate(wanted, pools) is None
    assert allocator.allocate(wanted, pools) is None
    with pytest.raises(TooLongError):
        allocator.allocate(wanted, pools)


def test_what_did_not_work_is_not_tried_again_in_another_order(monkeypatch):
    monkeypatch.setattr(search_module, "STEPS_MAX", 10_000)
    slices = [offer("s", *(device(f"d{number}", x_root=str(number)) for number in range(10)))]
    requests = [request(f"r{number}") for number in range(7)]
    assert search(slices, claim(*requests, constraints=[different(ROOT)]), claim(request("r", "root=none"))) is None


def test_long_claims_need_no_deep_calls():
    slices = [offer("s", *(f"d{number}" for number in range(32)))]
    found = search(slices, *(claim(request(adminAccess=True, count=32), name=f"c{at}") for at in range(40)))
    assert found is not None
    assert found.count("=") == 32 * 40
