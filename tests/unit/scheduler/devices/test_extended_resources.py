from __future__ import annotations

import pytest

from steersman.scheduler.devices.extended_resources import classes_by_resource, is_served, plan_requests

GPU = "example.com/gpu"


def container(name, amount=None, **more):
    requests = {"cpu": "1", **({GPU: amount} if amount else {})}
    return {"name": name, "resources": {"requests": requests}, **more}


def planned(spec):
    """Requests as `name: count`, uses as `container: request`."""
    found = plan_requests(spec, {GPU: "gpu"})
    assert all(each["exactly"]["deviceClassName"] == "gpu" for each in found.requests)
    requests = {each["name"]: each["exactly"]["count"] for each in found.requests}
    return requests, [f"{each['containerName']}: {each['requestName']}" for each in found.mappings]


@pytest.mark.parametrize(
    ("init", "containers", "requests", "uses"),
    [
        ([], [container("a", "2")], {"container-0-request-1": 2}, ["a: container-0-request-1"]),
        ([], [container("a"), container("b", "1")], {"container-1-request-1": 1}, ["b: container-1-request-1"]),
        # an init container uses what those after it have
        (
            [container("i", "2")],
            [container("a", "2")],
            {"container-1-request-1": 2},
            ["a: container-1-request-1", "i: container-1-request-1"],
        ),
        # and what it needs beyond that
        (
            [container("i", "5"), container("j", "4")],
            [container("a", "2")],
            {"container-0-request-1": 3, "container-2-request-1": 2},
            [
                "a: container-2-request-1",
                "i: container-2-request-1",
                "i: container-0-request-1",
                "j: container-2-request-1",
                "j: container-0-request-1",
            ],
        ),
        # a sidecar goes on
        (
            [container("s", "1", restartPolicy="Always")],
            [container("a", "1")],
            {"container-0-request-1": 1, "container-1-request-1": 1},
            ["s: container-0-request-1", "a: container-1-request-1"],
        ),
    ],
)
def test_what_containers_ask_for(init, containers, requests, uses):
    assert planned({"initContainers": init, "containers": containers}) == (requests, uses)


def named(name, created, resource=None):
    spec = {"extendedResourceName": resource} if resource else {}
    return {"metadata": {"name": name, "creationTimestamp": created}, "spec": spec}


def test_of_classes_for_one_resource_the_newest_serves_it():
    classes = [named("c", "2", GPU), named("b", "2", GPU), named("a", "1", GPU), named("d", "3")]
    found = classes_by_resource(classes)
    assert found[GPU] is classes[1]
    assert found["deviceclass.resource.kubernetes.io/d"] is classes[3]


def test_only_extended_resources_are_served():
    assert is_served(GPU)
    assert is_served("deviceclass.resource.kubernetes.io/d")
    assert not is_served("cpu")
    assert not is_served("hugepages-2Mi")
