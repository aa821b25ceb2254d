from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.node_validation import validate, validate_status, validate_update


def node(spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "n", **metadata}, "spec": spec or {}, "status": status or {}}


@pytest.mark.parametrize(
    ("obj", "messages"),
    [
        (node({"taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}]}), []),
        (
            node({"taints": [{"key": "a", "effect": "X"}, {"key": "a", "effect": "X"}]}),
            [
                (
                    'metadata.taints[0].effect: Unsupported value: "X": supported values: "NoSchedule", '
                    '"PreferNoSchedule", "NoExecute"'
                ),
                (
                    'metadata.taints[1].effect: Unsupported value: "X": supported values: "NoSchedule", '
                    '"PreferNoSchedule", "NoExecute"'
                ),
                (
                    'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"X","TimeAdded":null}: taints '
                    "must be unique by key and effect pair"
                ),
            ],
        ),
        (
            node(status={"capacity": {"cpu": "-1"}}),
            ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            node({"podCIDRs": ["10.0.0.0/24", "10.1.0.0/24"]}),
            [
                (
                    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for '
                    "each IP family"
                )
            ],
        ),
        (
            node(status={"declaredFeatures": ["B", "A"]}),
            ['status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically'],
        ),
    ],
)
def test_rules(obj: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate(obj)] == messages


def test_identity_is_given_once() -> None:
    old = node({"providerID": "a", "podCIDRs": ["10.0.0.0/24"]})
    assert not validate_update(old, node())
    new = node({"podCIDRs": ["10.1.0.0/24"]})
    assert [str(error) for error in validate_update(new, old)] == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
        "spec.providerID: Invalid value: null: field cannot be cleared once set",
    ]


def test_addresses_are_told_once() -> None:
    address = {"type": "InternalIP", "address": "10.0.0.1"}
    errors = validate_status(node(status={"addresses": [address, address]}), node())
    assert [str(error) for error in errors] == [
        'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}'
    ]


def test_an_annotation_with_taints_is_read() -> None:
    annotated = node(annotations={"scheduler.alpha.kubernetes.io/taints": '[{"key": "a"}]'})
    path = "metadata.annotations.scheduler.alpha.kubernetes.io/taints[0].effect"
    assert [str(error) for error in validate(annotated)] == [f"{path}: Required value"]
