"""The language itself: operators, access, errors and what absorbs them, as one sees it from outside."""

from __future__ import annotations

ACCESS = """
d.a                    => 1
d.b.c                  => "x"
d['b'].c               => "x"
d.b['c']               => "x"
d.l[0]                 => 1
d.l[i]                 => ! index out of bounds: 5
d.x                    => ! no such key: x
d.l[7]                 => ! index out of bounds: 7
d.s.x                  => ! no such key: x
d.a + 'x'              => ! no such overload
has(d.a)               => true
has(d.b.c)             => true
has(d.b.x)             => false
has(d.x.y)             => ! no such key: x
d.a == 'x'             => false
d.x || true            => true
d.x && true            => ! no such key: x
d.x == 1 || d.a == 1   => true
d.x == 1 || d.y == 1   => ! no such key: x
d.x == 1 || d.a == 2   => ! no such key: x
d.a || false           => ! no such overload
d.a && true            => ! no such overload
d.a || true            => true
d.b.n.x                => ! no such key: x
d.b.n == null          => true
d.l + d.l              => [1, 2, 3, 1, 2, 3]
d.l == [1,2,3]         => true
d.l == [1.0,2.0,3.0]   => true
m['x']                 => "y"
m[m.x] == 'q'          => ! no such key: y
m[string(i)] == 'q'    => ! no such key: 5
li[i-3]                => 2
li[0]                  => 3
li[li[1]]              => 1
d.l[d.a]               => 2
d.l[d.b.c.size()]      => 2
has(d.a.x)             => false
has(d.l.x)             => ! unsupported index type 'string' in list
has(optional.of(d).a)  => true
has(m.x) && m.x == 'y' => true
has({'a':1}.a)         => true
has(d.b.n)             => true
li.contains(3)         => ! 1:12: found no matching overload for 'contains' applied to 'list(int).(int)'
li.first()             => optional(3)
li.last()              => optional(2)
{'a':1, 'a':2}         => {"a": 2}
{i:1, 5:2}             => {5: 2}
{1.5: 1}               => {1.5: 1}
{null: 1}              => {null: 1}
{true: 1}[true]        => 1
{1:'a'}[1u]            => ! 1:8: found no matching overload for '_[_]' applied to '(map(int, string), uint)'
{1:'a'}[dyn(1.0)]      => "a"
{1:'a'}[dyn('x')]      => ! no such key: x
dyn({1:'a'})['x']      => ! no such key: x
dyn({1:'a'}).x         => ! no such key: x
dyn([1])['x']          => ! unsupported index type 'string' in list
dyn([1])[1.0]          => ! index out of bounds: 1
dyn([1])[0.5]          => ! unsupported index value 0.5 in list
d.l.x                  => ! unsupported index type 'string' in list
d.a.x                  => ! no such key: x
d.t.x                  => ! no such key: x
d.b.n.x.y              => ! no such key: x
dyn(1) == 1.0          => true
dyn(1) == 1u           => true
dyn(1u) == 1.0         => true
dyn(1.0) in [1,2]      => true
dyn('x') in [1,2]      => false
dyn(1) in {'a':1}      => false
d.x().y                => ! 1:4: undeclared reference to 'x' (in container '')
{'a': 1, 'b': 'x'}     => ! 1:15: expected type 'int' but found 'string'
{'a': 1, 2: 1}         => ! 1:10: expected type 'string' but found 'int'
o.x.y.z                => ! no such key: x
dyn(i).foo             => ! no such key: foo
"""

OPERATORS = """
s.matches(s + '[')                => ! error parsing regexp: missing closing ]: `[`
[1,2].exists(x, type(x) == int)   => true
1 == 1.0                          => ! 1:3: found no matching overload for '_==_' applied to '(int, double)'
dyn(1) == 1.0                     => true
dyn(1) == 1u                      => true
dyn(1u) == 1.0                    => true
1 < 1.5                           => true
1u < 2                            => true
[1,2] == dyn([1.0, 2])            => ! 1:20: expected type 'double' but found 'int'
double('NaN') < 1.0               => ! NaN values cannot be ordered
7 % 3                             => 1
-7 % 3                            => -1
-7 / 2                            => -3
7.5 / 2.0                         => 3.75
1.0 / 0.0                         => +Inf
5 % 0                             => ! modulus by zero
5u - 6u                           => ! unsigned integer overflow
-(-9223372036854775808)           => ! integer overflow
optional.of(1) == optional.of(1)  => true
optional.of(1) == optional.none() => false
'a' + 1                           => ! 1:5: found no matching overload for '_+_' applied to '(string, int)'
s + i                             => ! 1:3: found no matching overload for '_+_' applied to '(string, int)'
i + 1.5                           => ! 1:3: found no matching overload for '_+_' applied to '(int, double)'
-s                                => ! 1:1: found no matching overload for '-_' applied to '(string)'
d.a % d.a                         => 0
d.a % d.b.n                       => ! no such overload
d.a % d.l                         => ! no such overload
d.a % d.s                         => ! no such overload
d.a + d.a                         => 2
d.a + d.b.n                       => ! no such overload
d.a + d.l                         => ! no such overload
d.a + d.s                         => ! no such overload
d.a < d.a                         => false
d.a < d.b.n                       => ! no such overload
d.a < d.l                         => ! no such overload
d.a < d.s                         => ! no such overload
d.l % d.a                         => ! no such overload: _%_
d.l % d.b.n                       => ! no such overload: _%_
d.l % d.l                         => ! no such overload: _%_
d.l % d.s                         => ! no such overload: _%_
d.l + d.a                         => ! no such overload
d.l + d.b.n                       => ! no such overload
d.l + d.l                         => [1, 2, 3, 1, 2, 3]
d.l + d.s                         => ! no such overload
d.l < d.a                         => ! no such overload: _<_
d.l < d.b.n                       => ! no such overload: _<_
d.l < d.l                         => ! no such overload: _<_
d.l < d.s                         => ! no such overload: _<_
d.s % d.a                         => ! no such overload
d.s % d.b.n                       => ! no such overload
d.s % d.l                         => ! no such overload
d.s % d.s                         => ! no such overload
d.s + d.a                         => ! no such overload
d.s + d.b.n                       => ! no such overload
d.s + d.l                         => ! no such overload
d.s + d.s                         => "strstr"
d.s < d.a                         => ! no such overload
d.s < d.b.n                       => ! no such overload
d.s < d.l                         => ! no such overload
d.s < d.s                         => false
"""

ABSORBED_ERRORS = """
i == 5 && s == 'x'       => false
i == 5 || s == 'x'       => true
!(d.x) || true           => true
d.x || true              => true
d.x && true              => ! no such key: x
true && d.x              => ! no such key: x
d.x == 1 || d.a == 1     => true
d.x == 1 || d.y == 1     => ! no such key: x
d.x == 1 || d.a == 2     => ! no such key: x
d.a || false             => ! no such overload
d.a && true              => ! no such overload
d.a || true              => true
i > 3 && i < 9           => true
i > 3 && i < 9 && i != 7 => true
"""

LOOPS = """
li.all(x, x > 0)                           => true
li.exists(x, x > 2)                        => true
li.exists_one(x, x > 2)                    => true
li.filter(x, x > 1)                        => [3, 2]
li.map(x, x * 2)                           => [6, 2, 4]
li.map(x, x > 1, x * 2)                    => [6, 4]
m.all(k, m[k] == 'y')                      => true
[[1],[2]].map(x, x[0])                     => [1, 2]
d.l.all(x, x.y == 1)                       => ! no such key: y
d.l.all(x, x == 7)                         => false
d.l.exists(x, x.y == 1)                    => ! no such key: y
d.l.map(x, x.y)                            => ! no such key: y
d.a.all(x, true)                           => ! got 'types.Int', expected iterable type
li.map(x, i == 5 ? x : 2)                  => [3, 1, 2]
[1,2,3].all(x, x > 0)                      => true
[1,2,3].all(x, x in [1,2,3])               => true
['a','b'].all(x, x.startsWith('a'))        => false
d.a.format([1])                            => ! no such overload: format(int, list)
li.all(s, s > 0)                           => true
li.all(x, li.all(x, x > 0))                => true
li.map(i, i).exists(i, i == 3) && i == 5   => true
[1,2].map(x, {'a': x}).map(y, y.a)         => [1, 2]
[[1,2],[3]].exists(l, l.exists(e, e == 3)) => true
1 in [1.0]                                 => ! 1:3: found no matching overload for '@in' applied to '(int, list(double))'
"""

COMPLAINTS = r"""
object.                             => ! 1:8: Syntax error: no viable alternative at input '.'
1 +                                 => ! 1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
(1                                  => ! 1:3: Syntax error: missing ')' at '<EOF>'
a b                                 => ! 1:3: Syntax error: extraneous input 'b' expecting <EOF>
s s                                 => ! 1:3: Syntax error: extraneous input 's' expecting <EOF>
1 2                                 => ! 1:3: Syntax error: extraneous input '2' expecting <EOF>
[1, 2                               => ! 1:6: Syntax error: mismatched input '<EOF>' expecting {']', ','}
[1 2]                               => ! 1:4: Syntax error: extraneous input '2' expecting {']', ','}
{'a' 1}                             => ! 1:6: Syntax error: missing ':' at '1'
{'a': 1                             => ! 1:8: Syntax error: mismatched input '<EOF>' expecting {'}', ','}
{'a': }                             => ! 1:7: Syntax error: mismatched input '}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s.size(                             => ! 1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s.size(1                            => ! 1:9: Syntax error: missing ')' at '<EOF>'
s.size(1,                           => ! 1:10: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
f(,)                                => ! 1:3: Syntax error: extraneous input ',' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
#                                   => ! 1:1: Syntax error: token recognition error at: '#'
s #                                 => ! 1:3: Syntax error: token recognition error at: '#'
'abc                                => ! 1:1: Syntax error: token recognition error at: ''abc'
"abc                                => ! 1:1: Syntax error: token recognition error at: '"abc'
1 + + 2                             => ! 1:5: Syntax error: extraneous input '+' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
&& true                             => ! 1:1: Syntax error: extraneous input '&&' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
true &&                             => ! 1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
true & false                        => ! 1:6: Syntax error: token recognition error at: '& '
true | false                        => ! 1:6: Syntax error: token recognition error at: '| '
s ? 1                               => ! 1:6: Syntax error: mismatched input '<EOF>' expecting ':'
s ? 1 :                             => ! 1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s = 'a'                             => ! 1:3: Syntax error: token recognition error at: '= '
s === 'a'                           => ! 1:5: Syntax error: token recognition error at: '= '
)                                   => ! 1:1: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s)                                  => ! 1:2: Syntax error: extraneous input ')' expecting <EOF>
s]                                  => ! 1:2: Syntax error: extraneous input ']' expecting <EOF>
true.x                              => ! 1:5: type 'bool' does not support field selection
s.true                              => ! 1:3: Syntax error: mismatched input 'true' expecting IDENTIFIER
s.null                              => ! 1:3: Syntax error: mismatched input 'null' expecting IDENTIFIER
if                                  => ! 1:1: reserved identifier: if
as                                  => ! 1:1: reserved identifier: as
s.if == 1                           => ! 1:2: type 'string' does not support field selection
a.b.c{x: 1}                         => ! 1:6: undeclared reference to 'a.b.c' (in container '')
Foo{}                               => ! 1:4: undeclared reference to 'Foo' (in container '')
Foo{x: 1}                           => ! 1:4: undeclared reference to 'Foo' (in container '')
{1:2,}                              => {1: 2}
[1,]                                => [1]
[,]                                 => []
d.`a-b`                             => ! no such key: a-b
--1                                 => 1
!!true                              => true
-  5                                => -5
- -5                                => 5
-9223372036854775808                => -9223372036854775808
9223372036854775808                 => ! 1:1: invalid int literal
99999999999999999999u               => ! 1:1: invalid uint literal
1e400                               => ! 1:1: invalid double literal
'\q'                                => ! 1:1: Syntax error: token recognition error at: ''\q'
b'\xff'                             => b'\xff'
'\ud800'                            => ! 1:1: invalid unicode code point
0x1F                                => 31
1.                                  => ! 1:3: Syntax error: no viable alternative at input '.'
.5                                  => 0.5
1..2                                => ! 1:3: Syntax error: no viable alternative at input '..2'
s.?x.y                              => ! 1:2: type 'string' does not support field selection
has(1)                              => ! 1:5: invalid argument to has() macro
has(s)                              => ! 1:5: invalid argument to has() macro
li.all(1, true)                     => ! 1:8: argument must be a simple name
li.map(x.y, true)                   => ! 1:9: argument is not an identifier
li.all(__result__, true)            => ! 1:8: iteration variable overwrites accumulator variable
li.all(x, y, z, w)                  => ! 1:7: undeclared reference to 'all' (in container '')
r'\d+' + b'abc'                     => ! 1:8: found no matching overload for '_+_' applied to '(string, bytes)'
s[                                  => ! 1:3: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s[]                                 => ! 1:3: Syntax error: mismatched input ']' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
s[0                                 => ! 1:4: Syntax error: missing ']' at '<EOF>'
a ? b : c ? d : e                   => ! 1:1: undeclared reference to 'a' (in container '')
object.spec.replicas <= 5 &&        => ! 1:29: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
"a" + 'b                            => ! 1:7: Syntax error: token recognition error at: ''b'
(                                   => ! 1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
()                                  => ! 1:2: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
.                                   => ! 1:2: Syntax error: no viable alternative at input '.'
,                                   => ! 1:1: Syntax error: mismatched input ',' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
:                                   => ! 1:1: Syntax error: mismatched input ':' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
{                                   => ! 1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
[                                   => ! 1:2: Syntax error: mismatched input '<EOF>' expecting {'[', ']', '{', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
}                                   => ! 1:1: Syntax error: mismatched input '}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
{}}                                 => ! 1:3: Syntax error: extraneous input '}' expecting <EOF>
x.y(                                => ! 1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
object.x == 'a' and object.y == 'b' => ! 1:17: Syntax error: mismatched input 'and' expecting <EOF>
not object.x                        => ! 1:5: Syntax error: mismatched input 'object' expecting <EOF>
s == "a                             => ! 1:6: Syntax error: token recognition error at: '"a'
s.matches('\d')                     => ! 1:11: Syntax error: token recognition error at: ''\d'
d.x.y.                              => ! 1:7: Syntax error: no viable alternative at input '.'
d.x[0].                             => ! 1:8: Syntax error: no viable alternative at input '.'
'a' 'b'                             => ! 1:5: Syntax error: extraneous input ''b'' expecting <EOF>
1 1 1                               => ! 1:3: Syntax error: mismatched input '1' expecting <EOF>
s s s s                             => ! 1:3: Syntax error: mismatched input 's' expecting <EOF>
f(1 2)                              => ! 1:5: Syntax error: extraneous input '2' expecting ')'
f(1 2 3)                            => ! 1:5: Syntax error: mismatched input '2' expecting ')'
[1 2 3]                             => ! 1:4: Syntax error: mismatched input '2' expecting {']', ','}
{a b}                               => ! 1:4: Syntax error: missing ':' at 'b'
@                                   => ! 1:1: Syntax error: token recognition error at: '@'
$x                                  => ! 1:1: Syntax error: token recognition error at: '$'
s.$x                                => ! 1:3: Syntax error: token recognition error at: '$'
s. x                                => ! 1:2: type 'string' does not support field selection
s?.x                                => ! 1:5: Syntax error: mismatched input '<EOF>' expecting ':'
d.all(x x)                          => ! 1:9: Syntax error: extraneous input 'x' expecting ')'
"""

TYPES = """
-7 % 3                  => -1
-7 / 2                  => -3
-(-9223372036854775808) => ! integer overflow
s + i                   => ! 1:3: found no matching overload for '_+_' applied to '(string, int)'
i + 1.5                 => ! 1:3: found no matching overload for '_+_' applied to '(int, double)'
li.map(x, x.y)          => ! 1:12: type 'int' does not support field selection
li.map(x, y, z)         => ! 1:11: undeclared reference to 'y' (in container '')
li.filter(x, x)         => ! 1:10: found no matching overload for '_?_:_' applied to '(int, list(int), list(int))'
li.all(x, x)            => ! 1:11: expected type 'bool' but found 'int'
s.all(x, true)          => ! 1:1: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)
s.startsWith(1)         => ! 1:13: found no matching overload for 'startsWith' applied to 'string.(int)'
i ? 1 : 2               => ! 1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'
!i                      => ! 1:1: found no matching overload for '!_' applied to '(int)'
-s                      => ! 1:1: found no matching overload for '-_' applied to '(string)'
i && true               => ! 1:1: expected type 'bool' but found 'int'
i || s                  => ! 1:1: expected type 'bool' but found 'int'
sha(1)                  => ! 1:4: undeclared reference to 'sha' (in container '')
"""


def test_access(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_operators(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_absorbed_errors(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_loops(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_complaints(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_types(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
