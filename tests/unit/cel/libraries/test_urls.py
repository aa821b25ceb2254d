"""URLs and their parts."""

from __future__ import annotations

URLS = """
url('http://a.b/c?d=e').getHost()                             => "a.b"
url('x')                                                      => ! URL parse error during conversion from string: parse "x": invalid URI for request
url('')                                                       => ! URL parse error during conversion from string: parse "": empty url
url('/path?x=1&x=2&y').getQuery()                             => {"x": ["1", "2"], "y": [""]}
url('/path').getHost()                                        => ""
url('/path').getScheme()                                      => ""
url('http://user:pw@host:80/p%20q?a=b#frag').getHost()        => "host:80"
url('http://user:pw@host:80/p%20q?a=b#frag').getHostname()    => "host"
url('http://user:pw@host:80/p%20q?a=b#frag').getPort()        => "80"
url('http://user:pw@host:80/p%20q?a=b#frag').getEscapedPath() => "/p%20q"
url('http://user:pw@host:80/p%20q?a=b#frag').getQuery()       => {"a": ["b"]}
url('http://[::1]:80/x').getHostname()                        => "::1"
url('http://[::1]/x').getHost()                               => "[::1]"
url('http://[::1/x').getHost()                                => ! URL parse error during conversion from string: parse "http://[::1/x": missing ']' in host
url('http://a:b/x').getHost()                                 => ! URL parse error during conversion from string: parse "http://a:b/x": invalid port ":b" after host
url('http://a b/x').getHost()                                 => ! URL parse error during conversion from string: parse "http://a b/x": invalid character " " in host name
url('http://a/b c').getEscapedPath()                          => "/b%20c"
url('http://a/%zz').getHost()                                 => ! URL parse error during conversion from string: parse "http://a/%zz": invalid URL escape "%zz"
url('HTTP://A/b').getScheme()                                 => "http"
url('mailto:joe@x').getScheme()                               => "mailto"
url('http:opaque').getHost()                                  => ""
url('://a')                                                   => ! URL parse error during conversion from string: parse "://a": missing protocol scheme
url('1http://a')                                              => ! URL parse error during conversion from string: parse "1http://a": invalid URI for request
url('http://').getHost()                                      => ""
url('http://a').getEscapedPath()                              => ""
url('http://a/b?c=%zz').getQuery()                            => {}
url('http://a/b?c=d+e&f').getQuery()                          => {"c": ["d e"], "f": [""]}
url('http://a/b?c=d;e').getQuery()                            => {}
url('http://a/%41').getEscapedPath()                          => "/%41"
url('http://a:99999/').getPort()                              => "99999"
url('http://a:/').getPort()                                   => ""
url('*').getHost()                                            => ""
isURL('http://a')                                             => true
isURL('a/b')                                                  => false
isURL('../a')                                                 => false
isURL('//a/b')                                                => true
url('//a/b').getHost()                                        => "a"
url('a:b').getScheme()                                        => "a"
url('http://a') == url('http://a')                            => true
url('http://a%20b/').getHost()                                => ! URL parse error during conversion from string: parse "http://a%20b/": invalid URL escape "%20"
url('http://a/b"c').getEscapedPath()                          => "/b%22c"
url("http://a/b'c").getEscapedPath()                          => "/b'c"
url('http://a/[x]').getEscapedPath()                          => "/[x]"
url('http://a/%2f/b').getEscapedPath()                        => "/%2f/b"
url('http://a?x').getEscapedPath()                            => ""
url('http://a?x').getQuery()                                  => {"x": [""]}
url('https://kubernetes.io:443/docs/?q=a%20b&q=c').getQuery() => {"q": ["a b", "c"]}
url('http://a/b?x=1#y').getQuery()                            => {"x": ["1"]}
"""


def test_urls(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
