from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.resource_slice import RESOURCE_SLICES

POOL = {"name": "p", "generation": 1, "resourceSliceCount": 1}
MEMBERS = "`int`, `bool`, `string`, `version`, `ints`, `bools`, `strings`, `versions`"


def offer(*devices: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"driver": "d.test", "allNodes": True, "pool": POOL, "devices": list(devices)} | spec}


def device(**more: Any) -> dict[str, Any]:
    return {"name": "d0"} | more


def capacity(policy: dict[str, Any], value: str = "10") -> dict[str, Any]:
    return device(allowMultipleAllocations=True, capacity={"memory": {"value": value, "requestPolicy": policy}})


def test_taints_are_added_now(judge: Any) -> None:
    made = judge(RESOURCE_SLICES).created(offer(device(taints=[{"key": "k", "effect": "None"}])))
    assert made["spec"]["devices"][0]["taints"][0]["timeAdded"] == "2026-01-01T00:00:00Z"


def test_fields_of_features_that_are_off_are_dropped(judge: Any) -> None:
    made = judge(RESOURCE_SLICES).created(
        offer(device(attributes={"a": {"ints": [1]}}), skipNodeOperations=["*"], partitionTypeAttribute="d.test/t")
    )
    assert made["spec"]["devices"][0]["attributes"] == {"a": {}}
    assert not {"skipNodeOperations", "partitionTypeAttribute"} & set(made["spec"])


@pytest.mark.parametrize(
    ("obj", "texts"),
    [
        (offer(pool={}), ["pool.name: Required value", "pool.resourceSliceCount: Invalid value: 0: must be greater than zero"]),
        (offer(nodeName="n"), [': Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set']),
        (offer(device(), device()), ['devices[1]: Duplicate value: "d0"']),
        (offer(*[device(name=f"d{n}") for n in range(129)]), ["devices: Too many: 129: must have at most 128 items"]),
        (offer(*[device(name=f"d{n}", taints=[{"key": "k", "effect": "None"}]) for n in range(65)]), ["devices: Too many: 65: must have at most 64 items"]),
        (offer(device(attributes={"a": {}})), [f'devices[0].attributes[a]: Invalid value: "": must specify one of: {MEMBERS}']),
        (offer(device(attributes={"a": {"int": 1, "bool": True}})), [f'devices[0].attributes[a]: Invalid value: "{{int, bool}}": must specify exactly one of: {MEMBERS}']),
        (offer(device(attributes={"a": {"version": "1.2"}})), ['devices[0].attributes[a].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0']),
        (offer(device(attributes={"/a": {"int": 1}})), ['devices[0].attributes: Invalid value: "": the domain must not be empty']),
        (offer(device(nodeName="n")), ["devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec"]),
        (offer(device(consumesCounters=[{"counterSet": "c"}])), ["devices[0].consumesCounters[0].counters: Required value"]),
        (offer(device(bindingConditions=["c"], bindingFailureConditions=["c"])), ['devices[0].bindingFailureConditions[0]: Invalid value: "c": bindingFailureConditions must not overlap with bindingConditions']),
        (offer(device(capacity={"memory": {"value": "1", "requestPolicy": {}}})), ["devices[0].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true"]),
        (offer(sharedCounters=[{"name": "c", "counters": {"x": {"value": "1"}}}] * 2), ['sharedCounters[1]: Duplicate value: {"name":"c","counters":{"x":{"value":"1"}}}']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, obj: dict[str, Any], texts: list[str]) -> None:
    errors = judge(RESOURCE_SLICES).errors(obj)
    assert errors == [f"spec{text}" if text.startswith(":") else f"spec.{text}" for text in texts]


@pytest.mark.parametrize(
    ("policy", "texts"),
    [
        ({"validValues": ["1"]}, ["default: Required value: required when validValues is defined"]),
        ({"default": "2", "validValues": ["3", "1"]},
         ['validValues[1]: Invalid value: "1": values must be sorted in ascending order',
          'validValues: Invalid value: "2": default value is not valid according to the requestPolicy']),
        ({"default": "20", "validValues": ["20"]}, ['validValues[0]: Invalid value: "20": option is larger than capacity value: 10']),
        ({"default": "1", "validRange": {"min": "2"}}, ['validRange.default: Invalid value: "1": default is less than min: 2']),
        ({"default": "3", "validRange": {"min": "2", "step": "2"}}, ['validRange.step: Invalid value: "3": value is not a multiple of a given step (2) from (2)']),
        ({"default": "2", "validRange": {"min": "2", "step": "0"}}, ['validRange.step: Invalid value: "0": must be greater than zero']),
        ({"default": "2", "validRange": {"min": "2", "max": "11"}}, ['validRange.max: Invalid value: "11": max is larger than capacity value: 10']),
        ({"default": "2", "validRange": {"min": "2", "step": "8", "max": "10"}}, []),
    ],
)  # fmt: skip
def test_each_rule_of_a_request_policy(judge: Any, policy: dict[str, Any], texts: list[str]) -> None:
    errors = judge(RESOURCE_SLICES).errors(offer(capacity(policy)))
    assert errors == [f"spec.devices[0].capacity[memory].requestPolicy.{text}" for text in texts]


def test_driver_pool_and_node_stay(judge: Any) -> None:
    slices = judge(RESOURCE_SLICES)
    old = slices.created(offer(nodeName="n", allNodes=None))
    new = offer(driver="e.test", pool=POOL | {"name": "q"}, nodeName="m", allNodes=None)
    assert slices.update_errors(new, old) == [
        'spec.pool.name: Invalid value: "q": field is immutable',
        'spec.driver: Invalid value: "e.test": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
    ]


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
