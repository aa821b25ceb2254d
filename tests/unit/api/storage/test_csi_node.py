from __future__ import annotations

from typing import Any

import pytest

from steersman.api.resource import Context
from steersman.api.storage.csi_node import CSI_NODES

DRIVER: dict[str, Any] = {"name": "d", "nodeID": "n", "topologyKeys": ["zone"]}


def _node(*drivers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"drivers": list(drivers)}}


@pytest.mark.parametrize(
    ("driver", "texts"),
    [
        ({"name": ""}, ["spec.drivers[0].name: Required value"]),
        ({"nodeID": ""}, ["spec.drivers[0].nodeID: Required value"]),
        ({"allocatable": {"count": -1}}, ["spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0"]),
        ({"topologyKeys": ["a", "a"]}, ['spec.drivers[0]: Duplicate value: "a"']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, driver: dict[str, Any], texts: list[str]) -> None:
    assert judge(CSI_NODES).errors(_node(DRIVER | driver)) == texts


def test_a_driver_occurs_once(judge: Any) -> None:
    assert judge(CSI_NODES).errors(_node(DRIVER, DRIVER)) == ['spec.drivers[1].name: Duplicate value: "d"']


def test_only_the_number_of_volumes_changes(judge: Any) -> None:
    nodes = judge(CSI_NODES)
    old = nodes.created(_node(DRIVER))
    assert nodes.update_errors(_node(DRIVER | {"allocatable": {"count": 3}}, DRIVER | {"name": "e"}), old) == []
    assert nodes.update_errors(_node(DRIVER | {"nodeID": "m", "allocatable": {"count": 3}}), old) == [
        'spec.drivers: Invalid value: {"Name":"d","NodeID":"m","TopologyKeys":["zone"],"Allocatable":null}: field is immutable'
    ]


def test_health_that_is_not_stored_is_not_taken() -> None:
    view = CSI_NODES.subresource("status")
    assert view is not None
    assert view.update is not None
    assert view.update.prepare is not None
    new: dict[str, Any] = {"metadata": {}, "status": {"storageHealth": [{"name": "d"}]}}
    view.update.prepare(new, {"metadata": {}}, Context(now=None))  # type: ignore[arg-type]
    assert new["status"] == {}


def test_health_is_judged(judge: Any) -> None:
    condition = {"status": "Sock", "reason": "", "volumeMode": "Sock"}
    status = {"storageHealth": [{"name": "d", "healthConditions": [condition]}, {"name": "d"}]}
    assert judge(CSI_NODES).status_errors({"status": status}, {}) == [
        'status.storageHealth[0].healthConditions[0].status: Unsupported value: "Sock": supported values: "StorageDegraded", "StorageUnreachable"',
        "status.storageHealth[0].healthConditions[0].reason: Required value",
        'status.storageHealth[0].healthConditions[0].volumeMode: Unsupported value: "Sock": supported values: "Filesystem", "Block"',
        'status.storageHealth[1]: Duplicate value: "d"',
    ]


def test_columns(judge: Any) -> None:
    assert judge(CSI_NODES).cells(judge(CSI_NODES).created(_node(DRIVER)))["Drivers"] == 1
    assert judge(CSI_NODES).cells(judge(CSI_NODES).created({}))["Drivers"] == 0
