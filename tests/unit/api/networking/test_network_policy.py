from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.networking.network_policy import NETWORK_POLICIES

STRATEGY = NETWORK_POLICIES.strategy


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"podSelector": {}} | spec}


def block(cidr: str, *excepted: str) -> dict[str, Any]:
    return policy(ingress=[{"from": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}]}])


@pytest.mark.parametrize(
    ("spec", "types"),
    [({}, ["Ingress"]), ({"egress": [{}]}, ["Ingress", "Egress"]), ({"policyTypes": ["Egress"]}, ["Egress"])],
)
def test_the_types_follow_from_the_rules(spec: dict[str, Any], types: list[str]) -> None:
    assert STRATEGY.default is not None
    obj = policy(**spec)
    STRATEGY.default(obj)
    assert obj["spec"]["policyTypes"] == types


@pytest.mark.parametrize(
    ("obj", "messages"),
    [
        (block("10.0.0.0/8", "10.1.0.0/16"), []),
        (
            block("10.0.0.0/8", "11.0.0.0/16"),
            [
                (
                    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of '
                    "`cidr`"
                )
            ],
        ),
        (
            policy(egress=[{"to": [{"ipBlock": {}}]}], policyTypes=["X"]),
            [
                'spec.policyTypes[0]: Unsupported value: "X": supported values: "Ingress", "Egress"',
                "spec.egress[0].to[0].ipBlock.cidr: Required value",
            ],
        ),
        (policy(ingress=[{"from": [{}]}]), ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        (
            policy(ingress=[{"ports": [{"port": 80, "endPort": 79}, {"port": "a", "endPort": 1}, {"endPort": 1}]}]),
            [
                "spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`",
                "spec.ingress[0].ports[1].endPort: Invalid value: 1: may not be specified when `port` is non-numeric",
                "spec.ingress[0].ports[2].endPort: Invalid value: 1: may not be specified when `port` is not specified",
            ],
        ),
    ],
)
def test_rules(obj: dict[str, Any], messages: list[str]) -> None:
    assert STRATEGY.validate is not None
    assert [str(error) for error in STRATEGY.validate(obj)] == messages


def test_a_sloppy_block_that_is_stored_may_stay() -> None:
    assert STRATEGY.validate is not None
    assert STRATEGY.validate_update is not None
    assert STRATEGY.warnings is not None
    odd = block("10.0.0.1/8")
    assert STRATEGY.validate(odd)
    assert not STRATEGY.validate_update(odd, odd)
    assert len(STRATEGY.warnings(odd, odd)) == 1


@pytest.mark.parametrize(("selector", "text"), [({}, "<none>"), ({"matchLabels": {"a": "b"}}, "a=b")])
def test_the_column_shows_the_pods(selector: dict[str, Any], text: str) -> None:
    assert NETWORK_POLICIES.columns[0].value(policy(podSelector=selector), datetime(2026, 1, 1, tzinfo=UTC)) == text
