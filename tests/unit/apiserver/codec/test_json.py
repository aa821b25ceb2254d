"""JSON bodies: Go's errors, duplicate fields, and what Go accepts that others do not."""

from __future__ import annotations

import pytest

from steersman.apiserver.codec import json
from steersman.apiserver.codec.malformed import Malformed


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{", "unexpected end of JSON input"),
        (b'{"a":1} trailing', "invalid character 't' after top-level value"),
        (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
        (b"\xa0", "invalid character '\\u00a0' looking for beginning of value"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b"nul", "invalid character ' ' in literal null (expecting 'l')"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        (b"{a:1}", "invalid character 'a' looking for beginning of object key string"),
        (b'"\n"', "invalid character '\\n' in string literal"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b'"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
        (b"-a", "invalid character 'a' in numeric literal"),
        (b"01", "invalid character '1' after top-level value"),
        (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        (b"1e+x", "invalid character 'x' in exponent of numeric literal"),
        (b"{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        (b"[" * 5000, "exceeded max depth"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "exceeded max depth"),
        (b"[" * 300 + b"]" * 300, "exceeded max depth"),
    ],
)
def test_syntax_errors_are_worded_as_go_words_them(raw: bytes, text: str) -> None:
    with pytest.raises(Malformed) as caught:
        json.parse(raw, find_duplicates=True)
    assert str(caught.value) == f"couldn't get version/kind; json parse error: {text}"


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        (b'{"a":1,"b":2}', []),
        (b'{"a":1,"a":2}', ["a"]),
        (b'{"a" : 1 , "a":2}', ["a"]),
        (b'{"spec":{"containers":[{"name":"a","name":"b"}]}}', ["spec.containers[0].name"]),
        (b'{"a":[[{"x":1},{"x":1,"x":1}]]}', ["a[0][1].x"]),
        (b'{"a":1,"a":"\\u003a"}', ["a"]),
        (b'{"a":":::","b":"\\":"}', []),
        (b'{"a":1,"a":2,"a":3}', ["a"]),
        (b'{"a":{"b":1,"b":2},"a":{"b":1,"b":2}}', ["a.b", "a"]),
        (b'{"a":1,"\\u0061":2}', ["a"]),
    ],
)
def test_each_field_given_twice_is_told_once(raw: bytes, paths: list[str]) -> None:
    parsed = json.parse(raw, find_duplicates=True)
    assert list(parsed.duplicates) == list(parsed.strict) == [f'duplicate field "{path}"' for path in paths]
    assert not json.parse(raw, find_duplicates=False).duplicates


def test_the_last_of_two_fields_wins() -> None:
    assert json.parse(b'{"a":{"x":1},"a":{"y":2}}', find_duplicates=True).value == {"a": {"y": 2}}


def test_answers_are_compact_or_indented_for_people() -> None:
    assert json.encode({"a": [1, {}]}) == b'{"a":[1,{}]}'
    assert json.encode_pretty({"a": [1, {}]}) == b'{\n  "a": [\n    1,\n    {}\n  ]\n}'


def test_as_many_levels_are_accepted_as_can_be_encoded_inside_a_list() -> None:
    deepest = b"[" * 250 + b"]" * 250
    for raw in (deepest, deepest[:-1] + b',{"a":1,"a":2}]'):
        assert json.encode({"items": [json.parse(raw, find_duplicates=True).value]})
    for raw in (b"[" + deepest + b"]", b"[" + deepest + b',{"a":1,"a":2}]'):
        with pytest.raises(Malformed, match="exceeded max depth"):
            json.parse(raw, find_duplicates=True)
