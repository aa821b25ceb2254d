"""IP addresses as text: what is read, and what is refused in which words."""

from __future__ import annotations

import pytest

from steersman.cel.addresses import AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::", "::"),
        ("::1", "::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ],
)
def test_what_is_read(text: str, read: str) -> None:
    assert str(parse_address(text)[0]) == read


def test_a_zone_is_kept_apart() -> None:
    assert parse_address("fe80::1%eth0")[1] == "eth0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", 'ParseAddr("x"): unable to parse IP'),
        ("1.2.3", 'ParseAddr("1.2.3"): IPv4 address too short'),
        ("1.2.3.04", 'ParseAddr("1.2.3.04"): IPv4 field has octet with leading zero'),
        ("1.2.3.", 'ParseAddr("1.2.3."): IPv4 field must have at least one digit (at ".")'),
        ("1::2::3", 'ParseAddr("1::2::3"): multiple :: in address (at ":3")'),
        ("1:2:3:4:5:6:7:8:9", 'ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9")'),
        ("1:2:3:4:5:6:7:8::", 'ParseAddr("1:2:3:4:5:6:7:8::"): the :: must expand to at least one field of zeros'),
        ("1:", 'ParseAddr("1:"): colon must be followed by more characters (at ":")'),
        ("fe80::1%", 'ParseAddr("fe80::1%"): zone must be a non-empty string'),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(AddressError) as failure:
        parse_address(text)
    assert str(failure.value) == message
