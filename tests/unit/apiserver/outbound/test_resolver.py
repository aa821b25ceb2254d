"""A Service leads to one of its ready endpoints, or to a reason why not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import ServiceUnavailable
from steersman.apiserver.outbound.resolver import ServiceResolver, choose_endpoint, slices_of

Object = dict[str, Any]


class Objects:
    """A reader of what is there."""

    def __init__(self, service: Object | None, slices: list[Object]) -> None:
        self.service, self.slices, self.changes, self.lists = service, slices, 0, 0

    def get(self, resource, namespace: str, name: str) -> Object | None:
        assert resource is SERVICES
        return self.service if (namespace, name) == ("ns", "web") else None

    def list(self, resource, namespace: str = "") -> list[Object]:
        assert (resource, namespace) == (ENDPOINT_SLICES, "ns")
        self.lists += 1
        return self.slices

    def version(self, resource) -> int:
        assert resource is ENDPOINT_SLICES
        return self.changes


def service(kind: str = "ClusterIP", **spec: Any) -> Object:
    ports = [{"name": "https", "port": 443, "targetPort": 8443}, {"name": "other", "port": 444}]
    return {"metadata": {"name": "web"}, "spec": {"type": kind, "clusterIP": "10.96.0.9", "ports": ports, **spec}}


def endpoint(address: str, *, ready: bool | None = True) -> Object:
    return {"addresses": [address, "192.0.2.1"], "conditions": {} if ready is None else {"ready": ready}}


def endpoint_slice(*endpoints: Object, of: str = "web", family: str = "IPv4", **ports: int | None) -> Object:
    return {
        "metadata": {"name": f"{of}-1", "labels": {"kubernetes.io/service-name": of}},
        "addressType": family,
        "endpoints": list(endpoints),
        "ports": [{"name": name, "port": port} for name, port in (ports or {"https": 8443}).items()],
    }


def resolver(found: Object | None, *slices: Object, **more: Any) -> ServiceResolver:
    return ServiceResolver(Objects(found, list(slices)), rng=random.Random(1), **more)


def chosen(count: int, made: ServiceResolver, port: int | str = 443) -> set[tuple[str, int]]:
    return {made.resolve("ns", "web", port) for _ in range(count)}


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_a_port_of_the_service_leads_to_the_port_of_the_same_name_at_an_endpoint(kind: str) -> None:
    slices = endpoint_slice(endpoint("10.0.0.1"), other=1, https=8443)
    assert chosen(5, resolver(service(kind), slices)) == {("10.0.0.1", 8443)}


def test_a_service_without_a_cluster_ip_has_endpoints_too() -> None:
    assert chosen(1, resolver(service(clusterIP="None"), endpoint_slice(endpoint("10.0.0.1")))) == {("10.0.0.1", 8443)}


def test_a_name_is_that_of_an_endpoint_port_whatever_the_service_says() -> None:
    assert chosen(1, resolver(None, endpoint_slice(endpoint("10.0.0.1"), metrics=9)), "metrics") == {("10.0.0.1", 9)}


def test_a_port_without_a_name_is_that_without_a_name() -> None:
    found = service(ports=[{"port": 80}])
    slices = endpoint_slice(endpoint("10.0.0.1"), **{"": 8080})
    assert chosen(1, resolver(found, slices), 80) == chosen(1, resolver(found, slices), "") == {("10.0.0.1", 8080)}


def test_all_ready_endpoints_of_all_slices_are_chosen_and_no_other() -> None:
    slices = (
        endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False), endpoint("10.0.0.3", ready=None)),
        endpoint_slice(endpoint("10.0.0.4")),
        endpoint_slice(endpoint("10.0.0.5"), of="other"),
        endpoint_slice(endpoint("10.0.0.6"), https=None),
        endpoint_slice(endpoint("10.0.0.7"), http=80),
        endpoint_slice(),
    )
    assert {address for address, _ in chosen(100, resolver(service(), *slices))} == {
        "10.0.0.1",
        "10.0.0.3",
        "10.0.0.4",
    }


def test_the_first_family_of_the_service_comes_first() -> None:
    slices = endpoint_slice(endpoint("10.0.0.1")), endpoint_slice(endpoint("fd00::1"), family="IPv6")
    assert chosen(20, resolver(service(ipFamilies=["IPv6", "IPv4"]), *slices)) == {("fd00::1", 8443)}
    assert chosen(20, resolver(service(ipFamilies=["IPv6"]), slices[0])) == {("10.0.0.1", 8443)}


def test_the_caller_may_refuse_endpoints() -> None:
    made = resolver(service(), endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2")))
    found = made.resolve("ns", "web", 443, accepts=lambda each: each["addresses"][0] == "10.0.0.2")
    assert found == ("10.0.0.2", 8443)
    with pytest.raises(ServiceUnavailable, match='no endpoints available for service "web"'):
        made.resolve("ns", "web", 443, accepts=lambda _: False)


def test_an_external_name_is_its_own_address() -> None:
    assert chosen(1, resolver(service("ExternalName", externalName="example.org", ports=None))) == {
        ("example.org", 443)
    }


def test_the_service_of_this_server_is_this_server() -> None:
    made = resolver(None, own=("127.0.0.1", 6443))
    assert made.resolve("default", "kubernetes", 443) == ("127.0.0.1", 6443)


NONE = 'no endpoints available for service "web"'


@pytest.mark.parametrize(
    ("found", "slices", "port", "message"),
    [
        (None, [], 443, 'service "web" not found'),
        (service(), [], 80, 'no service port 80 found for service "web"'),
        (service("Other"), [], 443, 'unsupported service type "Other"'),
        (service(), [], 443, NONE),
        (service(), [endpoint_slice(endpoint("10.0.0.1", ready=False))], 443, NONE),
        (service(), [endpoint_slice(endpoint("10.0.0.1"))], 444, NONE),
        (service(), [endpoint_slice(endpoint("10.0.0.1"))], "http", NONE),
    ],
)
def test_what_leads_nowhere_says_why(found, slices, port, message) -> None:
    with pytest.raises(ServiceUnavailable) as raised:
        resolver(found, *slices).resolve("ns", "web", port)
    assert raised.value.message == message


def test_slices_are_looked_for_again_only_after_a_change() -> None:
    objects = Objects(service(), [endpoint_slice(endpoint("10.0.0.1"))])
    made = ServiceResolver(objects, rng=random.Random(1))
    assert chosen(3, made) == {("10.0.0.1", 8443)}
    assert objects.lists == 1
    objects.slices, objects.changes = [endpoint_slice(endpoint("10.0.0.2"))], 1
    assert chosen(3, made) == {("10.0.0.2", 8443)}
    assert objects.lists == 2


def test_slices_belong_to_a_service_by_their_label() -> None:
    mine, other = endpoint_slice(endpoint("10.0.0.1")), endpoint_slice(of="other")
    bare = {"metadata": {"name": "x"}, "endpoints": [], "ports": []}
    assert slices_of(Objects(None, [other, mine, bare]), "ns", "web") == [mine]
    assert choose_endpoint([], "", rng=random.Random(1)) is None
