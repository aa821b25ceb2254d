"""Sorting, sums, extremes, positions, slices and sets."""

from __future__ import annotations

ORDER = """
li.sort()                              => [1, 2, 3]
li.sort()[0]                           => 1
ls.sort()                              => ["a", "b"]
['b','a'].sort()                       => ["a", "b"]
[2.5,1.5].sort()                       => [1.5, 2.5]
[true,false].sort()                    => [false, true]
[duration('2s'),duration('1s')].sort() => [1s, 2s]
d.l.sort()                             => [1, 2, 3]
dyn([1,'a']).sort()                    => ! 1:8: expected type 'int' but found 'string'
dyn([[1]]).sort()                      => ! list elements must be comparable
dyn([{}]).sort()                       => ! list elements must be comparable
[{'a':2},{'a':1}].sortBy(x, x.a)       => [{"a": 1}, {"a": 2}]
li.sortBy(x, -x)                       => [3, 2, 1]
ls.sortBy(x, x)                        => ["a", "b"]
[].sortBy(x, x)                        => []
d.l.sortBy(x, x)                       => [1, 2, 3]
li.sortBy(x.y, x)                      => ! 1:12: argument is not an identifier
li.reverse()                           => [2, 1, 3]
li.distinct()                          => [3, 1, 2]
[1,1,2].distinct()                     => [1, 2]
['a','b','a'].distinct()               => ["a", "b"]
dyn([1,1.0,1u]).distinct()             => ! 1:8: expected type 'int' but found 'double'
[[1],[1]].distinct()                   => [[1]]
li.isSorted()                          => false
[1,2,2].isSorted()                     => true
ls.isSorted()                          => true
d.l.isSorted()                         => true
"""

PARTS = """
li.slice(0,2)               => [3, 1]
li.slice(-1,2)              => ! cannot slice(-1, 2), negative indexes not supported
li.slice(2,1)               => ! cannot slice(2, 1), start index must be less than or equal to end index
li.slice(0,9)               => ! cannot slice(0, 9), list is length 3
[[1],[2]].flatten()         => [1, 2]
[[1,[2]],[3]].flatten()     => ! 1:5: expected type 'int' but found 'list(int)'
[dyn([1]),2].flatten()      => ! 1:11: expected type 'dyn' but found 'int'
d.l.flatten()               => [1, 2, 3]
[[[1]],[[2]]].flatten(2)    => [1, 2]
[1,[2,[3]]].flatten(-1)     => ! 1:4: expected type 'int' but found 'list(dyn)'
dyn([1,[2,[3]]]).flatten(1) => ! 1:8: expected type 'int' but found 'list(dyn)'
dyn([1,[2,[3]]]).flatten(2) => ! 1:8: expected type 'int' but found 'list(dyn)'
lists.range(3)              => [0, 1, 2]
lists.range(0)              => []
lists.range(-1)             => ! lists.range: size must be non-negative, got -1
lists.range(i)              => [0, 1, 2, 3, 4]
li.first()                  => optional(3)
[].first()                  => none
li.last()                   => optional(2)
"""

SUMS_AND_EXTREMES = """
li.sum()                              => 6
[].sum()                              => 0
[1.5,2.5].sum()                       => 4.0
[1u,2u].sum()                         => 3u
[duration('1s'),duration('2s')].sum() => 3s
d.l.sum()                             => 6
dyn(['a']).sum()                      => ! no such overload: sum(list)
dyn([]).sum()                         => 0
li.min()                              => 1
li.max()                              => 3
ls.max()                              => "b"
[].min()                              => ! min called on empty list
dyn([]).max()                         => ! max called on empty list
[1.5,2.5].max()                       => 2.5
[b'a',b'b'].min()                     => b'a'
[true,false].min()                    => false
[timestamp(0),timestamp(1)].max()     => 1970-01-01T00:00:01Z
dyn([1,'a']).max()                    => ! 1:8: expected type 'int' but found 'string'
dyn([1,2.5]).max()                    => ! 1:8: expected type 'int' but found 'double'
"""

POSITIONS = """
li.indexOf(1)       => 1
li.indexOf(9)       => -1
li.lastIndexOf(2)   => 2
ls.indexOf('b')     => 1
li.includes(1)      => true
li.includes('x')    => false
d.a.includes(1)     => true
d.l.includes(2)     => true
s.includes('hello') => true
d.a.includes(2)     => false
li.indexOf('a')     => ! 1:11: found no matching overload for 'indexOf' applied to 'list(int).(string)'
d.l.indexOf(1)      => 0
d.l.indexOf('a')    => -1
d.s.indexOf('t')    => 1
"""

SETS = """
sets.contains(li, [1])                   => true
sets.contains(li, [1,9])                 => false
sets.contains([], [])                    => true
sets.intersects(li, [1])                 => true
sets.intersects(li, [])                  => false
sets.equivalent(li, [1])                 => false
sets.equivalent([1,2], [2,1,1])          => true
sets.contains(d.l, [1.0])                => true
sets.contains(d.l, d.s)                  => ! no such overload: sets.contains(list, string)
sets.contains([dyn(1), dyn('a')], ['a']) => true
"""


def test_order(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_parts(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_sums_and_extremes(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_positions(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_sets(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
