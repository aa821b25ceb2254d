from __future__ import annotations

import pytest

from steersman.api.meta import go_json


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "unexpected end of JSON input"),
        ("[1,", "unexpected end of JSON input"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("{x}", "invalid character 'x' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 "b"}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("{} {}", "invalid character '{' after top-level value"),
        ("[1, NaN]", "invalid character 'N' looking for beginning of value"),
    ],
)
def test_a_text_that_is_no_json_is_refused_in_go_s_words(text: str, words: str) -> None:
    with pytest.raises(go_json.GoJsonError) as refused:
        go_json.loads(text)
    assert str(refused.value) == words


def test_json_is_read() -> None:
    assert go_json.loads(' {"a": [1, null, "NaN"]} ') == {"a": [1, None, "NaN"]}


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "bool"), ("a", "string"), (1, "number"), (1.5, "number"), ([], "array"), ({}, "object")]
)
def test_a_value_of_another_type_is_named(value: object, kind: str) -> None:
    words = f"json: cannot unmarshal {kind} into Go value of type core.Toleration"
    assert go_json.type_error(value, "core.Toleration") == words
