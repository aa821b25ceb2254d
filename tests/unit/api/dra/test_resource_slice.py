from __future__ import annotations

from typing import Any

from steersman.api.dra.resource_slice import RESOURCE_SLICES

POOL = {"name": "p", "generation": 1, "resourceSliceCount": 1}


def offer(*devices: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"driver": "d.test", "allNodes": True, "pool": POOL, "devices": list(devices)} | spec}


def device(**more: Any) -> dict[str, Any]:
    return {"name": "d0"} | more


def test_taints_are_added_now(judge: Any) -> None:
    made = judge(RESOURCE_SLICES).created(offer(device(taints=[{"key": "k", "effect": "None"}])))
    assert made["spec"]["devices"][0]["taints"][0]["timeAdded"] == "2026-01-01T00:00:00Z"


def test_fields_of_features_that_are_off_are_dropped(judge: Any) -> None:
    made = judge(RESOURCE_SLICES).created(
        offer(device(attributes={"a": {"ints": [1]}}), skipNodeOperations=["*"], partitionTypeAttribute="d.test/t")
    )
    assert made["spec"]["devices"][0]["attributes"] == {"a": {}}
    assert not {"skipNodeOperations", "partitionTypeAttribute"} & set(made["spec"])


def test_upper_case_drivers_are_warned_about(judge: Any) -> None:
    warnings = RESOURCE_SLICES.strategy.warnings
    assert warnings is not None
    assert warnings(judge(RESOURCE_SLICES).created(offer(driver="D.test")), None) == [
        'spec.driver: driver names should be lowercase; "D.test" contains uppercase characters'
    ]


def test_columns_and_field_selectors(judge: Any) -> None:
    obj = judge(RESOURCE_SLICES).created(offer(nodeName="n"))
    assert list(judge(RESOURCE_SLICES).cells(obj).values())[:3] == ["n", "d.test", "p"]
    assert [value(obj) for _, value in RESOURCE_SLICES.selectable] == ["n", "d.test", "p"]
