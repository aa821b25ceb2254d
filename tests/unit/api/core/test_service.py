from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core.service import SERVICES

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def service(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": spec}


def defaulted(**spec: Any) -> dict[str, Any]:
    obj = service(**spec)
    assert SERVICES.strategy.default is not None
    SERVICES.strategy.default(obj)
    return obj


def cells(obj: dict[str, Any]) -> dict[str, Any]:
    return {column.name: column.value(obj, NOW) for column in SERVICES.columns}


def test_a_service_is_a_cluster_ip_service_for_all_traffic_by_default() -> None:
    assert defaulted(ports=[{"port": 80}])["spec"] == {
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "sessionAffinity": "None",
        "type": "ClusterIP",
        "internalTrafficPolicy": "Cluster",
    }


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_what_is_reached_from_outside_says_how(kind: str) -> None:
    spec = defaulted(type=kind)["spec"]
    assert spec["externalTrafficPolicy"] == "Cluster"
    assert spec.get("allocateLoadBalancerNodePorts") is (True if kind == "LoadBalancer" else None)


def test_affinity_has_a_timeout_only_where_it_means_something() -> None:
    timeout = {"clientIP": {"timeoutSeconds": 10800}}
    assert defaulted(sessionAffinity="ClientIP")["spec"]["sessionAffinityConfig"] == timeout
    assert "sessionAffinityConfig" not in defaulted(sessionAffinity="None", sessionAffinityConfig=timeout)["spec"]


def test_defaults_are_idempotent() -> None:
    once = defaulted(type="LoadBalancer", ports=[{"port": 1, "targetPort": "http"}], sessionAffinity="ClientIP")
    assert defaulted(**once["spec"])["spec"] == once["spec"]


@pytest.mark.parametrize(
    ("spec", "status", "address", "external", "ports"),
    [
        ({"type": "ClusterIP", "clusterIPs": ["10.0.0.1"]}, {}, "10.0.0.1", "<none>", "<none>"),
        (
            {
                "type": "NodePort",
                "ports": [{"port": 80, "nodePort": 30001, "protocol": "TCP"}],
                "externalIPs": ["1.1.1.1"],
            },
            {},
            "<none>",
            "1.1.1.1",
            "80:30001/TCP",
        ),
        ({"type": "LoadBalancer"}, {}, "<none>", "<pending>", "<none>"),
        (
            {"type": "LoadBalancer", "externalIPs": ["9.9.9.9"]},
            {"loadBalancer": {"ingress": [{"hostname": "b.example"}, {"ip": "1.2.3.4"}]}},
            "<none>",
            "1.2.3.4,b.example,9.9.9.9",
            "<none>",
        ),
        ({"type": "ExternalName", "externalName": "a.b"}, {}, "<none>", "a.b", "<none>"),
    ],
)
def test_columns(spec: dict[str, Any], status: dict[str, Any], address: str, external: str, ports: str) -> None:
    shown = cells(service(**spec) | {"status": status})
    assert (shown["Cluster-IP"], shown["External-IP"], shown["Port(s)"]) == (address, external, ports)
