"""Slices for Endpoints that are kept by hand."""

from __future__ import annotations

import pytest

from steersman.controllers.endpointslice_mirroring import endpoint_of, plan_mirror, wants_mirroring
from steersman.controllers.slices import Changes

from .objects import meta

HTTP, DNS = {"name": "a", "port": 80, "protocol": "TCP"}, {"name": "d", "port": 53, "protocol": "UDP"}


def endpoints(*subsets, **metadata):
    return {"metadata": meta("s", **metadata), "subsets": list(subsets)}


def at(*ips):
    return [{"ip": ip} for ip in ips]


def mirrored(*subsets, **metadata):
    """What is there after a first round."""
    made = plan_mirror(endpoints(*subsets, **metadata), []).changes.create
    return [
        each | {"metadata": {**each["metadata"], "name": f"s-{number}", "uid": f"u{number}"}}
        for number, each in enumerate(made)
    ]


def told(changes):
    return [
        (each["metadata"].get("name"), each["addressType"], [e["addresses"][0] for e in each["endpoints"]])
        for each in (*changes.create, *changes.update)
    ]


def test_a_subset_becomes_a_slice_for_each_family():
    plan = plan_mirror(endpoints({"addresses": at("10.0.0.1", "fd00::1"), "ports": [HTTP]}), [])
    assert told(plan.changes) == [(None, "IPv4", ["10.0.0.1"]), (None, "IPv6", ["fd00::1"])]


def test_a_slice_tells_what_the_endpoints_tell():
    reference = {"kind": "Pod", "namespace": "ns", "name": "p", "uid": "u"}
    address = {"ip": "10.0.0.1", "hostname": "h", "nodeName": "n", "targetRef": reference}
    labels, annotations = {"l": "1"}, {"n": "2", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    made = plan_mirror(
        endpoints(
            {"addresses": [address], "notReadyAddresses": at("10.0.0.2"), "ports": [HTTP]},
            labels=labels,
            annotations=annotations,
        ),
        [],
    ).changes.create
    assert made == [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": "s-",
                "namespace": "ns",
                "labels": {
                    "l": "1",
                    "kubernetes.io/service-name": "s",
                    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
                },
                "annotations": {"n": "2"},
                "ownerReferences": [
                    {
                        "apiVersion": "v1",
                        "kind": "Endpoints",
                        "name": "s",
                        "uid": "uid-s",
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["10.0.0.1"],
                    "conditions": {"ready": True},
                    "targetRef": reference,
                    "nodeName": "n",
                    "hostname": "h",
                },
                {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
            ],
            "ports": [HTTP],
        }
    ]


def test_a_mirror_that_is_true_is_not_written():
    subset = {"addresses": at("10.0.0.1", "fd00::1"), "ports": [HTTP]}
    assert plan_mirror(endpoints(subset), mirrored(subset)).changes == Changes()


@pytest.mark.parametrize(
    "changed",
    [
        endpoints({"addresses": at("10.0.0.1", "10.0.0.3"), "ports": [HTTP]}),
        endpoints({"addresses": at("10.0.0.1"), "notReadyAddresses": at("10.0.0.2"), "ports": [HTTP]}),
        endpoints({"addresses": at("10.0.0.1", "10.0.0.2"), "ports": [HTTP]}, labels={"l": "1"}),
        endpoints({"addresses": at("10.0.0.1", "10.0.0.2"), "ports": [HTTP]}, annotations={"a": "1"}),
        endpoints({"addresses": at("10.0.0.1", "10.0.0.2"), "ports": [HTTP]}, uid="another"),
        endpoints({"addresses": at("10.0.0.1", "10.0.0.2"), "ports": [HTTP, DNS]}),
    ],
)
def test_a_mirror_is_replaced_by_name(changed):
    existing = mirrored({"addresses": at("10.0.0.1", "10.0.0.2"), "ports": [HTTP]})
    changes = plan_mirror(changed, existing).changes
    assert [each["metadata"]["name"] for each in changes.update] == ["s-0"]
    assert (changes.create, changes.delete) == ([], [])


def test_of_several_for_the_same_one_stays():
    subset = {"addresses": at("10.0.0.1"), "ports": [HTTP]}
    [first] = mirrored(subset)
    other = first | {"metadata": first["metadata"] | {"name": "s-9"}}
    assert plan_mirror(endpoints(subset), [first, other]).changes == Changes(delete=[other])


def test_what_is_empty_has_no_slices():
    existing = mirrored({"addresses": at("10.0.0.1"), "ports": [HTTP]})
    assert plan_mirror(endpoints(), existing).changes == Changes(delete=existing)


def test_what_is_no_address_is_left_out_and_counted():
    plan = plan_mirror(endpoints({"addresses": at("10.0.0.1", "nonsense"), "ports": [HTTP]}), [])
    assert (told(plan.changes), plan.invalid, plan.skipped) == ([(None, "IPv4", ["10.0.0.1"])], 1, 1)
    assert endpoint_of({"ip": "nonsense"}, ready=True) is None


def test_a_thousand_addresses_of_a_subset_are_mirrored():
    many = at(*(f"10.0.{number // 256}.{number % 256}" for number in range(1003)))
    plan = plan_mirror(endpoints({"addresses": many, "ports": [HTTP]}), [])
    assert (len(plan.changes.create[0]["endpoints"]), plan.invalid, plan.skipped) == (1000, 0, 3)


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}},
    ],
)
def test_some_endpoints_are_not_mirrored(metadata):
    assert not wants_mirroring(endpoints(**metadata))
    assert wants_mirroring(endpoints())
