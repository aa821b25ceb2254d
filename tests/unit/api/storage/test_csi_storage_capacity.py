from __future__ import annotations

from typing import Any

from steersman.api.storage.csi_storage_capacity import CSI_STORAGE_CAPACITIES

BAD = {"matchExpressions": [{"key": "k", "operator": "In", "values": ["!"]}]}
LABEL = {"matchLabels": {"a": "b"}}


def test_class_and_capacity(judge: Any) -> None:
    capacities = judge(CSI_STORAGE_CAPACITIES)
    assert capacities.errors({"storageClassName": "sc", "capacity": "-1"}) == [
        'capacity: Invalid value: "-1": must be greater than or equal to 0'
    ]
    (error,) = capacities.errors({})
    assert error.startswith('storageClassName: Invalid value: "": a lowercase RFC 1123 subdomain')


def test_topology_and_class_stay(judge: Any) -> None:
    capacities = judge(CSI_STORAGE_CAPACITIES)
    old = capacities.created({"storageClassName": "sc"})
    assert capacities.update_errors({"storageClassName": "other", "nodeTopology": LABEL}, old) == [
        'nodeTopology: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
        'storageClassName: Invalid value: "other": field is immutable',
    ]


def test_stored_topologies_may_keep_invalid_values(judge: Any) -> None:
    capacities = judge(CSI_STORAGE_CAPACITIES)
    obj = {"storageClassName": "sc", "nodeTopology": BAD}
    assert len(capacities.errors(obj)) == 1
    assert capacities.update_errors(obj, capacities.created(obj)) == []


def test_deprecated_labels_are_warned_of() -> None:
    warnings = CSI_STORAGE_CAPACITIES.strategy.warnings
    assert warnings is not None
    key, text = "beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'
    topology = {"matchExpressions": [{"key": key}], "matchLabels": {key: "linux"}}
    assert warnings({"nodeTopology": topology}, None) == [
        f"nodeTopology.matchExpressions[0].key: {key} is {text}",
        f"nodeTopology.matchLabels.{key}: {text}",
    ]
