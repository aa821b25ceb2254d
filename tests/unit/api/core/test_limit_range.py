from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core.limit_range import LIMIT_RANGES
from steersman.api.resource import Context


def _spec(**item: Any) -> dict[str, Any]:
    return {"spec": {"limits": [{"type": "Container"} | item]}}


def test_defaults_of_containers_follow_max_default_and_min(judge: Any) -> None:
    item = judge(LIMIT_RANGES).defaulted(_spec(max={"cpu": "2"}, min={"memory": "1Mi"}, default={"pods": "1"}))
    (limit,) = item["spec"]["limits"]
    assert limit["default"] == {"cpu": "2", "pods": "1"}
    assert limit["defaultRequest"] == {"cpu": "2", "pods": "1", "memory": "1Mi"}


def test_other_types_get_no_defaults_and_amounts_are_rounded_up(judge: Any) -> None:
    item = judge(LIMIT_RANGES).defaulted(_spec(type="Pod", max={"cpu": "1u"}))
    assert item["spec"]["limits"] == [{"type": "Pod", "max": {"cpu": "1m"}}]


@pytest.mark.parametrize(
    ("item", "texts"),
    [
        ({"type": "Sock"}, ['spec.limits[0].type: Invalid value: "Sock": must be a standard limit type or fully qualified']),
        ({"max": {"x": "1"}, "type": "PersistentVolumeClaim"}, [
            'spec.limits[0].max[x]: Invalid value: "x": must be a standard resource type or fully qualified',
            "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided",
        ]),
        ({"type": "Pod", "default": {"cpu": "1"}}, ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]),
        ({"type": "Pod", "min": {"cpu": "3"}, "max": {"cpu": "2"}}, ['spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2']),
        ({"max": {"cpu": "1"}, "default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}}, ['spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1']),
        ({"type": "Pod", "min": {"cpu": "1"}, "max": {"cpu": "3"}, "maxLimitRequestRatio": {"cpu": "4"}}, ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "4": ratio 4 is greater than max/min = 3.000000']),
        ({"type": "Pod", "maxLimitRequestRatio": {"cpu": "500m"}}, ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1']),
        ({"default": {"a.b/c": "2"}, "defaultRequest": {"a.b/c": "1"}}, ['spec.limits[0].defaultRequest[a.b/c]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.b/c']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, item: dict[str, Any], texts: list[str]) -> None:
    assert judge(LIMIT_RANGES).errors(_spec(**item)) == texts


def test_a_ratio_without_a_minimum_above_zero_is_never_exceeded(judge: Any) -> None:
    item = {"type": "Pod", "min": {"cpu": "0"}, "max": {"cpu": "3"}, "maxLimitRequestRatio": {"cpu": "4"}}
    assert judge(LIMIT_RANGES).errors(_spec(**item)) == []


def test_a_type_occurs_once(judge: Any) -> None:
    two = {"spec": {"limits": [{"type": "Pod"}, {"type": "Pod"}]}}
    assert judge(LIMIT_RANGES).errors(two) == ['spec.limits[1].type: Duplicate value: "Pod"']


def test_a_nameless_one_is_named_by_the_server() -> None:
    context = Context(now=datetime(2026, 1, 1, tzinfo=UTC), new_uid=lambda: "fresh")
    obj: dict[str, Any] = {"metadata": {}}
    assert LIMIT_RANGES.strategy.prepare_create is not None
    LIMIT_RANGES.strategy.prepare_create(obj, context)
    assert obj["metadata"]["name"] == "fresh"
