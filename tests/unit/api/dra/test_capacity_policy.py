from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.capacity_policy import validate_capacity


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
def test_each_rule_of_a_request_policy(policy: dict[str, Any], texts: list[str]) -> None:
    errors = validate_capacity({"value": "10", "requestPolicy": policy}, "memory", shared=True)
    assert [str(error) for error in errors] == [f"memory.requestPolicy.{text}" for text in texts]
