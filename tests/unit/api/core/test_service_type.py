from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.service_type import drop_dependent_fields, externally_accessible, node_ports, wants_node_ports

PORT = {"name": "a", "port": 80, "nodePort": 30001}
BALANCED = {
    "type": "LoadBalancer",
    "clusterIP": "10.0.0.1",
    "clusterIPs": ["10.0.0.1"],
    "ipFamilies": ["IPv4"],
    "ipFamilyPolicy": "SingleStack",
    "ports": [PORT],
    "healthCheckNodePort": 30002,
    "allocateLoadBalancerNodePorts": True,
    "loadBalancerClass": "a/b",
    "externalTrafficPolicy": "Local",
}


def changed(**spec: Any) -> dict[str, Any]:
    old: dict[str, Any] = {"metadata": {}, "spec": BALANCED}
    points = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}
    new: dict[str, Any] = {"metadata": {}, "spec": BALANCED | {"ports": [dict(PORT)]} | spec, "status": points}
    drop_dependent_fields(new, old)
    return new


def test_an_external_name_keeps_nothing_that_was_allocated() -> None:
    new = changed(type="ExternalName", externalName="a.b")
    assert new["spec"] == {"type": "ExternalName", "externalName": "a.b", "ports": [{"name": "a", "port": 80}]}
    assert new["status"] == {"loadBalancer": {}}


def test_the_address_survives_where_it_has_meaning() -> None:
    spec = changed(type="NodePort")["spec"]
    assert spec["clusterIPs"] == ["10.0.0.1"]
    assert spec["ports"] == [PORT]
    assert "healthCheckNodePort" not in spec


def test_what_was_changed_as_well_stays_for_validation_to_refuse() -> None:
    spec = changed(type="ClusterIP", ports=[PORT | {"nodePort": 31000}], externalTrafficPolicy="Cluster")["spec"]
    assert node_ports({"spec": spec}) == [31000]
    assert spec["externalTrafficPolicy"] == "Cluster"


@pytest.mark.parametrize(
    ("spec", "wants", "outside"),
    [
        ({"type": "ClusterIP"}, False, False),
        ({"type": "ClusterIP", "externalIPs": ["1.1.1.1"]}, False, True),
        ({"type": "NodePort"}, True, True),
        ({"type": "LoadBalancer"}, True, True),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, False, True),
        ({"type": "ExternalName", "externalIPs": ["1.1.1.1"]}, False, False),
    ],
)
def test_what_a_type_needs(spec: dict[str, Any], wants: bool, outside: bool) -> None:
    assert (wants_node_ports({"spec": spec}), externally_accessible({"spec": spec})) == (wants, outside)
