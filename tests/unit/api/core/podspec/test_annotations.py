from __future__ import annotations

import pytest

from steersman.api.core.podspec.validation.annotations import TOLERATIONS, validate_pod_annotations
from steersman.api.core.podspec.validation.options import options_for


def _errors(text):
    options = options_for(None, resource_is_pod=True)
    return [str(error) for error in validate_pod_annotations({TOLERATIONS: text}, {}, "metadata.annotations", options)]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("x", "invalid character 'x' looking for beginning of value"),
        ("[", "unexpected end of JSON input"),
        ('[{"a"]', "invalid character ']' after object key"),
        ('[{"a":1]', "invalid character ']' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[] x", "invalid character 'x' after top-level value"),
        ("1", "json: cannot unmarshal number into Go value of type []core.Toleration"),
        ('["x"]', "json: cannot unmarshal string into Go value of type core.Toleration"),
        ('[{"key":1}]', "json: cannot unmarshal number into Go struct field Toleration.Key of type string"),
    ],
)
def test_tolerations_that_are_no_tolerations(text, detail) -> None:
    assert _errors(text) == [f'metadata.annotations: Invalid value: "{TOLERATIONS}": {detail}']


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '[{"key":"a","operator":"Exists"}]', '[{"operator":"Exists","x":1}]']
)
def test_tolerations_as_text(text) -> None:
    assert _errors(text) == []
