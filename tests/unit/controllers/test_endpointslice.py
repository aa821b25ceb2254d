"""Endpoints packed into slices, as lists of states: each holds the inputs and the complete slices that are expected.

Every list is run forwards, backwards and with gaps: what is there before a state must not decide what it comes to.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from steersman.controllers.endpointslice.controller import mark
from steersman.controllers.endpointslice.packing import address_types, endpoint_of, plan_slices, ports_of
from steersman.controllers.slices import Changes, recycle

from .objects import backend, service

GONE = "2026-01-02T00:00:00Z"
NODES = {"n1": {"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z1"}}}, "n2": {"metadata": {}}}


class Cluster:
    """Slices as the API keeps them."""

    def __init__(self, *, endpoints_max=3):
        self.slices = {}
        self.written = 0
        self._named = 0
        self._endpoints_max = endpoints_max

    def reconcile(self, owner, pods):
        families = address_types(owner)
        everything = Changes(delete=[each for each in self.slices.values() if each["addressType"] not in families])
        for family in families:
            existing = [each for _, each in sorted(self.slices.items()) if each["addressType"] == family]
            plan = plan_slices(owner, pods, existing, family, NODES.get, endpoints_max=self._endpoints_max)
            everything.add(recycle(plan.changes, usable=existing))
        self.apply(everything)
        return everything

    def apply(self, changes):
        self.written = len(changes.create) + len(changes.update) + len(changes.delete)
        for each in changes.create:
            self._named += 1
            name = f"s-{self._named:03}"
            self.slices[name] = each | {"metadata": each["metadata"] | {"name": name, "uid": f"uid-{name}"}}
        for each in changes.update:
            name = each["metadata"]["name"]
            assert name in self.slices
            self.slices[name] = each
        for each in changes.delete:
            del self.slices[each["metadata"]["name"]]

    def shown(self):
        """By family and ports: the endpoints, with what is remarkable of each."""
        return sorted(
            (each["addressType"], tuple(port["port"] for port in each["ports"]), tuple(sorted(_brief(each))))
            for each in self.slices.values()
        )


def _brief(each):
    for endpoint in each["endpoints"]:
        conditions = "".join(name[0] for name, true in endpoint["conditions"].items() if true)
        yield f"{endpoint['targetRef']['name']} {endpoint['addresses'][0]} {conditions}"


def named_port(name, number, port):
    return backend(name, number, spec={"containers": [{"ports": [{"name": "http", "containerPort": port}]}]})


NAMED = [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": "http"}]
DUAL = ["IPv4", "IPv6"]
SIX, FOUR = "fd00::1", "10.0.0.1"
EMPTY = [("IPv4", (), ())]
STATES = {
    "pods come and change": [
        (service(), [], EMPTY),
        (service(), [backend("a", 1, ready=False)], [("IPv4", (80,), ("a 10.0.0.1 ",))]),
        (service(), [backend("a", 1)], [("IPv4", (80,), ("a 10.0.0.1 rs",))]),
        (service(), [backend("a", 1, deletionTimestamp=GONE)], [("IPv4", (80,), ("a 10.0.0.1 st",))]),
        (service(), [backend("a", 9), backend("b", 2)], [("IPv4", (80,), ("a 10.0.0.9 rs", "b 10.0.0.2 rs"))]),
        (service(), [backend("a", 9, phase="Failed"), backend("b", 2)], [("IPv4", (80,), ("b 10.0.0.2 rs",))]),
        (service(), [backend("a", None), backend("b", 2, phase="Succeeded")], EMPTY),
    ],
    "ports of services and of pods": [
        (service(ports=NAMED), [named_port("a", 1, 8080)], [("IPv4", (8080,), ("a 10.0.0.1 rs",))]),
        (
            service(ports=NAMED),
            [named_port("a", 1, 8080), named_port("b", 2, 9090), backend("c", 3)],
            [
                ("IPv4", (), ("c 10.0.0.3 rs",)),
                ("IPv4", (8080,), ("a 10.0.0.1 rs",)),
                ("IPv4", (9090,), ("b 10.0.0.2 rs",)),
            ],
        ),
        (
            service(),
            [named_port("a", 1, 8080), named_port("b", 2, 9090)],
            [
                ("IPv4", (80,), ("a 10.0.0.1 rs", "b 10.0.0.2 rs")),
            ],
        ),
        (service(ports=None, clusterIP="None"), [backend("a", 1)], [("IPv4", (), ("a 10.0.0.1 rs",))]),
        (service(ports=NAMED), [], EMPTY),
    ],
    "families": [
        (service(), [backend("a", [FOUR, SIX])], [("IPv4", (80,), (f"a {FOUR} rs",))]),
        (
            service(ipFamilies=DUAL),
            [backend("a", [FOUR, SIX])],
            [
                ("IPv4", (80,), (f"a {FOUR} rs",)),
                ("IPv6", (80,), (f"a {SIX} rs",)),
            ],
        ),
        (service(ipFamilies=["IPv6"]), [backend("a", [FOUR, SIX])], [("IPv6", (80,), (f"a {SIX} rs",))]),
        (service(ipFamilies=DUAL), [backend("a", 1)], [("IPv4", (80,), (f"a {FOUR} rs",)), ("IPv6", (), ())]),
    ],
    "unready pods are published": [
        (service(), [backend("a", 1, ready=False)], [("IPv4", (80,), ("a 10.0.0.1 ",))]),
        (
            service(publishNotReadyAddresses=True),
            [backend("a", 1, ready=False), backend("b", 2, deletionTimestamp=GONE, node="")],
            [("IPv4", (80,), ("a 10.0.0.1 r", "b 10.0.0.2 rst"))],
        ),
    ],
}


def orders(states):
    """Forwards, backwards, and every selection of them."""
    yield states
    yield states[::-1]
    for count in range(1, len(states)):
        yield from map(list, combinations(states, count))


@pytest.mark.parametrize("name", STATES)
def test_a_state_comes_to_the_same_slices_whatever_was_before(name):
    for states in orders(STATES[name]):
        cluster = Cluster()
        for owner, pods, expected in states:
            cluster.reconcile(owner, pods)
            assert cluster.shown() == sorted(expected)
            assert not cluster.reconcile(owner, pods)


@pytest.mark.parametrize("endpoints_max", [1, 2, 7, 100])
def test_endpoints_are_neither_lost_nor_doubled_and_slices_not_too_many(endpoints_max):
    cluster = Cluster(endpoints_max=endpoints_max)
    for first, last in ((0, 10), (0, 30), (5, 30), (5, 8), (20, 60), (0, 60), (59, 60), (0, 0)):
        cluster.reconcile(service(), [backend(f"p{number}", number + 1) for number in range(first, last)])
        counts = [len(each["endpoints"]) for each in cluster.slices.values()]
        found = sorted(e["targetRef"]["name"] for each in cluster.slices.values() for e in each["endpoints"])
        assert found == sorted(f"p{number}" for number in range(first, last))
        assert max(counts) <= endpoints_max
        assert len(counts) <= max(1, last - first)


def test_from_scratch_slices_are_full():
    cluster = Cluster(endpoints_max=100)
    cluster.reconcile(service(), [backend(f"p{number}", number) for number in range(250)])
    assert sorted(len(each["endpoints"]) for each in cluster.slices.values()) == [50, 100, 100]


def filled(*counts, endpoints_max=10):
    """A cluster with slices of so many endpoints, and the pods of each."""
    cluster = Cluster(endpoints_max=endpoints_max)
    groups, everything = [], []
    for index, _ in enumerate(counts):
        groups.append([backend(f"p{index}-{number}", 256 * index + number) for number in range(endpoints_max)])
        everything += groups[-1]
        cluster.reconcile(service(), everything)
    kept = [pod for count, group in zip(counts, groups, strict=True) for pod in group[:count]]
    cluster.reconcile(service(), kept)
    assert [len(each["endpoints"]) for _, each in sorted(cluster.slices.items())] == list(counts)
    return cluster, kept


def lengths(cluster):
    return [len(each["endpoints"]) for _, each in sorted(cluster.slices.items())]


def test_one_new_endpoint_goes_where_it_fills_best_with_one_write():
    cluster, pods = filled(5, 9, 7)
    cluster.reconcile(service(), [*pods, backend("new", 5000)])
    assert (lengths(cluster), cluster.written) == ([5, 10, 7], 1)


def test_several_new_ones_go_together():
    cluster, pods = filled(5, 9, 7)
    cluster.reconcile(service(), [*pods, *(backend(f"new{number}", 5000 + number) for number in range(3))])
    assert (lengths(cluster), cluster.written) == ([5, 9, 10], 1)


def test_what_does_not_fit_anywhere_makes_a_new_slice():
    cluster, pods = filled(5, 9, 7)
    cluster.reconcile(service(), [*pods, *(backend(f"new{number}", 5000 + number) for number in range(6))])
    assert (lengths(cluster), cluster.written) == ([5, 9, 7, 6], 1)


def test_slices_that_are_written_anyway_are_filled_first_the_fullest_before():
    cluster, pods = filled(5, 9, 7)
    changed = [backend("p0-0", 0, ready=False), *pods[1:]]
    cluster.reconcile(service(), [*changed, backend("new", 5000)])
    assert (lengths(cluster), cluster.written) == ([6, 9, 7], 1)


def test_a_slice_that_loses_all_is_used_for_what_is_new():
    cluster, pods = filled(10, 10)
    cluster.reconcile(service(), [*pods[:10], *(backend(f"new{number}", 5000 + number) for number in range(4))])
    assert (lengths(cluster), cluster.written) == ([10, 4], 1)


def test_slices_take_the_services_labels():
    cluster = Cluster()
    cluster.reconcile(service(metadata={"labels": {"l": "1"}}), [backend("a", 1)])
    labels = {
        "kubernetes.io/service-name": "s",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    assert cluster.slices["s-001"]["metadata"]["labels"] == {"l": "1", **labels}
    cluster.reconcile(service(metadata={"labels": {"kubernetes.io/service-name": "x"}}, clusterIP="None"), [])
    assert cluster.slices["s-001"]["metadata"]["labels"] == {"service.kubernetes.io/headless": "", **labels}


def test_slices_of_an_earlier_service_of_that_name_are_deleted_and_not_used():
    cluster = Cluster()
    cluster.reconcile(service(), [backend("a", 1)])
    changes = plan_slices(
        service(metadata={"uid": "new"}), [backend("a", 1)], list(cluster.slices.values()), "IPv4", NODES.get
    ).changes
    assert [each["metadata"]["name"] for each in changes.delete] == ["s-001"]
    assert len(changes.create) == 1


def test_a_pod_on_a_node_that_is_not_there_is_left_out_and_told():
    plan = plan_slices(service(), [backend("a", 1, node="n9"), backend("b", 2)], [], "IPv4", NODES.get)
    assert plan.missing_nodes == {"a": "n9"}
    assert [e["targetRef"]["name"] for e in plan.changes.create[0]["endpoints"]] == ["b"]


def test_an_endpoint_tells_where_it_is():
    pod = backend("a", 1, spec={"hostname": "h", "subdomain": "s"})
    assert endpoint_of(pod, NODES["n1"], service(), "IPv4") == {
        "addresses": ["10.0.0.1"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "targetRef": {"kind": "Pod", "namespace": "ns", "name": "a", "uid": "uid-a"},
        "nodeName": "n1",
        "zone": "z1",
        "hostname": "h",
    }


def test_ports_tell_their_name_and_protocol():
    ports = [{"name": "d", "port": 53, "protocol": "UDP", "targetPort": 5353, "appProtocol": "dns"}]
    assert ports_of(service(ports=ports), backend("a", 1)) == [
        {"name": "d", "port": 5353, "protocol": "UDP", "appProtocol": "dns"}
    ]
    assert ports_of(service(), backend("a", 1)) == [{"name": "", "port": 80, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ({"ipFamilies": ["IPv6", "IPv4"]}, ["IPv4", "IPv6"]),
        ({"ipFamilies": None, "clusterIP": "fd00::7"}, ["IPv6"]),
        ({"ipFamilies": None, "clusterIP": "10.96.0.1"}, ["IPv4"]),
        ({"ipFamilies": None, "clusterIP": "None"}, ["IPv4", "IPv6"]),
    ],
)
def test_slices_are_of_the_services_families(spec, families):
    assert address_types(service(**spec)) == families


def test_what_is_written_says_since_when_it_should_have_been():
    key, other = "endpoints.kubernetes.io/last-change-trigger-time", {"mine": "x"}
    slices = [{"metadata": {"annotations": {key: "old", **other}}}]
    assert mark(Changes(update=slices), "new").update[0]["metadata"]["annotations"] == {key: "new", **other}
    assert mark(Changes(update=slices), "").update[0]["metadata"]["annotations"] == other
