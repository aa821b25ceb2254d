from __future__ import annotations

import pytest

from steersman.scheduler.devices.constraints import read_constraints
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.requests import read_requests

from .offers import claim, different, offer, request, same

NAME = "d.example.com/x"
((ONE,), (TWO,)) = read_requests(claim(request("one"), request("two")))


def devices(*attributes):
    listed = [{"name": f"d{at}", "attributes": each} for at, each in enumerate(attributes)]
    return read_slice(offer("s", *listed)).devices


def added(spec, *attributes, requests=(ONE, ONE, ONE)):
    """Which of the devices may be added, one after the other."""
    (constraint,) = read_constraints(claim(constraints=[spec]))
    return [constraint.add(each, one) for each, one in zip(requests, devices(*attributes), strict=False)]


STRING, OTHER, INT, TRUE = {"x": {"string": "1"}}, {"x": {"string": "2"}}, {"x": {"int": 1}}, {"x": {"bool": True}}


@pytest.mark.parametrize(
    ("spec", "attributes", "expected"),
    [
        (same(NAME), (STRING, STRING, OTHER), [True, True, False]),
        (same(NAME), (INT, TRUE, STRING), [True, False, False]),
        (same(NAME), (STRING, {}, {NAME: {"string": "1"}}), [True, False, True]),
        (same("other.io/x"), (STRING,), [False]),
        (same(NAME), ({"x": {"version": "1.0.0"}}, {"x": {"version": "1.0.0"}}), [True, True]),
        (same(NAME), ({"x": {}},), [False]),
        (different(NAME), (STRING, OTHER, STRING), [True, True, False]),
        (different(NAME), (STRING, INT, {}), [True, True, False]),
    ],
)
def test_devices_agree_or_differ(spec, attributes, expected):
    assert added(spec, *attributes) == expected


def test_a_constraint_is_for_the_requests_that_it_names():
    assert added(same(NAME, "two"), STRING, {}, STRING, requests=(TWO, ONE, TWO)) == [True, True, True]


def test_what_was_taken_out_matters_no_more():
    (constraint,) = read_constraints(claim(constraints=[same(NAME)]))
    first, second = devices(STRING, OTHER)
    assert constraint.add(ONE, first)
    constraint.remove(ONE)
    assert constraint.add(ONE, second)


def test_a_constraint_of_no_known_kind_is_told_by_its_place():
    with pytest.raises(LookupError) as caught:
        read_constraints(claim(constraints=[same(NAME), {}]))
    assert caught.value.args == (1,)
