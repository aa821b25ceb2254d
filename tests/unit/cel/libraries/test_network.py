"""IP addresses and networks."""

from __future__ import annotations

ADDRESSES = """
ip('1.2.3.4').family()                  => 4
ip('::1').family()                      => 6
ip('x')                                 => ! IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP
ip('')                                  => ! IP Address "" parse error during conversion from string: ParseAddr(""): unable to parse IP
ip('1.2.3')                             => ! IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short
ip('1.2.3.4.5')                         => ! IP Address "1.2.3.4.5" parse error during conversion from string: ParseAddr("1.2.3.4.5"): IPv4 address too long
ip('1.2.3.400')                         => ! IP Address "1.2.3.400" parse error during conversion from string: ParseAddr("1.2.3.400"): IPv4 field has value >255
ip('1.2.3.04')                          => ! IP Address "1.2.3.04" parse error during conversion from string: ParseAddr("1.2.3.04"): IPv4 field has octet with leading zero
ip('1.2..4')                            => ! IP Address "1.2..4" parse error during conversion from string: ParseAddr("1.2..4"): IPv4 field must have at least one digit (at ".4")
ip('1.2.3.4x')                          => ! IP Address "1.2.3.4x" parse error during conversion from string: ParseAddr("1.2.3.4x"): unexpected character (at "x")
ip('::ffff:1.2.3.4')                    => ! IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed
ip('fe80::1%eth0')                      => ! IP address "fe80::1%eth0" with zone value is not allowed
ip(':::')                               => ! IP Address ":::" parse error during conversion from string: ParseAddr(":::"): each colon-separated field must have at least one digit (at ":")
ip('1::2::3')                           => ! IP Address "1::2::3" parse error during conversion from string: ParseAddr("1::2::3"): multiple :: in address (at ":3")
ip('12345::')                           => ! IP Address "12345::" parse error during conversion from string: ParseAddr("12345::"): each group must have 4 or less digits (at "12345::")
ip('g::')                               => ! IP Address "g::" parse error during conversion from string: ParseAddr("g::"): each colon-separated field must have at least one digit (at "g::")
ip('1:2:3:4:5:6:7')                     => ! IP Address "1:2:3:4:5:6:7" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7"): address string too short
ip('%x')                                => ! IP Address "%x" parse error during conversion from string: ParseAddr("%x"): missing IPv6 address
ip.isCanonical('::1')                   => true
ip.isCanonical('0:0::1')                => false
ip.isCanonical('127.0.0.1')             => true
ip('127.0.0.1').isLoopback()            => true
ip('0.0.0.0').isUnspecified()           => true
ip('224.0.0.1').isLinkLocalMulticast()  => true
ip('ff02::1').isLinkLocalMulticast()    => true
ip('169.254.1.1').isLinkLocalUnicast()  => true
ip('fe80::1').isLinkLocalUnicast()      => true
ip('192.168.0.1').isGlobalUnicast()     => true
ip('255.255.255.255').isGlobalUnicast() => false
ip('224.0.0.1').isGlobalUnicast()       => false
isIP('1.2.3.4')                         => true
isIP('1.2.3')                           => false
string(ip('0:0::1'))                    => "::1"
ip('1.2.3.4') == ip('1.2.3.4')          => true
type(ip('1.2.3.4')) == net.IP           => true
d.s == string(ip('1.1.1.1'))            => false
ip(d.s)                                 => ! IP Address "str" parse error during conversion from string: ParseAddr("str"): unable to parse IP
"""

NETWORKS = """
cidr('10.0.0.0/8').containsIP('10.1.2.3')            => true
cidr('10.0.0.0/8').containsIP(ip('11.1.2.3'))        => false
cidr('10.0.0.0/8').containsIP('x')                   => ! no such overload
cidr('10.0.0.0/8').containsIP('::1')                 => false
cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')       => true
cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16')) => true
cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')       => false
cidr('10.0.0.0/8').containsCIDR('x')                 => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x"): no '/'
cidr('10.1.2.3/8').masked()                          => 10.0.0.0/8
cidr('10.1.2.3/8').ip()                              => 10.1.2.3
cidr('10.1.2.3/8').prefixLength()                    => 8
string(cidr('10.1.2.3/8'))                           => "10.1.2.3/8"
isCIDR('10.0.0.0/8')                                 => true
isCIDR('10.0.0.0')                                   => false
cidr('10.0.0.0')                                     => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0"): no '/'
cidr('10.0.0.0/33')                                  => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/33"): prefix length out of range
cidr('10.0.0.0/x')                                   => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/x"): bad bits after slash: "x"
cidr('10.0.0.0/08')                                  => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"
cidr('10.0.0.0/')                                    => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/"): bad bits after slash: ""
cidr('x/8')                                          => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x/8"): ParseAddr("x"): unable to parse IP
cidr('::ffff:1.2.3.4/96')                            => ! network address parse error during conversion from string: IPv4-mapped IPv6 address "::ffff:1.2.3.4/96" is not allowed
cidr('fe80::1%eth0/64')                              => ! network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("fe80::1%eth0/64"): IPv6 zones cannot be present in a prefix
cidr('::/0').containsIP('::1')                       => true
type(cidr('::/0')) == net.CIDR                       => true
cidr('::/0') == cidr('::/0')                         => true
"""


def test_addresses(said, expression: str, answer: str) -> None:
    assert said(expression) == answer


def test_networks(said, expression: str, answer: str) -> None:
    assert said(expression) == answer
