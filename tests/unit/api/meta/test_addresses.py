from __future__ import annotations

import pytest

from steersman.api.meta import addresses


@pytest.mark.parametrize("text", ["10.0.0.1", "fe80::1", "FE80:0:0:0:0:0:0:0abc"])
def test_legacy_fields_take_any_strict_spelling(text) -> None:
    assert addresses.valid_ip_legacy("ip", text) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("x", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("1.2.3", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("fe80::1%eth0", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("010.0.0.1", "must not have leading 0s"),
        ("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address"),
    ],
)
def test_ambiguous_addresses_are_refused(text, detail) -> None:
    assert [e.detail for e in addresses.valid_ip_legacy("ip", text)] == [detail]


def test_what_is_stored_already_stays_allowed() -> None:
    assert addresses.valid_ip_legacy("ip", "010.0.0.1", old=["010.0.0.1"]) == []
    assert addresses.valid_cidr_legacy("cidr", "10.0.0.1/8", old=["10.0.0.1/8"]) == []


def test_newer_fields_want_the_canonical_form() -> None:
    assert addresses.valid_ip("ip", "FE80::0abc")[0].detail == 'must be in canonical form ("fe80::abc")'
    assert addresses.valid_cidr("cidr", "fe80:0::/64")[0].detail == 'must be in canonical form ("fe80::/64")'
    assert addresses.valid_interface_address("a", "10.0.0.1/8") == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("10.0.0.0", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("10.0.0.0/33", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
        ("::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"),
    ],
)
def test_ambiguous_cidrs_are_refused(text, detail) -> None:
    assert [e.detail for e in addresses.valid_cidr_legacy("cidr", text)] == [detail]


def test_unusual_forms_are_warned_of() -> None:
    assert addresses.ip_warnings("ip", "010.0.0.1") == [
        'ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'
    ]
    assert "RFC 5952" in addresses.ip_warnings("ip", "FE80::1")[0]
    assert addresses.cidr_warnings("c", "10.0.0.1/8") == [
        'c: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'
    ]
