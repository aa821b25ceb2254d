from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.load_balancer import (
    point_warnings,
    points_text,
    validate_ingress_points,
    validate_service_points,
)


def balanced(*points: dict[str, Any], kind: str = "LoadBalancer") -> dict[str, Any]:
    return {"metadata": {}, "spec": {"type": kind}, "status": {"loadBalancer": {"ingress": list(points)}}}


PATH = "status.loadBalancer.ingress"


@pytest.mark.parametrize(
    ("obj", "messages"),
    [
        (balanced({"ip": "1.2.3.4", "ipMode": "VIP"}, {"hostname": "a.b"}), []),
        (
            balanced({"hostname": "a"}, kind="ClusterIP"),
            [f"{PATH}: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
        ),
        (balanced({"ip": "1.2.3.4"}), [f"{PATH}[0].ipMode: Required value: must be specified when `ip` is set"]),
        (
            balanced({"hostname": "1.2.3.4", "ipMode": "VIP"}),
            [
                f"{PATH}[0].ipMode: Forbidden: may not be specified when `ip` is not set",
                f'{PATH}[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
            ],
        ),
    ],
)
def test_points_of_services(obj: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate_service_points(obj, balanced())] == messages


def test_an_ingress_does_not_care_for_modes() -> None:
    assert not validate_ingress_points(balanced({"ip": "1.2.3.4"}), balanced())


def test_an_unusual_address_may_stay_but_is_warned_about() -> None:
    obj = balanced({"ip": "010.0.0.1"})
    assert validate_ingress_points(obj, balanced())
    assert not validate_ingress_points(obj, obj)
    assert len(point_warnings(obj, obj)) == 1


def test_the_column_shows_each_point_once_in_order() -> None:
    assert points_text(balanced({"hostname": "b"}, {"ip": "1.1.1.1"}, {"ip": "1.1.1.1"})) == "1.1.1.1,b"
