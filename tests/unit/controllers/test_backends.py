"""Which pods stand behind a service."""

from __future__ import annotations

import pytest

from steersman.client.request import Key
from steersman.controllers.backends import (
    can_serve,
    canonical_addresses,
    hostname_in,
    is_headless,
    is_ours,
    matters,
    pods_behind,
    selector_keys,
    services_concerned,
    target_port,
)

from .objects import backend, service


def candidates(*services):
    def at(value):
        return [each for each in services if value in selector_keys(each)]

    return at


def test_a_service_without_a_selector_is_not_ours():
    assert is_ours(service("s"))
    assert not is_ours(service("s", selector=None))
    assert not is_ours(service("s", selector={}))
    assert not is_ours(service("s", type="ExternalName"))


@pytest.mark.parametrize(("ip", "headless"), [("None", True), ("", True), (None, True), ("10.0.0.1", False)])
def test_a_service_without_an_address_is_headless(ip, headless):
    assert is_headless(service("s", clusterIP=ip)) is headless


def test_pods_are_those_with_all_labels_of_the_selector():
    both = service("s", selector={"app": "web", "tier": "front"})
    pods = [backend("b", 2, labels={"app": "web", "tier": "front", "x": "y"}), backend("a", 1)]
    assert [each["metadata"]["name"] for each in pods_behind(both, pods)] == ["b"]
    assert pods_behind(service("s", selector=None), pods) == []


def test_a_pods_services_are_found_by_one_label():
    at = candidates(service("web"), service("both", selector={"app": "web", "zz": "1"}), service("none", selector=None))
    assert services_concerned(None, backend("a", 1), at) == {Key("ns", "web")}
    assert services_concerned(backend("a", 1, labels={"app": "web", "zz": "1"}), None, at) == {
        Key("ns", "web"),
        Key("ns", "both"),
    }


def test_changes_that_endpoints_do_not_tell_concern_nobody():
    at = candidates(service("web"))
    pod = backend("a", 1)
    assert services_concerned(pod, pod | {"metadata": pod["metadata"] | {"annotations": {"a": "b"}}}, at) == set()
    assert services_concerned(pod, backend("a", 1, ready=False), at) == {Key("ns", "web")}


def test_new_labels_concern_those_that_lose_or_win_the_pod():
    at = candidates(service("web"), service("blue", selector={"c": "blue"}), service("red", selector={"c": "red"}))
    old = backend("a", 1, labels={"app": "web", "c": "blue"})
    new = backend("a", 1, labels={"app": "web", "c": "red"})
    assert services_concerned(old, new, at) == {Key("ns", "blue"), Key("ns", "red")}
    changed = backend("a", 2, labels={"app": "web", "c": "red"})
    assert services_concerned(old, changed, at) == {Key("ns", "blue"), Key("ns", "red"), Key("ns", "web")}


@pytest.mark.parametrize(
    "new",
    [
        backend("a", 2),
        backend("a", 1, ready=False),
        backend("a", 1, phase="Failed"),
        backend("a", 1, node="n2"),
        backend("a", 1, deletionTimestamp="2026-01-02T00:00:00Z"),
    ],
)
def test_what_endpoints_tell_of_a_pod_matters(new):
    assert matters(backend("a", 1), new)


def test_a_pod_serves_once_it_has_an_address_until_it_ends():
    assert can_serve(backend("a", 1, ready=False))
    assert not can_serve(backend("a", None))
    assert not can_serve(backend("a", 1, phase="Succeeded"))


def test_addresses_are_of_a_family_and_written_in_one_way():
    pod = backend("a", ["010.0.0.1", "FD00:0::1"])
    assert canonical_addresses(pod, 4) == ["10.0.0.1"]
    assert canonical_addresses(pod, 6) == ["fd00::1"]


def test_a_hostname_counts_below_its_own_service_only():
    pod = backend("a", 1, spec={"hostname": "h", "subdomain": "s"})
    assert hostname_in(pod, service("s")) == "h"
    assert hostname_in(pod, service("other")) == ""
    assert hostname_in(backend("a", 1), service("s")) == ""


def test_a_named_port_is_looked_up_in_each_pod_with_its_protocol():
    ports = [{"name": "p", "containerPort": 53, "protocol": "UDP"}, {"name": "p", "containerPort": 80}]
    pod = backend("a", 1, spec={"containers": [{"name": "c", "ports": ports}]})
    assert target_port(pod, {"targetPort": "p", "protocol": "TCP"}) == 80
    assert target_port(pod, {"targetPort": "p", "protocol": "UDP"}) == 53
    assert target_port(pod, {"targetPort": "q", "protocol": "TCP"}) is None
    assert target_port(pod, {"targetPort": 7, "protocol": "TCP"}) == 7


@pytest.mark.parametrize(("policy", "port"), [("Always", 9), (None, None)])
def test_sidecars_have_ports_and_other_init_containers_do_not(policy, port):
    init = {"name": "i", "ports": [{"name": "p", "containerPort": 9}], **({"restartPolicy": policy} if policy else {})}
    pod = backend("a", 1, spec={"initContainers": [init]})
    assert target_port(pod, {"targetPort": "p"}) == port
