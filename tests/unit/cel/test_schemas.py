"""Rules beside a schema: what they can name, what they see, and what they may cost at worst."""

from __future__ import annotations

import pytest

from steersman.cel.errors import CelError
from steersman.cel.program import Environment, compile_
from steersman.cel.schemas import escaped, type_of_schema

SCHEMA = {
    "type": "object",
    "required": ["n", "l"],
    "properties": {
        "n": {"type": "string", "maxLength": 10},
        "s": {"type": "string"},
        "e": {"type": "string", "enum": ["a", "bbb"]},
        "i": {"type": "integer"},
        "f": {"type": "number"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 10},
        "u": {"type": "array", "items": {"type": "string"}},
        "o": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["k"],
                "properties": {"k": {"type": "string"}, "v": {"type": "integer"}},
            },
        },
        "m": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}, "maxProperties": 4},
        "mm": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        "ios": {"x-kubernetes-int-or-string": True},
        "iosm": {"x-kubernetes-int-or-string": True, "maxLength": 3},
        "t": {"type": "string", "format": "date-time"},
        "d": {"type": "string", "format": "duration"},
        "day": {"type": "string", "format": "date"},
        "y": {"type": "string", "format": "byte"},
        "namespace": {"type": "string"},
        "a-b": {"type": "string"},
        "x.y/z": {"type": "integer"},
        "p__q": {"type": "integer"},
        "1x": {"type": "string"},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "anyarr": {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "emb": {"type": "object", "x-kubernetes-embedded-resource": True},
        "nest": {
            "type": "object",
            "properties": {"deep": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        },
    },
}
SELF = {
    "n": "abc",
    "s": "2Gi",
    "e": "a",
    "i": 3,
    "f": 2,
    "b": True,
    "l": ["b", "a"],
    "u": ["x", "y", "x"],
    "o": [{"k": "a", "v": 2}, {"k": "b"}],
    "m": {"q": "a"},
    "mm": {"z": [1, 2]},
    "ios": 5,
    "iosm": "5%",
    "t": "2024-01-02T03:04:05Z",
    "d": "1h",
    "day": "2024-01-02",
    "y": "YWJj",
    "namespace": "x",
    "a-b": "x",
    "x.y/z": 1,
    "p__q": 1,
    "emb": {"kind": "x", "apiVersion": "v1", "metadata": {"name": "q"}},
    "any": {"foo": 1},
    "anyarr": [{}],
    "nest": {"deep": {"x": 3}},
}

ANSWERS = """
self.n == 'abc'                                        => true
self.s == 'abc'                                        => false
self.s == self.n                                       => false
self.e == 'a'                                          => true
self.i == 1                                            => false
self.i > 1 && self.i < 9                               => true
self.f > 1.0                                           => true
self.f > 1                                             => true
self.b                                                 => true
!self.b                                                => false
self.l.all(x, x == 'ab')                               => false
self.u.all(x, x == 'ab')                               => false
self.u.all(x, self.u.all(y, x == y))                   => false
self.u.all(x, self.u.exists_one(y, x == y))            => false
self.o.all(x, x.k == 'a')                              => false
self.o.all(x, has(x.v) && x.v > 1)                     => false
self.o.map(x, x.k).all(k, k.startsWith('a'))           => false
self.o.filter(x, x.v > 1).size() == 1                  => ! no such key: v
self.m.all(k, self.m[k] == 'a')                        => true
self.m.all(k, v, v == k)                               => false
self.mm.all(k, self.mm[k].all(i, i > 1))               => false
self.mm.exists(k, k.matches('a.*'))                    => false
type(self.ios) == int ? self.ios > 1 : self.ios == 'x' => true
self.iosm == 'x'                                       => false
string(self.ios).matches('a')                          => false
self.t > timestamp('2020-01-01T00:00:00Z')             => true
self.d < duration('1h')                                => false
self.day < timestamp('2030-01-01T00:00:00Z')           => true
self.y == b'abc'                                       => true
self.y.size() < 10                                     => true
self.__namespace__ == 'x'                              => true
self.a__dash__b == 'x'                                 => true
self.x__dot__y__slash__z == 1                          => true
self.p__underscores__q == 1                            => true
has(self.emb.metadata.name)                            => true
self.emb.kind == 'x'                                   => true
self.emb.foo == 1                                      => ! 1:9: undefined field 'foo'
self.any.foo == 1                                      => ! 1:9: undefined field 'foo'
self.any == self.any                                   => true
self.anyarr.size() > 1                                 => false
self.nope == 1                                         => ! 1:5: undefined field 'nope'
self.nest.deep.nope == 1                               => ! 1:15: undefined field 'nope'
self.nest.deep.x == 'a'                                => ! 1:18: found no matching overload for '_==_' applied to '(int, string)'
self.nest == self.nest.deep                            => ! 1:11: found no matching overload for '_==_' applied to '(self.nest, self.nest.deep)'
self.nest.deep + 1 == 2                                => ! 1:16: found no matching overload for '_+_' applied to '(self.nest.deep, int)'
self.l[0] == 'a'                                       => false
self.l[self.i] == 'a'                                  => ! index out of bounds: 3
self.l.map(x, x + 'y').join(',') == 'q'                => false
self.s.contains(self.n)                                => false
self.s.matches('^a+$')                                 => false
self.n.matches(self.s)                                 => false
self.s.split(',').all(x, x == 'a')                     => false
self.n.replace('a','bb').size() > 3                    => true
self.u.isSorted()                                      => false
self.u.sum() == 1                                      => ! 1:11: found no matching overload for 'sum' applied to 'list(string).()'
self.l == self.u                                       => false
self.l.exists(x, x in self.u)                          => false
self.n in self.l                                       => false
self.s in ['a','b']                                    => false
self.m == {'a': 'b'}                                   => false
self.?s.orValue('x') == 'y'                            => false
self.?nope.hasValue()                                  => ! 1:5: undefined field 'nope'
self.l.sort() == self.l                                => false
self.u.distinct().size() == self.u.size()              => false
self.o == self.o                                       => true
self.nest.deep.x == self.i                             => true
self.n + self.s == 'a'                                 => false
[self.n, self.s].exists(x, x == 'a')                   => false
{'a': self.n}.a == 'x'                                 => false
(self.b ? self.n : self.s) == 'x'                      => false
self.u.map(x, self.u.map(y, x + y)).size() > 1         => true
oldSelf.n == self.n                                    => true
self.size() == 1                                       => ! 1:10: found no matching overload for 'size' applied to 'self.()'
self.all(x, true)                                      => ! 1:1: expression of type 'self' cannot be range of a comprehension (must be list, map, or dynamic)
quantity(self.s).isGreaterThan(quantity('1'))          => true
url(self.s).getHost() == 'x'                           => ! URL parse error during conversion from string: parse "2Gi": invalid URI for request
self.i + 1.5 > 2.0                                     => ! 1:8: found no matching overload for '_+_' applied to '(int, double)'
has(self.n) && self.n != ''                            => true
self.f == 2.0                                          => true
self.f + 1.5 == 3.5                                    => true
type(self.f) == double                                 => true
self.t.getFullYear() == 2024                           => true
self.day.getDate() == 2                                => true
type(self.day) == google.protobuf.Timestamp            => true
self.d.getMinutes() == 60                              => true
self.d == duration('3600s')                            => true
self.y == b'abc'                                       => true
string(self.y) == 'abc'                                => true
self.l == ['b','a']                                    => true
self.o[0].v == 2                                       => true
self.o[1].v == 2                                       => ! no such key: v
has(self.o[1].v)                                       => false
self.o.map(x, x.?v.orValue(7)) == [2, 7]               => true
self.nest.deep == self.nest.deep                       => true
self.u.distinct() == ['x','y']                         => true
self.mm.z[1] == 2                                      => true
self.mm['z'].sum() == 3                                => true
self.m.q == 'a'                                        => true
self.m.zz == 'a'                                       => ! no such key: zz
'zz' in self.m                                         => false
self.m.exists(k, v, k == 'q' && v == 'a')              => true
self.emb.metadata.name == 'q'                          => true
has(self.emb.metadata.generateName)                    => false
self.ios > 4                                           => true
self.ios.startsWith('a')                               => ! no such overload
self.iosm.endsWith('%')                                => true
quantity(self.s).isGreaterThan(quantity('1Gi'))        => true
self.?nest.?deep.?x.orValue(0) == 3                    => true
dyn(self.f) == 2                                       => true
self.i / 0 == 1                                        => ! division by zero
self.l[7] == 'a'                                       => ! index out of bounds: 7
self.x__dot__y__slash__z == 1                          => true
[self.t, self.day].size() == 2                         => true
string(self.t) == '2024-01-02T03:04:05Z'               => true
string(self.d) == '3600s'                              => true
"""

WORST = """
self.n == 'abc'                                        => 3
self.s == 'abc'                                        => 3
self.s == self.n                                       => 8
self.e == 'a'                                          => 3
self.i == 1                                            => 2
self.i > 1 && self.i < 9                               => 6
self.f > 1.0                                           => 3
self.f > 1                                             => 3
self.b                                                 => 2
!self.b                                                => 3
self.l.all(x, x == 'ab')                               => 53
self.u.all(x, x == 'ab')                               => 5242878
self.u.all(x, self.u.all(y, x == y))                   => 345881509131242703
self.u.all(x, self.u.exists_one(y, x == y))            => 345880409622760653
self.o.all(x, x.k == 'a')                              => 1887435
self.o.all(x, has(x.v) && x.v > 1)                     => 2202007
self.o.map(x, x.k).all(k, k.startsWith('a'))           => 5976882
self.o.filter(x, x.v > 1).size() == 1                  => 5033167
self.m.all(k, self.m[k] == 'a')                        => 35
self.m.all(k, v, v == k)                               => 23
self.mm.all(k, self.mm[k].all(i, i > 1))               => 3092369768448
self.mm.exists(k, k.matches('a.*'))                    => 2359293
type(self.ios) == int ? self.ios > 1 : self.ios == 'x' => 7
self.iosm == 'x'                                       => 3
string(self.ios).matches('a')                          => 629148
self.t > timestamp('2020-01-01T00:00:00Z')             => 4
self.d < duration('1h')                                => 4
self.day < timestamp('2030-01-01T00:00:00Z')           => 4
self.y == b'abc'                                       => 3
self.y.size() < 10                                     => 4
self.__namespace__ == 'x'                              => 3
self.a__dash__b == 'x'                                 => 3
self.x__dot__y__slash__z == 1                          => 2
self.p__underscores__q == 1                            => 2
has(self.emb.metadata.name)                            => 3
self.emb.kind == 'x'                                   => 4
self.any == self.any                                   => 4
self.anyarr.size() > 1                                 => 4
self.l[0] == 'a'                                       => 4
self.l[self.i] == 'a'                                  => 6
self.l.map(x, x + 'y').join(',') == 'q'                => 1844674407370955438
self.s.contains(self.n)                                => 1258296
self.s.matches('^a+$')                                 => 314575
self.n.matches(self.s)                                 => 3932164
self.s.split(',').all(x, x == 'a')                     => 13212053
self.n.replace('a','bb').size() > 3                    => 12
self.u.isSorted()                                      => 329854432052
self.l == self.u                                       => 5
self.l.exists(x, x in self.u)                          => 10485823
self.n in self.l                                       => 14
self.s in ['a','b']                                    => 14
self.m == {'a': 'b'}                                   => 33
self.?s.orValue('x') == 'y'                            => 4
self.l.sort() == self.l                                => 226
self.u.distinct().size() == self.u.size()              => 2199019061268
self.o == self.o                                       => 31462
self.nest.deep.x == self.i                             => 6
self.n + self.s == 'a'                                 => 314582
[self.n, self.s].exists(x, x == 'a')                   => 25
{'a': self.n}.a == 'x'                                 => 33
(self.b ? self.n : self.s) == 'x'                      => 5
self.u.map(x, self.u.map(y, x + y)).size() > 1         => 691767416314239390
oldSelf.n == self.n                                    => 8
quantity(self.s).isGreaterThan(quantity('1'))          => 314577
url(self.s).getHost() == 'x'                           => 314577
has(self.n) && self.n != ''                            => 3
self.f == 2.0                                          => 2
self.f + 1.5 == 3.5                                    => 4
type(self.f) == double                                 => 4
self.t.getFullYear() == 2024                           => 4
"""


@pytest.fixture(scope="module")
def environment() -> Environment:
    made = Environment.of_schema(SCHEMA)
    assert made is not None
    return made


def test_answers(environment: Environment, expression: str, answer: str) -> None:
    try:
        program = compile_(expression, environment)
        said = str(program.evaluate({"self": SELF, "oldSelf": SELF})).lower()
    except CelError as error:
        said = "! " + str(error).partition("\n")[0].removeprefix("ERROR: <input>:")
    assert said == answer


def test_worst(environment: Environment, expression: str, answer: str) -> None:
    """What upstream compares with its limit when a definition is written."""
    program = compile_(expression, environment)
    assert str(program.worst_cost(environment.variables["self"])) == answer


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("plain", "plain"),
        ("namespace", "__namespace__"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("a_b", "a_b"),
        ("1a", None),
        ("", None),
        ("a b", None),
        ("ü", None),
    ],
)
def test_names_are_escaped(name: str, spelled: str | None) -> None:
    assert escaped(name) == spelled


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": True}},
        {"type": "object", "additionalProperties": {"type": "array"}},
    ],
)
def test_what_says_too_little_is_not_seen(schema: dict[str, object]) -> None:
    assert type_of_schema(schema, "self") is None
    assert Environment.of_schema(schema) is None


def test_a_whole_resource_always_has_a_kind_and_a_name() -> None:
    environment = Environment.of_schema({"type": "object"}, is_root=True)
    assert environment is not None
    program = compile_("self.kind == 'K' && self.metadata.name == 'n'", environment)
    assert program.evaluate({"self": {"kind": "K", "metadata": {"name": "n"}}, "oldSelf": None}) is True


def test_the_old_value_may_be_absent() -> None:
    environment = Environment.of_schema({"type": "integer"}, optional_old=True)
    assert environment is not None
    assert str(compile_("oldSelf.hasValue() || self > 0", environment).result) == "bool"
