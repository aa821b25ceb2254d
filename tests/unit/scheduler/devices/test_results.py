from __future__ import annotations

from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory
from steersman.scheduler.devices.results import render_allocation
from steersman.scheduler.devices.search import Allocator
from steersman.scheduler.devices.wanted import want

from .offers import CLASSES, DRIVER, NODE, SELECTORS, claim, device, either, offer, request

HERE = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]}


def opaque(text):
    return {"opaque": {"driver": DRIVER, "parameters": {"text": text}}}


def allocation(wanted, *slices, classes=CLASSES):
    read = want(wanted, classes.get)
    allocator = Allocator(allocated=Allocated(), selectors=SELECTORS)
    found = allocator.allocate([read], Inventory(map(read_slice, slices)).pools(NODE))
    assert found is not None
    return render_allocation(read, found[0], node="n", new_uid=lambda: "share")


def named(name, **spec):
    return {name: {"metadata": {"name": name}, "spec": spec}}


def test_devices_of_the_node_are_there_only():
    assert allocation(claim(request()), offer("s", "a")) == {
        "devices": {"results": [{"request": "r", "driver": DRIVER, "pool": "p", "device": "a"}]},
        "nodeSelector": HERE,
    }


def test_what_a_device_and_a_request_say_is_kept():
    given = device("a", bindingConditions=["ready"], bindingFailureConditions=["broken"])
    tolerations = [{"key": "k", "operator": "Exists"}]
    result = allocation(claim(request(adminAccess=True, tolerations=tolerations)), offer("s", given, allNodes=True))
    assert result == {
        "devices": {
            "results": [
                {
                    "request": "r",
                    "driver": DRIVER,
                    "pool": "p",
                    "device": "a",
                    "adminAccess": True,
                    "tolerations": tolerations,
                    "bindingConditions": ["ready"],
                    "bindingFailureConditions": ["broken"],
                }
            ]
        }
    }


def test_a_share_has_a_name_and_says_what_it_consumes():
    given = device("a", allowMultipleAllocations=True, capacity={"memory": {"value": "4Gi"}})
    wanted = request(capacity={"requests": {"memory": "1Gi"}})
    (result,) = allocation(claim(wanted), offer("s", given))["devices"]["results"]
    assert (result["shareID"], result["consumedCapacity"]) == ("share", {"memory": "1Gi"})


def test_selectors_of_all_devices_hold():
    def on(*values, key="zone"):
        return {"key": key, "operator": "In", "values": list(values)}

    def selected(*expressions):
        return {"nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}}

    zone, either_zone = on("z1"), on("z1", "z2")
    result = allocation(
        claim(request(count=3)),
        offer("s", "a", **selected(zone)),
        offer("t", "b", pool="q", **selected(zone, either_zone)),
        offer("u", "c", pool="r", **selected(on("z2", "z1"))),
    )
    assert result["nodeSelector"] == {"nodeSelectorTerms": [{"matchExpressions": [zone, either_zone]}]}


def test_a_device_that_binds_is_there_only():
    assert (
        allocation(claim(request()), offer("s", device("a", bindsToNode=True), allNodes=True))["nodeSelector"] == HERE
    )


def test_configuration_of_classes_and_of_the_claim():
    classes = CLASSES | named("tuned", config=[opaque("class")])
    wanted = claim(
        request("r", deviceClassName="tuned"),
        request("s"),
        either("t", a=request(deviceClassName="tuned"), b=request()),
        config=[
            opaque("all"),
            {"requests": ["s"], **opaque("s")},
            {"requests": ["t/a"], **opaque("t/a")},
            {"requests": ["t/b"], **opaque("not chosen")},
            {"requests": ["r", "s", "t"], **opaque("each")},
        ],
    )
    config = allocation(wanted, offer("s", "a", "b", "c"), classes=classes)["devices"]["config"]
    assert [(each["source"], each.get("requests"), each["opaque"]["parameters"]["text"]) for each in config] == [
        ("FromClass", ["r", "t/a"], "class"),
        ("FromClaim", None, "all"),
        ("FromClaim", ["s"], "s"),
        ("FromClaim", ["t/a"], "t/a"),
        ("FromClaim", None, "each"),
    ]
