from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.device_class import DEVICE_CLASSES


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"selectors": [{"cel": {"expression": "a" * 10241}}]}, ["spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes"]),
        ({"config": [{"opaque": {"driver": "d.test"}}]}, ["spec.config[0].opaque.parameters: Required value"]),
        ({"config": [{"opaque": {"parameters": {}}}]}, ["spec.config[0].opaque.driver: Required value"]),
        ({"selectors": [{"cel": {"expression": "true"}}] * 33}, ["spec.selectors: Too many: 33: must have at most 32 items"]),
        ({"extendedResourceName": "gpu"}, ["spec.extendedResourceName: Invalid value: \"gpu\": a name must be a domain-prefixed path, such as 'example.com/my-prop'"]),
        ({"extendedResourceName": "kubernetes.io/x"}, ['spec.extendedResourceName: Invalid value: "kubernetes.io/x": must not have "kubernetes.io/" domain']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], texts: list[str]) -> None:
    assert judge(DEVICE_CLASSES).errors({"spec": spec}) == texts


def test_stored_parameters_may_be_longer_than_new_ones(judge: Any) -> None:
    classes = judge(DEVICE_CLASSES)
    spec = {"config": [{"opaque": {"driver": "d.test", "parameters": {"a": "b" * 10240}}}]}
    text = "spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes"
    assert classes.errors({"spec": spec}) == [text]
    assert classes.update_errors({"spec": spec}, classes.created({"spec": spec})) == []


def test_its_name_is_judged_last(judge: Any) -> None:
    name, config = judge(DEVICE_CLASSES).errors({"metadata": {"name": "a_b"}, "spec": {"config": [{}]}})[::-1]
    assert name.startswith('metadata.name: Invalid value: "a_b": a lowercase RFC 1123 subdomain')
    assert config == "spec.config[0].opaque: Required value"
