"""YAML answers have the exact form of sigs.k8s.io/yaml."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.codec import yaml


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}\n"),
        ([], "[]\n"),
        (None, "null\n"),
        ("x", "x\n"),
        ({"b": 1, "a": [1, {"x": [], "z": {}}], "c": {"d": [[1, 2], "e"]}}, "a:\n- 1\n- x: []\n  z: {}\nb: 1\nc:\n  d:\n  - - 1\n    - 2\n  - e\n"),
        ({"a": ["y", "1", "1.5", "0x1", "null", "~", "", "on", "2020-01-01", "1:30", "1_0"]}, 'a:\n- "y"\n- "1"\n- "1.5"\n- "0x1"\n- "null"\n- "~"\n- ""\n- "on"\n- "2020-01-01"\n- "1:30"\n- "1_0"\n'),
        ({"a": ["- x", "a: b", "a #b", " a", "a ", "#a", "@a", "a'b", "it's: x", "a:b", "-a", "---"]}, "a:\n- '- x'\n- 'a: b'\n- 'a #b'\n- ' a'\n- 'a '\n- '#a'\n- '@a'\n- a'b\n- 'it''s: x'\n- a:b\n- -a\n- '---'\n"),
        ({"a": ["a\nb", "a\n", "a\n\n", "\na", " a\n", "a \nb", "a\tb", "\U0001f600"]}, 'a:\n- |-\n  a\n  b\n- |\n  a\n- |+\n  a\n\n- |2-\n\n  a\n- |2\n   a\n- "a \\nb"\n- "a\\tb"\n- "\\U0001F600"\n'),
        ({"a10": 1, "a9": 2, "a-b": 3, "B": 4, "é": 5}, "B: 4\na-b: 3\na9: 2\na10: 1\né: 5\n"),
        ([1.5, 1e6, 1234567.5, 1e22, 1e-7, 2**63, True, None], "- 1.5\n- 1000000\n- 1.2345675e+06\n- 1e+22\n- 1e-07\n- 9223372036854775808\n- true\n- null\n"),
        ({"k" * 129: [1]}, f"? {'k' * 129}\n: - 1\n"),
        ({"message": "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"}, "message: 'only the following media types are accepted: application/json;stream=watch,\n  application/vnd.kubernetes.protobuf;stream=watch'\n"),
        ({"m": "word " * 30 + "end"}, "m: " + "word " * 15 + "word\n  " + "word " * 13 + "word end\n"),
    ],
)  # fmt: skip
def test_answers_have_upstreams_exact_form(value: Any, text: str) -> None:
    assert yaml.encode(value).decode() == text
