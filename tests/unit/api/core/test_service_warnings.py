from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.service_warnings import service_warnings


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}, []),
        (
            {"clusterIP": "None", "sessionAffinity": "ClientIP", "loadBalancerIP": "1.2.3.4"},
            [
                "spec.loadBalancerIP is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            {"externalIPs": ["1.2.3.4"]},
            ["spec.externalIPs is deprecated and may no longer be implemented in some clusters"],
        ),
        ({"externalName": "a"}, ['spec.externalName is ignored when spec.type is not "ExternalName"']),
        (
            {"trafficDistribution": "PreferClose"},
            ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
        ),
    ],
)
def test_warnings(spec: dict[str, Any], texts: list[str]) -> None:
    obj = {"metadata": {}, "spec": {"type": "ClusterIP", "sessionAffinity": "None"} | spec}
    assert service_warnings(obj, None) == texts
