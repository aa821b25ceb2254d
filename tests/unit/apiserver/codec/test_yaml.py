"""YAML bodies and answers, in the dialect and the form of sigs.k8s.io/yaml."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.codec import yaml
from steersman.apiserver.codec.malformed import Malformed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[y, Yes, on, n, No, OFF, true, nO]", [True, True, True, False, False, False, True, "nO"]),
        ("[017, 0o17, 08, 0x1F, 0b11, 1_000, +1, -0]", [15, 15, 8, 31, 3, 1000, 1, 0]),
        ("[1e3, .5, 1.0, 1.50, 1:30, 12345678901234567890]", [1000, 0.5, 1, 1.5, "1:30", 12345678901234567890]),
        (
            "[2020-01-01, 2020-01-01T00:00:00Z, ~, null, '', 'y']",
            ["2020-01-01", "2020-01-01T00:00:00Z", None, None, "", "y"],
        ),
        ("{1: a, true: b, 1.5: c}", {"1": "a", "true": "b", "1.5": "c"}),
        ("base: &b {x: 1, z: 2}\nother:\n  <<: *b\n  x: 3\n", {"base": {"x": 1, "z": 2}, "other": {"x": 3, "z": 2}}),
        ("<<: [{x: 1}, {x: 2, z: 3}]", {"x": 1, "z": 3}),
        ("a: !!str 5\nb: !!float 5\nc: !!binary aGVsbG8=\nd: ! 5", {"a": "5", "b": 5, "c": "hello", "d": "5"}),
        ("a: 1\n---\nb: [", {"a": 1}),
        ("", None),
        ("# only a comment", None),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
    ],
)
def test_values_are_those_of_yaml_1_1_as_upstream_reads_it(text: str, value: Any) -> None:
    assert yaml.parse(text.encode()).value == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: [", "yaml: line 1: did not find expected node content"),
        ("\t- x", "yaml: found character that cannot start any token"),
        ("a: 1\nb: c: d\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("a: *x", "yaml: unknown anchor 'x' referenced"),
        ("a: &a [*a]", "yaml: anchor 'a' value contains itself"),
        ("a: \x01", "yaml: control characters are not allowed"),
        ("a: .nan", "json: unsupported value: NaN"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("<<: 5", "yaml: map merge requires map or sequence of maps as the value"),
        ("%YAML 1.2\n---\na: 1", "yaml: found incompatible YAML document"),
        ("[" * 300, "yaml: exceeded max depth"),
    ],
)
def test_errors_are_worded_as_upstream_words_them(text: str, error: str) -> None:
    with pytest.raises(Malformed) as caught:
        yaml.parse(text.encode())
    assert str(caught.value) == error


def test_keys_given_twice_are_told_with_the_line_of_the_later_value() -> None:
    parsed = yaml.parse(b"kind: ConfigMap\ndata:\n  k: a\n  j: b\n  k: c\n  j:\n    d\n1: x\n1: y\n'1': z\n")
    assert parsed.value == {"kind": "ConfigMap", "data": {"k": "c", "j": "d"}, "1": "z"}
    assert parsed.duplicates == [
        'line 5: key "k" already set in map',
        'line 7: key "j" already set in map',
        "line 9: key 1 already set in map",
    ]
    assert parsed.strict == ["yaml: unmarshal errors:\n  " + "\n  ".join(parsed.duplicates)]


def test_a_json_body_is_read_as_json_unless_a_key_is_given_twice() -> None:
    assert yaml.parse(b'{"a": "\\ud83d\\ude00"}').value == {"a": "\U0001f600"}
    assert yaml.parse(b'{"a": 1,\n"a": 2}').duplicates == ['line 2: key "a" already set in map']


def test_alias_bombs_are_refused_before_they_are_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(Malformed, match="document contains excessive aliasing"):
        yaml.parse("\n".join(lines).encode())


def test_an_alias_is_a_copy() -> None:
    value = yaml.parse(b"a: &x {k: [1]}\nb: *x\n").value
    value["a"]["k"].append(2)
    assert value["b"] == {"k": [1]}
