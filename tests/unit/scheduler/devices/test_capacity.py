from __future__ import annotations

import pytest

from steersman.api.meta.quantity import parse
from steersman.scheduler.devices.capacity import CapacityError, consumption, fits, read_capacity

RANGE = {"default": "2", "validRange": {"min": "2", "max": "8", "step": "3"}}
VALUES = {"default": "1", "validValues": ["1", "2", "5"]}


def amounts(**texts):
    return {name: parse(text) for name, text in texts.items()}


def capacity(value="10", policy=None):
    return {"m": read_capacity({"value": value, **({"requestPolicy": policy} if policy else {})})}


@pytest.mark.parametrize(
    ("policy", "requested", "consumed", "fitting"),
    [
        (None, None, "10", True),
        (None, "3", "3", True),
        (None, "11", "11", False),
        (VALUES, None, "1", True),
        (VALUES, "2", "2", True),
        (VALUES, "3", "5", True),
        (VALUES, "6", "6", False),
        (RANGE, None, "2", True),
        (RANGE, "1", "2", True),
        (RANGE, "3", "5", True),
        (RANGE, "5500m", "8", True),
        (RANGE, "9", "11", False),
        ({"default": "1", "validRange": {"min": "1"}}, "3500m", "3500m", True),
        ({"default": "1"}, "4", "4", True),
    ],
)
def test_what_a_request_takes(policy, requested, consumed, fitting):
    wanted = amounts(m=requested) if requested else {}
    assert consumption(wanted, capacity(policy=policy)) == amounts(m=consumed)
    assert fits(wanted, capacity(policy=policy)) is fitting


def test_what_is_used_is_not_there():
    assert fits(amounts(m="3"), capacity(), amounts(m="5"), amounts(m="2"), {})
    assert not fits(amounts(m="4"), capacity(), amounts(m="5"), amounts(m="2"))


def test_a_capacity_that_a_device_does_not_have_cannot_be_requested():
    assert not fits(amounts(other="1"), capacity())


def test_steps_keep_the_format_of_the_step():
    policy = {"default": "1Gi", "validRange": {"min": "1Gi", "step": "1Gi"}}
    found = consumption(amounts(m="1500Mi"), capacity("8Gi", policy))
    assert str(found["m"]) == "2Gi"


@pytest.mark.parametrize(
    ("policy", "requested", "text"),
    [
        (RANGE, "10E", r'capacity "m": capacity request cannot be represented .*: request 10E exceeds MaxInt64'),
        (RANGE, "9223372036854775807", r".*: rounding request 9223372036854775807 up to the next step passes MaxInt64"),
        (None, "-1", r'capacity "m": capacity value is negative'),
    ],
)
def test_amounts_that_cannot_be_calculated_with(policy, requested, text):
    with pytest.raises(CapacityError, match=text):
        fits(amounts(m=requested), capacity(policy=policy))
