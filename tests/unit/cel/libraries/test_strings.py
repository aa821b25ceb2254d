"""Parts and positions of strings; what they are joined, replaced and split into."""

from __future__ import annotations

POSITIONS = """
s.charAt(1)              => "e"
s.charAt(5)              => ""
s.charAt(6)              => ! index out of range: 6
s.charAt(-1)             => ! index out of range: -1
'héllo'.charAt(1)        => "é"
s.indexOf('l')           => 2
s.indexOf('z')           => -1
s.indexOf('')            => 0
s.indexOf('l', 3)        => 3
s.indexOf('l', -1)       => ! index out of range: -1
s.indexOf('l', 9)        => -1
s.indexOf('', 9)         => 5
s.lastIndexOf('l')       => 3
s.lastIndexOf('l', 2)    => 2
s.lastIndexOf('l', 9)    => -1
s.lastIndexOf('')        => 5
s.lastIndexOf('', 2)     => 2
s.lastIndexOf('l', -1)   => ! index out of range: -1
s.lastIndexOf('hellooo') => -1
'ab'.lastIndexOf('é')    => -1
s.substring(1)           => "ello"
s.substring(1,3)         => "el"
s.substring(9)           => ! index out of range: 9
s.substring(3,1)         => ! invalid substring range. start: 3, end: 1
s.substring(0,9)         => ! index out of range: 9
s.substring(-1,2)        => ! index out of range: -1
"""

CHANGES = r"""
s.lowerAscii()           => "hello"
'ÀB'.lowerAscii()        => "Àb"
s.upperAscii()           => "HELLO"
s.replace('l','L')       => "heLLo"
s.replace('l','L',1)     => "heLlo"
s.replace('l','L',-1)    => "heLLo"
s.replace('l','L',0)     => "hello"
s.replace('','-')        => "-h-e-l-l-o-"
s.replace('','-',2)      => "-h-ello"
s.split('l')             => ["he", "", "o"]
s.split('')              => ["h", "e", "l", "l", "o"]
s.split('l',2)           => ["he", "lo"]
s.split('l',1)           => ["hello"]
s.split('l',0)           => []
s.split('l',-1)          => ["he", "", "o"]
s.split('',2)            => ["h", "ello"]
''.split('')             => []
''.split(',')            => [""]
ls.join()                => "ab"
ls.join(',')             => "a,b"
[].join(',')             => ""
dyn([1]).join(',')       => ! no such overload: join(list, string)
d.l.join(',')            => ! no such overload: join(list, string)
strings.quote('a"b\n\\') => "\"a\\\"b\\n\\\\\""
strings.quote('é')       => "\"é\""
d.s.lowerAscii()         => "str"
d.a.lowerAscii()         => ! no such overload: lowerAscii(int)
d.a.trim()               => ! no such overload: trim(int)
d.s.replace('t','T')     => "sTr"
d.s.split('t')           => ["s", "r"]
"""


def test_positions(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_changes(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
