from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.allocation.linked_fields import keep_allocated, link_cluster_ips

ONE, TWO = ["10.0.0.1"], ["10.0.0.1", "fd00::1"]


def spec(address: str | None = None, addresses: list[str] | None = None) -> dict[str, Any]:
    given = {"clusterIP": address, "clusterIPs": addresses}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("new", "old", "result"),
    [
        (spec("10.0.0.1"), None, spec("10.0.0.1", ONE)),
        (spec(None, ONE), None, spec(None, ONE)),
        (spec("10.0.0.1"), spec("10.0.0.1", TWO), spec("10.0.0.1", TWO)),
        (spec("10.0.0.2", ONE), spec("10.0.0.1", ONE), spec("10.0.0.2", ["10.0.0.2"])),
        (spec(None, ONE), spec("10.0.0.1", ONE), {}),
        (spec("10.0.0.2", TWO), spec("10.0.0.1", ONE), spec("10.0.0.2", TWO)),
    ],
)
def test_old_clients_write_one_address_only(
    new: dict[str, Any], old: dict[str, Any] | None, result: dict[str, Any]
) -> None:
    obj = {"spec": dict(new)}
    link_cluster_ips(obj, {"spec": old} if old is not None else None)
    assert obj["spec"] == result


def test_the_same_manifest_keeps_what_was_allocated() -> None:
    old = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "clusterIP": "10.0.0.1",
        "clusterIPs": ONE,
        "healthCheckNodePort": 30009,
        "ports": [{"name": "a", "port": 80, "nodePort": 30001}, {"name": "b", "port": 81, "nodePort": 30002}],
    }
    new: dict[str, Any] = {
        "spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"name": "b", "port": 82}]}
    }
    keep_allocated(new, {"spec": old})
    assert new["spec"]["clusterIPs"] == ONE
    assert new["spec"]["healthCheckNodePort"] == 30009
    assert new["spec"]["ports"] == [{"name": "b", "port": 82, "nodePort": 30002}]


def test_a_port_that_moved_to_another_name_is_not_given_twice() -> None:
    old = {"spec": {"type": "NodePort", "ports": [{"name": "a", "nodePort": 30001}]}}
    new: dict[str, Any] = {"spec": {"type": "NodePort", "ports": [{"name": "a"}, {"name": "b", "nodePort": 30001}]}}
    keep_allocated(new, old)
    assert new["spec"]["ports"] == [{"name": "a"}, {"name": "b", "nodePort": 30001}]


def test_nothing_is_kept_across_external_name() -> None:
    new = {"spec": {"type": "ClusterIP"}}
    keep_allocated(new, {"spec": {"type": "ExternalName", "clusterIP": "10.0.0.1"}})
    assert new == {"spec": {"type": "ClusterIP"}}
