"""Conversions between types, and what they refuse."""

from __future__ import annotations

CONVERSIONS = r"""
string(timestamp('2020-01-01T00:00:00+02:00'))     => "2020-01-01T00:00:00+02:00"
timestamp('2020-01-01T00:00:00.123456789Z')        => 2020-01-01T00:00:00.123456789Z
timestamp('2020-01-01t00:00:00z')                  => ! 1:11: invalid timestamp argument
timestamp('2020-01-01')                            => ! 1:11: invalid timestamp argument
timestamp(s)                                       => ! type conversion error from 'string' to 'google.protobuf.Timestamp'
duration(s)                                        => ! type conversion error from 'string' to 'google.protobuf.Duration'
duration('1h30m5.5s')                              => 5405.5s
duration('abc')                                    => ! 1:10: invalid duration argument
duration('-1.5h')                                  => -5400s
duration('100ns')                                  => 0.0000001s
string(duration('1.5s'))                           => "1.5s"
string(1000000.0)                                  => "1e+06"
string(123456.5)                                   => "123456.5"
string(0.00001)                                    => "1e-05"
string(1e21)                                       => "1e+21"
string(-0.0)                                       => "-0"
string(1.0)                                        => "1"
double('1e3')                                      => 1000.0
double('NaN')                                      => NaN
double('inf')                                      => +Inf
int('0x10')                                        => ! type conversion error from 'string' to 'int'
int(' 5')                                          => ! type conversion error from 'string' to 'int'
int('+5')                                          => 5
int('1_000')                                       => ! type conversion error from 'string' to 'int'
int(1.9)                                           => 1
int(-1.9)                                          => -1
int(1e19)                                          => ! integer overflow
uint(-1)                                           => ! unsigned integer overflow
uint('5')                                          => 5u
bool('true')                                       => true
bool('T')                                          => true
bool('yes')                                        => ! type conversion error from 'string' to 'bool'
bool(s)                                            => ! type conversion error from 'string' to 'bool'
int(timestamp('2020-01-01T00:00:00Z'))             => 1577836800
int(duration('1500ms'))                            => 1500000000
string(b'abc')                                     => "abc"
string(b'\xff')                                    => ! invalid UTF-8 in bytes, cannot convert to string
timestamp(0)                                       => 1970-01-01T00:00:00Z
timestamp(253402300800)                            => ! 1:11: invalid timestamp argument
duration('2562047h') + duration('100h')            => ! integer overflow
timestamp('9999-12-31T23:59:59Z') + duration('1h') => ! timestamp overflow
size(d)                                            => 6
size(d.a)                                          => ! no such overload: size
size(s)                                            => 5
d.s.contains('t')                                  => true
type(timestamp(0))                                 => google.protobuf.Timestamp
type(duration('1s'))                               => google.protobuf.Duration
type(optional.of(1))                               => optional_type
type(type(1))                                      => type
type(null)                                         => null_type
google.protobuf.Timestamp                          => google.protobuf.Timestamp
size(1)                                            => ! 1:5: found no matching overload for 'size' applied to '(int)'
"""


def test_conversions(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
