from __future__ import annotations

from typing import Any

import pytest

from steersman.api.networking.service_cidr import SERVICE_CIDRS, family_of_cidr

STRATEGY = SERVICE_CIDRS.strategy
V4, V6 = "10.0.0.0/24", "fd00::/64"


def cidr(*cidrs: str) -> dict[str, Any]:
    return {"metadata": {"name": "c"}, "spec": {"cidrs": list(cidrs)}}


@pytest.mark.parametrize(
    ("cidrs", "messages"),
    [
        ((V4, V6), []),
        ((), ["spec.cidrs: Required value: at least one CIDR required"]),
        (
            ("x",),
            ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
        ),
        (
            (V4, V4),
            [
                (
                    'spec.cidrs: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: may specify no more than one IP for each IP '
                    "family, i.e 192.168.0.0/24 and 2001:db8::/64"
                )
            ],
        ),
    ],
)
def test_rules(cidrs: tuple[str, ...], messages: list[str]) -> None:
    assert STRATEGY.validate is not None
    assert [str(error) for error in STRATEGY.validate(cidr(*cidrs))] == messages


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ((V4,), (V4,), []),
        ((V4,), (V4, V6), []),
        ((V4,), (V6,), ["spec.cidrs[0]"]),
        ((V4,), (V6, V4), ["spec.cidrs[0]"]),
        ((V4, V6), (V4,), ["spec.cidrs"]),
    ],
)
def test_ranges_stay_and_a_second_family_may_come(
    old: tuple[str, ...], new: tuple[str, ...], fields: list[str]
) -> None:
    assert STRATEGY.validate_update is not None
    assert [error.field for error in STRATEGY.validate_update(cidr(*new), cidr(*old))] == fields


def test_families() -> None:
    assert [family_of_cidr(text) for text in (V4, V6, "x")] == ["IPv4", "IPv6", ""]
