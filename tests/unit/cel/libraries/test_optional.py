"""Values that may be absent."""

from __future__ import annotations

OPTIONAL_VALUES = """
d.?a                                               => optional(1)
d.?x.orValue(5)                                    => 5
d.?b.?c                                            => optional("x")
d[?'a']                                            => optional(1)
optional.of(1).value()                             => 1
optional.none().value()                            => ! optional.none() dereference
i == 5 ? d[?'a'] : optional.none()                 => optional(1)
d.?a.orValue(5)                                    => 1
d.?a.or(optional.of(2))                            => optional(1)
d.?zz.or(optional.of(2))                           => optional(2)
d.?zz.orValue(i)                                   => 5
d.?b.?zz                                           => none
d.?b.?zz.?yy                                       => none
d[?'zz']                                           => none
d[?s]                                              => none
li[?0]                                             => optional(3)
li[?9]                                             => none
li[?i]                                             => none
optional.of(d).a                                   => optional(1)
optional.of(d).?a                                  => optional(1)
optional.of(d)['a']                                => optional(1)
optional.of(d).zz                                  => none
optional.of(i).optMap(x, x + 1)                    => optional(6)
optional.none().optMap(x, x + 1)                   => none
optional.of(i).optFlatMap(x, optional.of(x))       => optional(5)
d.?a.optMap(x, x + 1)                              => optional(2)
[optional.of(1)].size()                            => 1
[?optional.of(i), i]                               => [5, 5]
{?'a': optional.of(i)}                             => {"a": 5}
{?'a': d.?zz}                                      => {}
[1, ?d.?a]                                         => ! 1:7: expected type 'int' but found 'dyn'
optional.ofNonZeroValue(0)                         => none
optional.ofNonZeroValue('')                        => none
optional.ofNonZeroValue([])                        => none
optional.ofNonZeroValue(d)                         => optional({"a": 1, "b": {"c": "x", "n": null}, "f": 1.5, "l": [1, 2, 3], "s": "str", "t": true})
optional.none()                                    => none
optional.unwrap([optional.of(1), optional.none()]) => [1]
[optional.of(1), optional.none()].unwrapOpt()      => [1]
optional.of(1) == optional.of(1)                   => true
optional.of(1) == optional.none()                  => false
optional.none().orValue(3)                         => 3
optional.of(1).or(2)                               => ! 1:18: found no matching overload for 'or' applied to 'optional_type(int).(int)'
d.?a.value() + 1                                   => 2
o.?zz.orValue('d')                                 => "d"
d.?b.?c.orValue('')                                => "x"
optional.of('a').optMap(x, x + 'b').orValue('')    => "ab"
optional.ofNonZeroValue(i).hasValue()              => true
d.?l[0]                                            => optional(1)
d.?l[?9]                                           => none
d.?l[0].hasValue()                                 => true
"""


def test_optional_values(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
