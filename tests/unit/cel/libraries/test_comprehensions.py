"""Loops over indices and elements, keys and values."""

from __future__ import annotations

TWO_VARIABLES = """
m.all(k, v, v == 'y')                       => true
li.transformList(i, v, v + i)               => [3, 2, 4]
m.transformMap(k, v, v + k)                 => {"x": "yx"}
m.transformMapEntry(k, v, {v: k})           => {"y": "x"}
d.l.exists(i, v, i == 1 && v == 2)          => true
d.l.exists_one(i, v, v > 5)                 => false
m.exists(k, v, k == v)                      => false
o.transformMap(k, v, k == 'k', 1)           => {"k": 1}
d.l.transformMapEntry(i, v, {string(v): i}) => {"1": 0, "2": 1, "3": 2}
d.l.transformMapEntry(i, v, {'x': i})       => ! insert failed: key x already exists
li.transformList(i, v, i > 0, v)            => [1, 2]
li.transformMap(i, v, i)                    => {0: 0, 1: 1, 2: 2}
"""


def test_two_variables(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
