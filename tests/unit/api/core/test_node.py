from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core.node import NODES


def defaulted(spec: dict[str, Any], status: dict[str, Any] | None = None) -> dict[str, Any]:
    obj: dict[str, Any] = {"metadata": {"name": "n"}, "spec": spec, "status": status or {}}
    assert NODES.strategy.default is not None
    NODES.strategy.default(obj)
    return obj


@pytest.mark.parametrize(
    ("spec", "result"),
    [
        ({"podCIDR": "10.0.0.0/24"}, ["10.0.0.0/24"]),
        ({"podCIDRs": ["10.0.0.0/24"]}, ["10.0.0.0/24"]),
        ({"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd00::/64"]}, ["10.0.0.0/24"]),
        ({"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24", "fd00::/64"]}, ["10.0.0.0/24", "fd00::/64"]),
    ],
)
def test_the_older_field_and_the_first_of_the_newer_are_one(spec: dict[str, Any], result: list[str]) -> None:
    assert defaulted(spec)["spec"] == {"podCIDR": result[0], "podCIDRs": result}


def test_all_that_a_node_has_can_be_allocated_by_default() -> None:
    assert defaulted({}, {"capacity": {"cpu": "1"}})["status"]["allocatable"] == {"cpu": "1"}


def test_columns() -> None:
    node = {
        "metadata": {"labels": {"node-role.kubernetes.io/b": "", "kubernetes.io/role": "a"}},
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1", "kernelVersion": "6", "architecture": "arm64"},
        },
    }
    now = datetime(2026, 1, 1, tzinfo=UTC)
    shown = {column.name: column.value(node, now) for column in NODES.columns}
    assert shown["Status"] == "Ready,SchedulingDisabled"
    assert shown["Roles"] == "a,b"
    assert (shown["Internal-IP"], shown["External-IP"]) == ("10.0.0.1", "<none>")
    assert (shown["Kernel-Version"], shown["OS-Image"]) == ("6 (arm64)", "<unknown>")
