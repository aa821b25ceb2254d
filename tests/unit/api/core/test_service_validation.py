from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.service_validation import validate, validate_update

GOOD: dict[str, Any] = {
    "type": "ClusterIP",
    "sessionAffinity": "None",
    "internalTrafficPolicy": "Cluster",
    "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
}
OUTSIDE = {"externalTrafficPolicy": "Cluster"}
BALANCED: dict[str, Any] = OUTSIDE | {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": True}


def service(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s", "annotations": annotations or {}}, "spec": GOOD | spec}


def port(**fields: Any) -> dict[str, Any]:
    return {"port": 80, "protocol": "TCP", "targetPort": 80} | fields


ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({}, []),
        (BALANCED, []),
        ({"ports": []}, ["spec.ports: Required value"]),
        ({"ports": [], "clusterIP": "None", "clusterIPs": ["None"]}, []),
        (
            OUTSIDE | {"type": "NodePort", "clusterIP": "None", "clusterIPs": ["None"]},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        (
            {"type": "ExternalName", "clusterIPs": ["10.0.0.1"]},
            [
                "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
                "spec.externalName: Required value",
            ],
        ),
        (
            {"ports": [port(), port(port=81, name="a")]},
            ["spec.ports[0].name: Required value"],
        ),
        (
            {"ports": [port(name="a"), port(name="b")]},
            [
                (
                    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,'
                    '"TargetPort":0,"NodePort":0}'
                )
            ],
        ),
        (
            {"ports": [port(nodePort=30000)]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
        (
            {"externalIPs": ["127.0.0.1"], "externalTrafficPolicy": "Local"},
            [
                (
                    'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, '
                    "::1/128)"
                )
            ],
        ),
        (
            {"loadBalancerSourceRanges": ["10.0.0.0/8"], "loadBalancerClass": "x"},
            [
                f"spec.LoadBalancerSourceRanges: Forbidden: {ONLY_LOAD_BALANCER}",
                f"spec.loadBalancerClass: Forbidden: {ONLY_LOAD_BALANCER}",
            ],
        ),
        (BALANCED | {"externalTrafficPolicy": "Local"}, ["spec.healthCheckNodePort: Required value"]),
        (
            {"trafficDistribution": "x"},
            [
                (
                    'spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", '
                    '"PreferSameZone", "PreferSameNode"'
                )
            ],
        ),
        (
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}},
            [
                (
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and "
                    "less than 86400"
                )
            ],
        ),
    ],
)
def test_rules(spec: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate(service(**spec))] == messages


def test_annotations_that_say_the_same_agree() -> None:
    both = {"service.kubernetes.io/topology-mode": "Auto", "service.kubernetes.io/topology-aware-hints": "auto"}
    assert [error.field for error in validate(service(both))] == [
        "metadata.annotations[service.kubernetes.io/topology-mode]"
    ]


def test_the_class_and_the_health_check_port_of_a_load_balancer_stay() -> None:
    old = service(
        **BALANCED | {"externalTrafficPolicy": "Local", "healthCheckNodePort": 30001, "loadBalancerClass": "a"}
    )
    new = service(**old["spec"] | {"healthCheckNodePort": 30002, "loadBalancerClass": "b"})
    assert [str(error) for error in validate_update(new, old)] == [
        'spec.loadBalancerClass: Invalid value: "b": may not change once set',
        "spec.healthCheckNodePort: Forbidden: field is immutable",
    ]


def test_what_older_rules_let_in_may_stay() -> None:
    old = service(externalIPs=["010.0.0.1"], externalTrafficPolicy="Cluster")
    assert validate(old)
    assert not validate_update(old, old)
