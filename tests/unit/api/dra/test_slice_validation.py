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


def test_driver_pool_and_node_stay(judge: Any) -> None:
    slices = judge(RESOURCE_SLICES)
    old = slices.created(offer(nodeName="n", allNodes=None))
    new = offer(driver="e.test", pool=POOL | {"name": "q"}, nodeName="m", allNodes=None)
    assert slices.update_errors(new, old) == [
        'spec.pool.name: Invalid value: "q": field is immutable',
        'spec.driver: Invalid value: "e.test": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
    ]
