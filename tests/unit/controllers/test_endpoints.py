"""The Endpoints of services with a selector."""

from __future__ import annotations

import pytest

from steersman.controllers.endpoints import compute_subsets, plan_endpoints

from .objects import backend, service

GONE = "2026-01-02T00:00:00Z"
TIME = "2026-01-01T00:00:05Z"
LABELS = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
PORT = {"port": 80, "protocol": "TCP"}


def address(name, ip, **more):
    return {
        "ip": ip,
        "nodeName": "n1",
        **more,
        "targetRef": {"kind": "Pod", "namespace": "ns", "name": name, "uid": f"uid-{name}"},
    }


def test_ready_pods_and_others_are_told_apart():
    pods = [backend("a", 1), backend("b", 2, ready=False)]
    assert compute_subsets(service(), pods) == [
        {"addresses": [address("a", "10.0.0.1")], "notReadyAddresses": [address("b", "10.0.0.2")], "ports": [PORT]}
    ]


def test_pods_that_end_or_are_deleted_or_have_no_address_are_left_out():
    pods = [backend("a", None), backend("b", 2, phase="Succeeded"), backend("c", 3, deletionTimestamp=GONE)]
    assert compute_subsets(service(), pods) == []


def test_unready_and_terminating_pods_count_as_ready_where_that_is_wanted():
    pods = [backend("a", 1, ready=False), backend("b", 2, deletionTimestamp=GONE)]
    published = compute_subsets(service(publishNotReadyAddresses=True), pods)
    assert published == [{"addresses": [address("a", "10.0.0.1"), address("b", "10.0.0.2")], "ports": [PORT]}]


def test_named_ports_are_looked_up_in_each_pod():
    def pod(name, number, port):
        return backend(name, number, spec={"containers": [{"ports": [{"name": "http", "containerPort": port}]}]})

    ports = [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": "http", "appProtocol": "h2"}]
    subsets = compute_subsets(service(ports=ports), [pod("a", 1, 8080), pod("b", 2, 9090), backend("c", 3)])
    assert {subset["ports"][0]["port"]: [each["ip"] for each in subset["addresses"]] for subset in subsets} == {
        8080: ["10.0.0.1"],
        9090: ["10.0.0.2"],
    }
    assert subsets[0]["ports"][0] | {"port": 0} == {"name": "web", "port": 0, "protocol": "TCP", "appProtocol": "h2"}


def test_a_headless_service_needs_no_ports_and_others_do():
    assert compute_subsets(service(ports=None, clusterIP="None"), [backend("a", 1)]) == [
        {"addresses": [address("a", "10.0.0.1")]}
    ]
    assert compute_subsets(service(ports=None), [backend("a", 1)]) == []


@pytest.mark.parametrize(
    ("spec", "ip"),
    [
        ({"ipFamilies": ["IPv6", "IPv4"]}, "fd00::1"),
        ({"ipFamilies": ["IPv4", "IPv6"]}, "10.0.0.1"),
        ({"ipFamilies": None, "clusterIP": "fd00::7"}, "fd00::1"),
        ({"ipFamilies": None, "clusterIP": "None"}, "10.0.0.1"),
    ],
)
def test_addresses_are_of_the_services_first_family(spec, ip):
    subsets = compute_subsets(service(**spec), [backend("a", ["10.0.0.1", "fd00::1"])])
    assert subsets[0]["addresses"] == [address("a", ip)]


def test_a_pod_without_an_address_of_that_family_is_left_out():
    assert compute_subsets(service(ipFamilies=["IPv6"]), [backend("a", 1)]) == []


def test_a_pod_below_the_services_name_has_its_hostname():
    subsets = compute_subsets(service(), [backend("a", 1, spec={"hostname": "h", "subdomain": "s"})])
    assert subsets[0]["addresses"] == [address("a", "10.0.0.1", hostname="h")]


def planned(*pods, current=None, trigger=TIME, **spec):
    return plan_endpoints(service(**spec), pods, current, trigger=trigger)


def test_endpoints_have_the_services_labels_and_say_who_keeps_them():
    made = planned(backend("a", 1), metadata={"labels": {"l": "1"}})
    assert made["metadata"] == {
        "name": "s",
        "namespace": "ns",
        "labels": {"l": "1", **LABELS},
        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": TIME},
    }


def test_those_of_a_headless_service_say_so():
    assert planned(clusterIP="None")["metadata"]["labels"] == {"service.kubernetes.io/headless": "", **LABELS}


def test_what_says_it_all_is_not_written_again():
    made = planned(backend("a", 1))
    assert planned(backend("a", 1), current=made, trigger="") is None
    assert planned(backend("a", 1), current=made, trigger="2026-01-01T00:00:09Z") is None


def test_what_differs_is_written_and_the_rest_kept():
    made = planned(backend("a", 1))
    current = made | {"metadata": made["metadata"] | {"resourceVersion": "7"}}
    current["metadata"]["annotations"] = {**made["metadata"]["annotations"], "mine": "x"}
    changed = planned(backend("b", 2), current=current, trigger="")
    assert changed["metadata"]["resourceVersion"] == "7"
    assert changed["metadata"]["annotations"] == {"mine": "x"}
    assert planned(backend("a", 1), current=current, metadata={"labels": {"l": "2"}})["metadata"]["labels"]["l"] == "2"


def test_versions_of_pods_and_another_order_are_no_difference():
    made = planned(backend("a", 1), backend("b", 2))
    first, second = made["subsets"][0]["addresses"]
    first = first | {"targetRef": first["targetRef"] | {"resourceVersion": "9"}}
    current = made | {"subsets": [{"addresses": [second, first], "ports": [PORT]}]}
    assert planned(backend("a", 1), backend("b", 2), current=current) is None


def test_more_than_fits_is_left_out_and_told_once():
    pods = [backend(f"p{number}", number) for number in range(1, 1002)]
    made = planned(*pods)
    assert made["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] == "truncated"
    assert len(made["subsets"][0]["addresses"]) == 1000
    assert planned(*pods, current=made) is None
    assert "endpoints.kubernetes.io/over-capacity" not in planned(*pods[:5], current=made)["metadata"]["annotations"]
