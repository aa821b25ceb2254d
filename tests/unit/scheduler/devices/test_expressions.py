from __future__ import annotations

import pytest

from steersman.scheduler.devices.expressions import compiler
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.selectors import ExpressionError

from .offers import DRIVER, offer

GPU = {
    "name": "g",
    "allowMultipleAllocations": True,
    "attributes": {
        "model": {"string": "x"},
        "index": {"int": 3},
        "ecc": {"bool": True},
        "other.io/driverVersion": {"version": "1.5.0"},
    },
    "capacity": {"memory": {"value": "16Gi"}},
}


@pytest.fixture(scope="module")
def compiled():
    return compiler()


def device(spec=GPU):
    return read_slice(offer("s", spec)).devices[0]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (f'device.driver == "{DRIVER}"', True),
        ("device.allowMultipleAllocations", True),
        (f'device.attributes["{DRIVER}"].model == "x"', True),
        (f'device.attributes["{DRIVER}"].index > 3', False),
        (f'device.attributes["{DRIVER}"].ecc', True),
        ('device.attributes["other.io"].driverVersion.isGreaterThan(semver("1.4.0"))', True),
        (f'device.capacity["{DRIVER}"].memory.compareTo(quantity("10Gi")) >= 0', True),
        (f'"{DRIVER}" in device.attributes', True),
        ('"nobody.io" in device.attributes', False),
        ('has(device.attributes["nobody.io"].model)', False),
        ('device.attributes["nobody.io"].?model.orValue("none") == "none"', True),
        (f'cel.bind(dra, device.attributes["{DRIVER}"], dra.ecc && dra.model == "x")', True),
    ],
)
def test_what_expressions_see_of_a_device(compiled, expression, said):
    assert compiled(expression)(device()) is said


def test_a_missing_key_is_told_with_a_hint(compiled):
    with pytest.raises(ExpressionError) as caught:
        compiled('device.attributes["nobody.io"].model == "x"')(device())
    assert str(caught.value) == (
        "no such key: model. consider using CEL optional chaining (.? followed by orValue()) or guarding the check "
        "with has() for optional fields"
    )
    assert not caught.value.compiling


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("device.nope", "compilation failed: ERROR: <input>:1:7: undefined field 'nope'"),
        ('"text"', "must evaluate to bool or the unknown type, not string"),
    ],
)
def test_an_expression_that_means_nothing_is_refused(compiled, expression, text):
    with pytest.raises(ExpressionError) as caught:
        compiled(expression)
    assert str(caught.value).startswith(text)
    assert caught.value.compiling


def test_an_answer_that_is_no_bool_is_an_error(compiled):
    with pytest.raises(ExpressionError, match="could not be converted to bool"):
        compiled(f'device.attributes["{DRIVER}"].model')(device())


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ({"version": "nope"}, "attribute bad: parse semantic version: No Major.Minor.Patch elements found"),
        ({}, "attribute bad: unsupported attribute value"),
    ],
)
def test_attributes_that_mean_nothing_are_errors(compiled, attribute, text):
    with pytest.raises(ExpressionError) as caught:
        compiled("device.driver != ''")(device({"name": "g", "attributes": {"bad": attribute}}))
    assert str(caught.value) == text
