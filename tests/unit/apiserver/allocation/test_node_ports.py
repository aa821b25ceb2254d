from __future__ import annotations

import random
from typing import Any

import pytest

from steersman.api.errors import ApiError, InternalError, Invalid
from steersman.apiserver.allocation.node_ports import all_ports_of, allocate_for_new, allocate_for_update
from steersman.apiserver.allocation.ports import PortLedger, PortOperation, PortRange

LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}


def service(*ports: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": list(ports)} | spec}


def operation(*taken: int, size: int = 10) -> PortOperation:
    ledger = PortLedger(PortRange(30000, 30000 + size - 1))
    ledger.put("other", taken)
    return PortOperation(ledger, random.Random(1), dry_run=False)


def test_one_number_serves_all_protocols_of_a_port() -> None:
    obj = service({"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP", "nodePort": 30001}, {"port": 80})
    ports = operation()
    allocate_for_new(obj, ports)
    numbers = [port["nodePort"] for port in obj["spec"]["ports"]]
    assert numbers[:2] == [30001, 30001]
    assert len(ports.taken) == 2


def test_a_load_balancer_may_do_without_but_not_against_a_wish() -> None:
    obj = service(
        {"port": 80}, {"port": 81, "nodePort": 30001}, type="LoadBalancer", allocateLoadBalancerNodePorts=False
    )
    allocate_for_new(obj, operation())
    assert [port.get("nodePort") for port in obj["spec"]["ports"]] == [None, 30001]


@pytest.mark.parametrize("kind", ["ClusterIP", "ExternalName"])
def test_others_have_none(kind: str) -> None:
    ports = operation()
    allocate_for_new(service({"port": 80}, type=kind), ports)
    assert not ports.taken


def test_refusals() -> None:
    with pytest.raises(Invalid, match=r"spec.ports\[1\].nodePort: Invalid value: 30001: provided port is already"):
        allocate_for_new(service({"port": 80, "nodePort": 30001}, {"port": 81, "nodePort": 30001}), operation())
    with pytest.raises(InternalError, match="failed to allocate a nodePort: range is full"):
        allocate_for_new(service({"port": 80}), operation(30000, size=1))
    with pytest.raises(InternalError, match="failed to allocate requested HealthCheck NodePort 30001: provided port"):
        allocate_for_new(service(**LOCAL, healthCheckNodePort=30001), operation(30001))


def test_an_update_keeps_its_own_and_takes_what_is_missing() -> None:
    old = service({"port": 80, "nodePort": 30001})
    new = service({"port": 80, "nodePort": 30001}, {"port": 81}, {"port": 82, "nodePort": 30005})
    ports = operation(30001)
    allocate_for_update(new, old, ports)
    assert len(ports.taken) == 2
    assert 30005 in ports.taken


def test_a_pair_of_protocol_and_number_is_used_once() -> None:
    port = {"protocol": "TCP", "nodePort": 30001}
    with pytest.raises(ApiError, match=r"duplicate nodePort: \{TCP 30001\}"):
        allocate_for_update(service(port, dict(port)), service(port), operation(30001))


def test_the_health_check_gets_a_port_when_it_begins() -> None:
    new = service(**LOCAL)
    allocate_for_update(new, service(type="LoadBalancer"), operation())
    assert all_ports_of(new) == {new["spec"]["healthCheckNodePort"]}
