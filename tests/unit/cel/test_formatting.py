"""Text from a format and values."""

from __future__ import annotations

FORMATS = r"""
'%s %s %s'.format([1, 1.5, true])             => "1 1.5 true"
'%s'.format([null])                           => "null"
'%s'.format([[1,'a',2.5,null,true]])          => "[1, \"a\", 2.500000, null, true]"
'%s'.format([{'b':1,'a':'x'}])                => "{\"a\":\"x\", \"b\":1}"
'%s'.format([duration('1h')])                 => "3600s"
'%s'.format([[duration('1h'), timestamp(0)]]) => "[duration(\"3600s\"), timestamp(\"1970-01-01T00:00:00Z\")]"
'%s'.format([b'abc'])                         => "abc"
'%s'.format([[b'abc', 'q"uo\n']])             => "[b\"abc\", \"q\\\"uo\\n\"]"
'%s'.format([int])                            => "int"
'%d'.format([12345])                          => "12345"
'%d'.format([5u])                             => "5"
'%d'.format(['a'])                            => ! 1:14: error during formatting: decimal clause can only be used on integers, was given string
'%d'.format([1.5])                            => ! 1:14: error during formatting: decimal clause can only be used on integers, was given double
'%f'.format([1234567.891])                    => "1,234,567.891000"
'%.2f'.format([1234567.891])                  => "1,234,567.89"
'%.0f'.format([0.5])                          => "0"
'%f'.format([1])                              => ! 1:14: error during formatting: fixed-point clause can only be used on doubles, was given int
'%f'.format([double('NaN')])                  => "NaN"
'%f'.format([double('inf')])                  => "∞"
'%.2e'.format([1234567.891])                  => "1.234568×10⁰⁶"
'%e'.format([0.0])                            => "0.000000×10⁰⁰"
'%e'.format([1.0e-10])                        => "1.000000×10⁻¹⁰"
'%b'.format([5])                              => "101"
'%b'.format([true])                           => "1"
'%b'.format([-5])                             => "-101"
'%b'.format(['x'])                            => ! 1:14: error during formatting: only integers and bools can be formatted as binary, was given string
'%x'.format([255])                            => "ff"
'%X'.format(['hello'])                        => "68656C6C6F"
'%x'.format([b'hi'])                          => "6869"
'%x'.format([-255])                           => "-ff"
'%x'.format([1.5])                            => ! 1:14: error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double
'%o'.format([8])                              => "10"
'%o'.format(['a'])                            => ! 1:14: error during formatting: octal clause can only be used on integers, was given string
'%%'.format([])                               => "%"
'%'.format([1])                               => ! 1:11: unexpected end of string
'%s'.format([])                               => ! 1:12: index 0 out of range
'%s'.format([1,2])                            => ! 1:12: too many arguments supplied to string.format (expected 1, got 2)
'%z'.format([1])                              => ! 1:12: could not parse formatting clause: unrecognized formatting clause "z"
'%.f'.format([1.5])                           => ! 1:13: could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax
'%.2'.format([1.5])                           => ! 1:13: could not parse formatting clause: error while parsing precision: could not find end of precision specifier
'%.2s'.format(['abc'])                        => "abc"
'%s'.format([optional.of(1)])                 => ! 1:25: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given optional_type
'%s'.format([quantity('1')])                  => ! 1:22: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given kubernetes.Quantity
s.format([1])                                 => "hello"
'%s'.format([d])                              => "{\"a\":1, \"b\":{\"c\":\"x\", \"n\":null}, \"f\":1.500000, \"l\":[1, 2, 3], \"s\":\"str\", \"t\":true}"
'%d'.format([d.a])                            => "1"
'%d'.format([d.s])                            => ! error during formatting: decimal clause can only be used on integers, was given string
'%f'.format([d.a])                            => ! error during formatting: fixed-point clause can only be used on doubles, was given int
'%b'.format([d.s])                            => ! error during formatting: only integers and bools can be formatted as binary, was given string
'%x'.format([d.f])                            => ! error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double
'%o'.format([d.s])                            => ! error during formatting: octal clause can only be used on integers, was given string
'%s %d'.format([s])                           => ! 1:15: index 1 out of range
'%s'.format(d.l)                              => "1"
'%f'.format(['NaN'])                          => "NaN"
'%e'.format(['Infinity'])                     => "     ∞"
'%f'.format([0.1])                            => "0.100000"
'%.3f'.format([-1234.5])                      => "-1,234.500"
'%s'.format([1e100])                          => "1e+100"
'%s'.format([-0.0])                           => "-0"
"""


def test_formats(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
