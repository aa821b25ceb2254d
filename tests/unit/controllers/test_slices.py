"""What the two controllers of slices have in common."""

from __future__ import annotations

from steersman.controllers.slices import (
    Changes,
    identity_of,
    is_same_endpoint,
    managed_keys,
    ports_key,
    recycle,
    service_of,
)

ENDPOINT = {
    "addresses": ["10.0.0.1"],
    "conditions": {"ready": True, "serving": True, "terminating": False},
    "targetRef": {"kind": "Pod", "namespace": "ns", "name": "p", "uid": "u"},
    "nodeName": "n1",
}


def named(name, family="IPv4"):
    return {"metadata": {"name": name}, "addressType": family}


def new(mark, family="IPv4"):
    return {"metadata": {"generateName": "s-"}, "addressType": family, "endpoints": mark}


def test_an_endpoint_stays_the_same_when_its_conditions_change():
    other = ENDPOINT | {"conditions": {"ready": False}, "nodeName": "n2", "hints": {"forZones": []}}
    assert identity_of(other) == identity_of(ENDPOINT)
    assert not is_same_endpoint(other, ENDPOINT)


def test_hints_and_versions_of_pods_are_no_difference():
    reference = ENDPOINT["targetRef"] | {"resourceVersion": "9"}
    assert is_same_endpoint(ENDPOINT | {"hints": {"forZones": [{"name": "a"}]}, "targetRef": reference}, ENDPOINT)
    assert not is_same_endpoint(ENDPOINT | {"targetRef": reference | {"uid": "another"}}, ENDPOINT)


def test_ports_are_the_same_in_any_order():
    a, b = {"name": "a", "port": 1, "protocol": "TCP"}, {"name": "b", "port": None, "protocol": "TCP"}
    assert ports_key([a, b]) == ports_key([b, a]) != ports_key([a])
    assert ports_key(None) == ports_key([])


def test_slices_are_found_by_manager_and_service():
    labels = {"endpointslice.kubernetes.io/managed-by": "m", "kubernetes.io/service-name": "s"}
    assert managed_keys({"metadata": {"namespace": "ns", "labels": labels}}) == ("m/ns/s",)
    assert managed_keys({"metadata": {"namespace": "ns"}}) == ()
    assert str(service_of({"metadata": {"namespace": "ns", "labels": labels}})) == "ns/s"


def test_what_would_be_deleted_is_used_for_what_would_be_created():
    changes = Changes([new(1), new(2), new(6, "IPv6")], [named("u")], [named("a"), named("b"), named("c")])
    made = recycle(changes, usable=[named("a"), named("b")])
    assert [each["metadata"].get("name") for each in made.update] == ["u", "a", "b"]
    assert [each["endpoints"] for each in made.update[1:]] == [2, 1]
    assert made.create == [new(6, "IPv6")]
    assert made.delete == [named("c")]


def test_slices_of_others_are_not_used():
    assert recycle(Changes([new(1)], [], [named("a")]), usable=[]) == Changes([new(1)], [], [named("a")])
