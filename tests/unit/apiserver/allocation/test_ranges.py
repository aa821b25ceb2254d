from __future__ import annotations

import ipaddress
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.allocation.ranges import AddressRange


@pytest.mark.parametrize(
    ("cidr", "size", "static", "first", "last"),
    [
        ("10.96.0.0/16", 65534, 256, "10.96.0.1", "10.96.255.254"),
        ("10.0.0.0/24", 254, 16, "10.0.0.1", "10.0.0.254"),
        ("10.0.0.0/28", 14, 0, "10.0.0.1", "10.0.0.14"),
        ("10.0.0.0/30", 2, 0, "10.0.0.1", "10.0.0.2"),
        ("10.0.0.0/31", 0, 0, "", ""),
        ("10.0.0.0/32", 0, 0, "", ""),
        ("fd00::/120", 255, 16, "fd00::1", "fd00::ff"),
        ("fd00::/64", 2**64 - 1, 256, "fd00::1", "fd00::ffff:ffff:ffff:ffff"),
    ],
)
def test_sizes(cidr: str, size: int, static: int, first: str, last: str) -> None:
    place = AddressRange.of(cidr)
    assert (place.size, place.static_size) == (size, static)
    for text in filter(None, (first, last)):
        assert ipaddress.ip_address(text) in place
    network = ipaddress.ip_network(cidr)
    assert network.network_address not in place
    assert (network.broadcast_address in place) is (network.version == 6)


def test_other_families_are_outside() -> None:
    assert ipaddress.ip_address("fd00::1") not in AddressRange.of("10.0.0.0/8")


@given(bits=st.integers(24, 32), seed=st.integers())
def test_every_address_is_tried_once_and_the_static_ones_last(bits: int, seed: int) -> None:
    place = AddressRange.of(f"10.0.0.0/{bits}")
    tried = list(place.candidates(random.Random(seed)))
    assert len(tried) == place.size == len(set(tried))
    first = int(ipaddress.ip_address("10.0.0.1"))
    offsets = [int(ipaddress.ip_address(text)) - first for text in tried]
    dynamic = place.size - place.static_size if place.size > place.static_size else 0
    assert all(offset >= place.static_size for offset in offsets[:dynamic])
    assert all(offset < place.static_size for offset in offsets[dynamic:])
