"""Who asks about pools of devices is told once, and forgotten later."""

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.resourcepoolstatusrequest.controller import (
    REQUESTS,
    ResourcePoolStatusRequests,
    answer,
    is_old,
)

from .served import serve

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = {"driver": "d.io"}


def piece(name="s", *, devices=("a", "b"), pool="p", generation=1, count=1, node="n1", driver="d.io", **more):
    listed = [{"name": each} if isinstance(each, str) else each for each in devices]
    place = {"name": pool, "generation": generation, "resourceSliceCount": count}
    spec = {"driver": driver, "pool": place, "nodeName": node, "devices": listed, **more}
    return {"metadata": {"name": name}, "spec": spec}


def claim(*devices, pool="p", **more):
    results = [{"driver": "d.io", "pool": pool, "device": each, **more} for each in devices]
    return {"metadata": {"name": "c"}, "status": {"allocation": {"devices": {"results": results}}}}


def told(*slices, claims=(), rules=(), **asked):
    return answer(ASKED | asked, slices=slices, claims=claims, rules=rules, now=NOW)


def only(*slices, **more):
    (pool,) = told(*slices, **more)["pools"]
    return pool


def test_devices_are_counted():
    tainted = {"name": "c", "taints": [{"key": "k", "effect": "NoSchedule"}]}
    status = told(piece(devices=("a", "b", tainted)), claims=[claim("a"), claim("a"), claim("b", adminAccess=True)])
    assert status["pools"] == [
        {
            "driver": "d.io",
            "poolName": "p",
            "generation": 1,
            "nodeName": "n1",
            "resourceSliceCount": 1,
            "totalDevices": 3,
            "allocatedDevices": 1,
            "availableDevices": 1,
            "unavailableDevices": 1,
        }
    ]
    assert status["poolCount"] == 1
    (said,) = status["conditions"]
    assert (said["type"], said["reason"], said["message"]) == (
        "Complete",
        "CalculationComplete",
        "Calculated status for 1 pools",
    )


def test_rules_close_devices_as_well():
    rule = {"spec": {"taint": {"effect": "NoExecute"}, "deviceSelector": {"driver": "d.io", "device": "a"}}}
    harmless = {"spec": {"taint": {"effect": "None"}, "deviceSelector": {"driver": "d.io"}}}
    assert only(piece(), rules=[rule, harmless])["unavailableDevices"] == 1


def test_only_the_latest_generation_counts():
    pool = only(piece("old", generation=1, devices="abc"), piece("new", generation=2, devices="a"))
    assert (pool["generation"], pool["totalDevices"]) == (2, 1)


def test_a_pool_that_is_not_complete_says_so():
    pool = only(piece(count=2))
    assert pool["validationError"] == "PoolIncomplete: pool d.io/p is incomplete: observed 1/2 slices at generation 1"
    assert "totalDevices" not in pool


def test_pools_can_be_chosen_and_limited():
    slices = [piece(pool=name) for name in "abc"] + [piece(pool="x", driver="other")]
    assert [each["poolName"] for each in told(*slices, poolName="b")["pools"]] == ["b"]
    limited = told(*slices, limit=2)
    assert (limited["poolCount"], [each["poolName"] for each in limited["pools"]]) == (3, ["a", "b"])


def partition(name, kind, amount, attribute="type"):
    cost = [{"counterSet": "gpu", "counters": {"memory": {"value": amount}}}]
    return {"name": name, "attributes": {attribute: {"string": kind}}, "consumesCounters": cost}


def gpu(*devices, amount="40Gi", **more):
    shared = [{"name": "gpu", "counters": {"memory": {"value": amount}}}]
    return piece(devices=devices, sharedCounters=shared, **more)


PARTS = [
    partition("a", "large", "20Gi"),
    partition("b", "large", "20Gi"),
    *(partition(n, "small", "10Gi") for n in "cdef"),
]


def test_partitions_are_told_by_how_many_fit():
    pool = only(gpu(*PARTS, partitionTypeAttribute="d.io/type"), claims=[claim("a", "c")])
    assert pool["partitionSummary"] == [
        {"attribute": "d.io/type", "type": "large", "total": 2, "allocatable": 0},
        {"attribute": "d.io/type", "type": "small", "total": 4, "allocatable": 1},
    ]
    assert "partitionSummary" not in only(gpu(*PARTS))
    assert "partitionSummary" in only(gpu(*PARTS), defaultPartitionTypeAttribute="d.io/type")


@pytest.mark.parametrize(
    ("devices", "problem"),
    [
        ((partition("a", "x", "1"), partition("b", "x", "2")), "PartitionCostMismatch:"),
        ((partition("a", "x", "1", attribute="other"),), "PartitionTypeMissing: device"),
    ],
)
def test_partitions_that_make_no_sense_are_told(devices, problem):
    pool = only(gpu(*devices, partitionTypeAttribute="d.io/type"))
    assert pool["validationError"].startswith(problem)
    assert "partitionSummary" not in pool
    assert pool["totalDevices"] == len(devices)


def test_shared_devices_are_told_by_their_capacity():
    shared = [{"name": n, "allowMultipleAllocations": True, "capacity": {"m": {"value": "10Gi"}}} for n in "ab"]
    pool = only(piece(devices=shared), claims=[claim("a", consumedCapacity={"m": "4Gi"})])
    assert pool["shareableSummary"] == {
        "fullyAvailableDevices": 1,
        "partiallyAvailableDevices": 1,
        "capacity": [{"name": "m", "total": "20Gi", "consumed": "4Gi", "available": "16Gi"}],
    }


def test_requests_get_old():
    def made(ago, status=None):
        created = (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = [{"type": "Complete", "status": "True", "lastTransitionTime": created}]
        return {"metadata": {"creationTimestamp": created}} | ({"status": {"conditions": conditions}} if status else {})

    assert not is_old(made(timedelta(hours=23)), NOW)
    assert is_old(made(timedelta(hours=25)), NOW)
    assert not is_old(made(timedelta(minutes=50), status=True), NOW)
    assert is_old(made(timedelta(minutes=70), status=True), NOW)


@pytest.mark.virtual_time
async def test_a_request_is_answered_and_deleted_later(bench):
    client = bench.client
    await serve(bench, REQUESTS)
    await bench.start(ResourcePoolStatusRequests)
    body = {"apiVersion": "resource.k8s.io/v1alpha3", "kind": "ResourcePoolStatusRequest", "spec": ASKED}
    await client.create(REQUESTS, body | {"metadata": {"name": "r"}})
    await bench.settle()
    request = await client.get(REQUESTS, Key("", "r"))
    assert request["status"]["poolCount"] == 0
    await bench.settle(4300)
    with pytest.raises(NotFound):
        await client.get(REQUESTS, Key("", "r"))
