from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core.endpoints import ENDPOINTS

STRATEGY = ENDPOINTS.strategy


def endpoints(*subsets: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "e"}, "subsets": list(subsets)}


@pytest.mark.parametrize(
    ("subset", "messages"),
    [
        ({"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80, "protocol": "TCP"}]}, []),
        ({}, ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]),
        (
            {
                "addresses": [{"ip": "169.254.0.1"}],
                "ports": [{"port": 0, "protocol": "X"}, {"port": 1, "protocol": "TCP"}],
            },
            [
                (
                    'subsets[0].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local range '
                    "(169.254.0.0/16, fe80::/10)"
                ),
                "subsets[0].ports[0].name: Required value",
                "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                'subsets[0].ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
                "subsets[0].ports[1].name: Required value",
            ],
        ),
    ],
)
def test_rules(subset: dict[str, Any], messages: list[str]) -> None:
    assert STRATEGY.validate is not None
    assert [str(error) for error in STRATEGY.validate(endpoints(subset))] == messages


def test_what_is_stored_may_stay() -> None:
    assert STRATEGY.validate_update is not None
    assert not STRATEGY.validate_update(endpoints({}), endpoints({}))
    assert STRATEGY.validate_update(endpoints({}, {}), endpoints({}))


@pytest.mark.parametrize(
    ("subsets", "text"),
    [
        ([], "<none>"),
        ([{"addresses": [{"ip": "1.1.1.1"}, {"ip": "::1"}], "ports": [{"port": 80}]}], "1.1.1.1:80,[::1]:80"),
        ([{"addresses": [{"ip": f"1.1.1.{n}"} for n in range(5)]}], "1.1.1.0,1.1.1.1,1.1.1.2 + 2 more..."),
    ],
)
def test_the_column_shows_three(subsets: list[dict[str, Any]], text: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert ENDPOINTS.columns[0].value(endpoints(*subsets), now) == text
