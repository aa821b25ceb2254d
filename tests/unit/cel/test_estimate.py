"""What an expression may cost at worst, known before it runs."""

from __future__ import annotations

import dataclasses

import pytest

from steersman.cel import types
from steersman.cel.program import Environment, compile_
from steersman.cel.ranges import UNBOUNDED

RANGES = """
d.a                                                                                    => 1 to 1
d['b'].c                                                                               => 2 to 2
d.l[0]                                                                                 => 2 to 2
d.x                                                                                    => 1 to 1
d.s.x                                                                                  => 1 to 1
dyn('a') + 1                                                                           => 2 to 2
has(d.a)                                                                               => 1 to 1
has(d.b.x)                                                                             => 1 to 1
[1,2,3]                                                                                => 10 to 10
{'a':1}                                                                                => 30 to 30
i in [1,2,3]                                                                           => 14 to 14
s in ['a','b']                                                                         => 13 to 13
li.exists(x, x > 2)                                                                    => 2 to ∞
li.filter(x, x > 1)                                                                    => 12 to ∞
li.map(x, x > 1, x * 2)                                                                => 12 to ∞
m.all(k, v, v == 'y')                                                                  => 2 to ∞
m.transformMap(k, v, v + k)                                                            => 32 to ∞
size(li)                                                                               => 2 to 2
s.startsWith('he')                                                                     => 2 to 2
s.matches('h.*o')                                                                      => 2 to 1844674407370955265
i == 5 || s == 'x'                                                                     => 2 to 4
d.?a                                                                                   => 2 to 2
d.?b.?c                                                                                => 3 to 3
d[?'a']                                                                                => 2 to 2
optional.none().value()                                                                => 2 to 2
timestamp('2020-01-01T00:00:00Z')                                                      => 1 to 1
[1,2] + [3]                                                                            => 21 to 21
quantity('1Gi').isGreaterThan(quantity('1Mi'))                                         => 3 to 3
i/0                                                                                    => 2 to 2
d.a == 'x'                                                                             => 2 to 2
i + 9223372036854775807                                                                => 2 to 2
d.x || true                                                                            => 1 to 1
true && d.x                                                                            => 0 to 1
d.x == 1 || d.y == 1                                                                   => 2 to 4
d.x ? 1 : 2                                                                            => 1 to 1
d.a || false                                                                           => 1 to 1
d.a || true                                                                            => 1 to 1
-d.s                                                                                   => 2 to 2
d.l.all(x, x == 7)                                                                     => 2 to ∞
d.l.map(x, x.y)                                                                        => 12 to ∞
d.b.n.x                                                                                => 1 to 1
type(d)                                                                                => 2 to 2
d.l == [1,2,3]                                                                         => 12 to 12
[1] == [dyn(true)]                                                                     => 22 to 22
m[m.x] == 'q'                                                                          => 5 to 5
li[i-3]                                                                                => 4 to 4
li[li[1]]                                                                              => 4 to 4
d.l[d.b.c.size()]                                                                      => 4 to 4
[1,2,3][i-4]                                                                           => 13 to 13
(i == 5 ? d.b : d).c                                                                   => 3 to 3
i == 5 ? li[0] : 1                                                                     => 2 to 4
i == 5 ? li.size() : 1                                                                 => 2 to 4
li.map(x, i == 5 ? x : 2)                                                              => 12 to ∞
d.?a.orValue(5)                                                                        => 3 to 3
d.?zz.or(optional.of(2))                                                               => 4 to 4
d.?zz.hasValue()                                                                       => 3 to 3
d.?b.?zz.?yy                                                                           => 4 to 4
d[?s]                                                                                  => 3 to 3
li[?9]                                                                                 => 2 to 2
optional.of(d).a                                                                       => 2 to 2
optional.of(d)['a']                                                                    => 3 to 3
optional.of(i).optMap(x, x + 1)                                                        => 4 to 19
optional.of(i).optFlatMap(x, optional.of(x))                                           => 4 to 18
has(d.a.x)                                                                             => 1 to 1
has(d.l.x)                                                                             => 1 to 1
has(m.x) && m.x == 'y'                                                                 => 1 to 4
has(d.b.n)                                                                             => 1 to 1
[?optional.of(i), i]                                                                   => 13 to 13
{?'a': d.?zz}                                                                          => 32 to 32
type(1)                                                                                => 1 to 1
[int]                                                                                  => 11 to 11
i in d.l                                                                               => 2 to ∞
'x' in {'x': i}                                                                        => 32 to 32
s + s                                                                                  => 2 to 1844674407370955266
!true                                                                                  => 1 to 1
size('abc')                                                                            => 1 to 1
i > 3 && i < 9 && i != 7                                                               => 2 to 6
dyn(1).contains('a')                                                                   => 2 to 2
[1,2,3].all(x, x in [1,2,3])                                                           => 20 to 62
li.first()                                                                             => 2 to 2
semver('1.2.3').major()                                                                => 2 to 2
timestamp('2020-01-01T00:00:00Z').getFullYear()                                        => 2 to 2
timestamp('2020-01-01T00:00:00Z') + duration('1h') > timestamp('2020-01-01T00:00:00Z') => 5 to 5
s < 'b'                                                                                => 2 to 2
s.replace('l','LL')                                                                    => 1 to 3689348814741910529
s.split('l', 3)                                                                        => 1 to 3689348814741910529
ls.join(',')                                                                           => 1 to 1844674407370955265
li.sort()                                                                              => 12 to ∞
ls.sort()                                                                              => 12 to ∞
li.slice(0,2)                                                                          => 14 to 14
s.find('l+')                                                                           => 2 to 1844674407370955265
s.matches('a+b')                                                                       => 2 to 1844674407370955265
[1,2,3].map(x, x * 2)                                                                  => 63 to 63
['ab','cde'].all(x, x.startsWith('a'))                                                 => 17 to 21
[[1],[2]].flatten()                                                                    => 43 to 43
cidr('10.0.0.0/8').containsIP(s)                                                       => 3 to 1844674407370955270
format.uuid().validate('x')                                                            => 33 to 33
quantity('1Gi').isGreaterThan(quantity('1Mi'))                                         => 3 to 3
sets.contains([1,2], [3])                                                              => 23 to 23
'%s'.format([s])                                                                       => 12 to 12
"""


def test_ranges(estimated, expression: str, answer: str) -> None:
    """The numbers of cel-go with Kubernetes' estimator, where nothing is said about sizes."""
    low, high = estimated(expression)
    assert f"{low} to {'∞' if high == UNBOUNDED else high}" == answer


def sized(value: types.Type, size: int) -> types.Type:
    return dataclasses.replace(value, size_max=size)


NAMES = sized(types.list_of(sized(types.STRING, 5)), 10)
SELF = types.object_of(
    "Self", {"names": NAMES, "nested": sized(types.list_of(NAMES), 20), "count": sized(types.INT, 0)}
)


@pytest.mark.parametrize(
    ("expression", "worst"),
    [
        ("self.count == 1", 2),  # a scalar of a schema has no size, so comparing it is free
        ("self.names.size() > 3", 4),
        ("self.names.all(n, n == 'ab')", 3 + 10 * 5),
        ("self.names.all(n, n.contains('abcdefghijk'))", 3 + 10 * (4 + 2)),
        ("self.nested.all(l, l.all(n, n == 'ab'))", 3 + 20 * (3 + 2 + 10 * 5)),
        # Elements of what was computed take the size of the root, as upstream has it: comparing them is free.
        ("self.names.map(n, n + 'x').all(n, n == 'ab')", 10 + 3 + 10 * 14 + 1 + 10 * 4),
        ("self.names[0] == self.names[1]", 7),
    ],
)
def test_declared_sizes_bound_it(expression: str, worst: int) -> None:
    program = compile_(expression, Environment({"self": SELF}))
    assert program.worst_cost(SELF) == worst


def test_without_a_root_nothing_is_known_of_sizes() -> None:
    program = compile_("self.names.all(n, n == 'ab')", Environment({"self": SELF}))
    assert program.worst_cost() == UNBOUNDED


def test_what_is_not_reached_from_the_root_may_be_of_any_size() -> None:
    program = compile_("string(self.count).matches('a')", Environment({"self": SELF}))
    assert program.worst_cost(SELF) > 10**18
