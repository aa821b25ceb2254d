from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.apiserver.allocation.addresses import ip_address_of
from steersman.apiserver.allocation.plan import Finding, plan_repair
from steersman.apiserver.allocation.ports import PortRange
from steersman.apiserver.allocation.ranges import AddressRange

NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)


def service(name: str, *addresses: str, node_port: int = 0, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "nodePort": node_port}] if node_port else []
    kind = "NodePort" if node_port else "ClusterIP"
    fields = {"type": kind, "clusterIPs": list(addresses), "ports": ports} | spec
    return {"kind": "Service", "apiVersion": "v1", "metadata": {"namespace": "n", "name": name}, "spec": fields}


def held(address: str, owner: str, *, age_s: int = 3600, labels: dict[str, str] | None = None) -> dict[str, Any]:
    obj = ip_address_of(address, service(owner))
    born = datetime.fromtimestamp(NOW.timestamp() - age_s, UTC)
    obj["metadata"]["creationTimestamp"] = born.strftime("%Y-%m-%dT%H:%M:%SZ")
    obj["metadata"]["labels"] |= labels or {}
    return obj


def plan(services: list[dict[str, Any]], addresses: list[dict[str, Any]], *, grace_s: float = 60) -> list[Finding]:
    ranges = [AddressRange.of("10.0.0.0/24")]
    return plan_repair(services, addresses, ranges, PortRange(30000, 30009), now=NOW, grace_s=grace_s)


A, B = "10.0.0.1", "10.0.0.2"


@pytest.mark.parametrize(
    ("services", "addresses", "expected"),
    [
        ([service("a", A)], [held(A, "a")], []),
        ([service("a", "None"), service("b", type="ExternalName")], [], []),
        ([service("a", A)], [], ["create 10.0.0.1 ClusterIPNotAllocated"]),
        ([service("a", A)], [held(A, "gone")], ["recreate 10.0.0.1 ClusterIPNotAllocated"]),
        (
            [service("a", A)],
            [held(A, "a", labels={"ipaddress.kubernetes.io/managed-by": "x"})],
            ["recreate 10.0.0.1 ClusterIPNotAllocated"],
        ),
        ([service("a", A), service("b", A)], [held(A, "a")], ["report  ClusterIPAlreadyAllocated"]),
        (
            [service("a", A), service("b", A)],
            [],
            ["create 10.0.0.1 ClusterIPNotAllocated", "report  ClusterIPAlreadyAllocated"],
        ),
        ([service("a", "10.9.0.1")], [], ["report  ClusterIPOutOfRange"]),
        ([], [held(A, "gone")], ["remove 10.0.0.1 IPAddressNotAllocated"]),
        ([], [held(A, "gone", age_s=30)], []),
        ([], [held(A, "gone", labels={"ipaddress.kubernetes.io/managed-by": "x"})], []),
        ([service("a", A)], [held(A, "a"), held(B, "a")], ["remove 10.0.0.2 IPAddressWrongReference"]),
        ([service("a", A)], [held(A, "a"), held(B, "a", age_s=2)], []),
        ([service("a", node_port=30001), service("b", node_port=30001)], [], ["report  PortAlreadyAllocated"]),
        ([service("a", node_port=29999)], [], ["report  PortOutOfRange"]),
    ],
)
def test_what_is_wrong_and_what_mends_it(
    services: list[dict[str, Any]], addresses: list[dict[str, Any]], expected: list[str]
) -> None:
    assert [f"{f.act} {f.address} {f.reason}" for f in plan(services, addresses)] == expected


def test_nothing_is_on_its_way_when_the_server_has_just_started_alone() -> None:
    assert len(plan([], [held(A, "gone", age_s=0)], grace_s=0)) == 1
