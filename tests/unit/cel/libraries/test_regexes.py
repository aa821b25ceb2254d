"""Finding what a pattern matches."""

from __future__ import annotations

FINDING = """
s.find('l+')                        => "ll"
s.find('z')                         => ""
s.findAll('l')                      => ["l", "l"]
s.findAll('l',1)                    => ["l"]
s.findAll('l',0)                    => []
s.findAll('l',-1)                   => ["l", "l"]
s.findAll('z*')                     => ["", "", "", "", "", ""]
s.find('[')                         => ! error parsing regexp: missing closing ]: `[`
s.find(s+'[')                       => ! Illegal regex: error parsing regexp: missing closing ]: `[`
s.findAll(s+'[')                    => ! Illegal regex: error parsing regexp: missing closing ]: `[`
'abc 123 def 456'.findAll('[0-9]*') => ["", "", "", "", "123", "", "", "", "", "456"]
'a1b2'.find('([a-z])([0-9])')       => "a1"
'aaa'.findAll('(a)')                => ["a", "a", "a"]
d.s.find('t')                       => "t"
d.a.find('t')                       => ! no such overload
"""


def test_finding(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
