"""What expressions cost."""

from __future__ import annotations

import pytest

from steersman.cel import types
from steersman.cel.errors import CostExceeded
from steersman.cel.program import Environment, compile_

UNITS = """
d.a                                            => 2
d.b.c                                          => 3
d['b'].c                                       => 3
d.b['c']                                       => 3
d.l[0]                                         => 3
has(d.a)                                       => 1
has(d.b.c)                                     => 2
has(d.b.x)                                     => 2
[1,2,3]                                        => 0
[i,2]                                          => 11
{'a':1}                                        => 0
{'a':i}                                        => 31
i in [1,2,3]                                   => 1
i in [1,i,3]                                   => 15
s in ['a','b']                                 => 1
li.all(x, x > 0)                               => 17
li.exists(x, x > 2)                            => 11
li.exists_one(x, x > 2)                        => 11
li.filter(x, x > 1)                            => 34
li.map(x, x * 2)                               => 44
li.map(x, x > 1, x * 2)                        => 36
m.all(k, m[k] == 'y')                          => 8
m.all(k, v, v == 'y')                          => 7
li.transformList(i, v, v + i)                  => 47
m.transformMap(k, v, v + k)                    => 8
m.transformMapEntry(k, v, {v: k})              => 36
size(li)                                       => 2
s.size()                                       => 2
s.startsWith('he')                             => 2
s == 'hello'                                   => 2
s.matches('h.*o')                              => 2
i == 5 && s == 'x'                             => 4
i == 5 || s == 'x'                             => 2
i == 5 ? s : 'q'                               => 2
d.?a                                           => 2
d.?x.orValue(5)                                => 1
d.?b.?c                                        => 3
d.?b.c.hasValue()                              => 4
d[?'a']                                        => 2
optional.of(1).value()                         => 2
duration('1h')                                 => 0
timestamp('2020-01-01T00:00:00Z')              => 0
[[1],[2]].map(x, x[0])                         => 29
[1,2] + [3]                                    => 1
li + [3]                                       => 2
quantity('1Gi').isGreaterThan(quantity('1Mi')) => 3
d.a == 'x'                                     => 3
!(d.x) || true                                 => 3
d.x || true                                    => 2
d.x == 1 || d.a == 1                           => 6
d.a || true                                    => 2
d.l.all(x, x == 7)                             => 10
d.b.n == null                                  => 4
type(i) == int                                 => 3
type(d)                                        => 2
d.l + d.l                                      => 5
d.l == [1,2,3]                                 => 3
d.l == [1.0,2.0,3.0]                           => 3
true == dyn(1)                                 => 1
[1] == [dyn(true)]                             => 1
m['x']                                         => 2
li[i-3]                                        => 4
li[0]                                          => 2
li[li[1]]                                      => 3
d.l[d.a]                                       => 4
d.l[d.b.c.size()]                              => 7
[1,2,3][1]                                     => 2
[1,2,3][i-4]                                   => 4
(i == 5 ? d : d).a                             => 3
(i == 5 ? d.b : d).c                           => 4
i == 5 ? d.b.c : 'x'                           => 4
i == 5 ? li[0] : 1                             => 3
i == 5 ? (i == 5 ? s : 'x') : 'y'              => 4
i == 5 ? li.size() : 1                         => 4
i == 5 ? d[?'a'] : optional.none()             => 3
li.map(x, i == 5 ? x : 2)                      => 44
{'a': d}.a.b.c                                 => 35
d.?a.orValue(5)                                => 2
d.?a.or(optional.of(2))                        => 2
d.?zz.or(optional.of(2))                       => 2
d.?zz.orValue(i)                               => 2
d.?zz.hasValue()                               => 2
d.?b.?zz                                       => 2
d.?b.?zz.?yy                                   => 2
d[?'zz']                                       => 1
d[?s]                                          => 1
li[?0]                                         => 2
li[?9]                                         => 1
li[?i]                                         => 1
optional.of(d).a                               => 4
optional.of(d).?a                              => 4
optional.of(d)['a']                            => 4
optional.of(d).zz                              => 3
optional.of(i).optMap(x, x + 1)                => 9
optional.none().optMap(x, x + 1)               => 3
optional.of(i).optFlatMap(x, optional.of(x))   => 8
d.?a.optMap(x, x + 1)                          => 9
has(d.a.x)                                     => 2
has(optional.of(d).a)                          => 3
has(m.x) && m.x == 'y'                         => 4
has({'a':1}.a)                                 => 1
has(d.b.n)                                     => 2
[optional.of(1)].size()                        => 12
[?optional.of(i), i]                           => 13
{?'a': optional.of(i)}                         => 32
{?'a': d.?zz}                                  => 31
type(1)                                        => 0
int                                            => 0
[int]                                          => 0
i in li                                        => 5
li.sort()                                      => 30
li.distinct()                                  => 30
li.reverse()                                   => 15
s.find('l+')                                   => 2
li.sum()                                       => 4
cidr('10.0.0.0/8').containsIP('10.1.2.3')      => 3
format.uuid().validate('x')                    => 19
sets.contains(li, [1])                         => 5
s.replace('l','L')                             => 2
url('http://a.b/c').getHost()                  => 3
optional.of(i).optMap(x, x + 1)                => 9
"""

LIST = Environment({"l": types.list_of(types.INT)})


def test_work_grows_with_the_data() -> None:
    program = compile_("l.all(i, i > 0)", LIST)
    small, large = (program.measure({"l": [1] * length}).cost for length in (1, 100))
    assert large > 50 * small / 2


def test_too_much_is_stopped() -> None:
    program = compile_("l.all(i, l.all(j, i + j > 0))", LIST)
    with pytest.raises(CostExceeded):
        program.evaluate({"l": [1] * 300}, cost_limit=1000)


def test_units(cost, expression: str, answer: str) -> None:
    """The numbers of cel-go with Kubernetes' estimator."""
    assert cost(expression) == answer
