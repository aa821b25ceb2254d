from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.resource import Context

STRATEGY = ENDPOINT_SLICES.strategy
CTX = Context(now=datetime(2026, 1, 1, tzinfo=UTC))


def slice_(*endpoints: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "e", "generation": 1}, "addressType": "IPv4", "endpoints": list(endpoints)} | fields


def messages(obj: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    assert STRATEGY.validate is not None
    assert STRATEGY.validate_update is not None
    errors = STRATEGY.validate(obj) if old is None else STRATEGY.validate_update(obj, old)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (slice_({"addresses": ["1.2.3.4"]}, ports=[{"name": "", "protocol": "TCP"}]), []),
        (
            slice_({"addresses": []}, ports=[{"name": "a", "protocol": "X"}], addressType="Y"),
            [
                'ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
                'addressType: Unsupported value: "Y": supported values: "FQDN", "IPv4", "IPv6"',
                "endpoints[0].addresses: Required value",
            ],
        ),
        (
            slice_({"addresses": ["fd00::1"]}),
            ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address'],
        ),
        (slice_({"addresses": ["a.example"]}, addressType="FQDN"), []),
        (
            slice_({"addresses": ["1.2.3.4"], "hints": {"forZones": [{"name": "a"}, {"name": "a"}]}}),
            ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
        ),
    ],
)
def test_rules(obj: dict[str, Any], expected: list[str]) -> None:
    assert messages(obj) == expected


def test_the_type_of_addresses_stays() -> None:
    assert messages(slice_(addressType="IPv6"), slice_()) == ["addressType: Invalid value: null: field is immutable"]


def test_what_is_stored_may_stay() -> None:
    odd = slice_({"addresses": []})
    assert messages(odd)
    assert not messages(odd, odd)


@pytest.mark.parametrize(
    ("change", "generation"),
    [({}, 1), ({"ports": [{"name": "a"}]}, 2), ({"metadata": {"generation": 1, "labels": {"a": "b"}}}, 2)],
)
def test_content_and_labels_raise_the_generation(change: dict[str, Any], generation: int) -> None:
    assert STRATEGY.prepare_update is not None
    new = slice_({"addresses": ["1.2.3.4"]}) | change
    STRATEGY.prepare_update(new, slice_({"addresses": ["1.2.3.4"]}), CTX)
    assert new["metadata"]["generation"] == generation


def test_a_node_that_was_only_named_in_the_old_topology_is_kept() -> None:
    assert STRATEGY.prepare_update is not None
    topology = {"deprecatedTopology": {"kubernetes.io/hostname": "n"}}
    new = slice_({"addresses": ["1.2.3.4"], **topology})
    STRATEGY.prepare_update(new, slice_({"addresses": ["1.2.3.5"], **topology}), CTX)
    assert new["endpoints"] == [{"addresses": ["1.2.3.4"], "nodeName": "n"}]


def test_columns() -> None:
    obj = slice_(
        {"addresses": ["1.1.1.1", "1.1.1.2"]},
        {"addresses": ["1.1.1.3", "1.1.1.4"]},
        ports=[{"port": 80}, {"name": "x"}],
    )
    shown = {column.name: column.value(obj, CTX.now) for column in ENDPOINT_SLICES.columns}
    assert (shown["Ports"], shown["Endpoints"]) == ("80,x", "1.1.1.1,1.1.1.2,1.1.1.3 + 1 more...")
