"""Blocks of a network."""

from __future__ import annotations

import pytest

from steersman.controllers.cidr_set import CidrError, CidrSet, parse_network


def taken(cidrs, count):
    return [str(cidrs.allocate()) for _ in range(count)]


@pytest.mark.parametrize(
    ("network", "mask_bits", "first", "size"),
    [
        ("10.244.0.0/16", 24, ["10.244.0.0/24", "10.244.1.0/24"], 256),
        ("10.244.7.9/22", 24, ["10.244.4.0/24", "10.244.5.0/24"], 4),
        ("fd00:10:244::/56", 64, ["fd00:10:244::/64", "fd00:10:244:1::/64"], 256),
        ("fd00::/60", 68, ["fd00::/68", "fd00:0:0:0:1000::/68"], 256),
    ],
)
def test_blocks_come_in_their_order(network, mask_bits, first, size):
    cidrs = CidrSet(network, mask_bits=mask_bits)
    assert [parse_network(text) for text in taken(cidrs, 2)] == [parse_network(text) for text in first]
    assert (cidrs.size, len(cidrs)) == (size, 2)


@pytest.mark.parametrize(("network", "mask_bits"), [("10.0.0.0/24", 16), ("10.0.0.0/24", 33), ("fd00::/40", 64)])
def test_some_networks_cannot_be_cut_so(network, mask_bits):
    with pytest.raises(CidrError):
        CidrSet(network, mask_bits=mask_bits)


def test_a_block_that_was_released_is_the_last_to_be_used_again():
    cidrs = CidrSet("10.0.0.0/22", mask_bits=24)
    taken(cidrs, 2)
    cidrs.release(parse_network("10.0.0.0/24"))
    assert taken(cidrs, 3) == ["10.0.2.0/24", "10.0.3.0/24", "10.0.0.0/24"]
    with pytest.raises(CidrError, match="no remaining CIDRs left"):
        cidrs.allocate()


def test_what_is_occupied_is_not_given():
    cidrs = CidrSet("10.0.0.0/22", mask_bits=24)
    cidrs.occupy(parse_network("10.0.1.128/25"))
    cidrs.occupy(parse_network("10.0.1.0/24"))
    assert len(cidrs) == 1
    assert taken(cidrs, 3) == ["10.0.0.0/24", "10.0.2.0/24", "10.0.3.0/24"]


def test_a_larger_network_takes_all_blocks_in_it():
    cidrs = CidrSet("10.0.0.0/22", mask_bits=24)
    cidrs.occupy(parse_network("10.0.2.0/23"))
    assert taken(cidrs, 2) == ["10.0.0.0/24", "10.0.1.0/24"]
    cidrs.release(parse_network("10.0.0.0/8"))
    assert len(cidrs) == 0


@pytest.mark.parametrize("text", ["10.1.0.0/24", "fd00::/64"])
def test_other_networks_are_refused(text):
    with pytest.raises(CidrError, match=r"out the range of cluster cidr 10\.0\.0\.0/22"):
        CidrSet("10.0.0.0/22", mask_bits=24).occupy(parse_network(text))


def test_text_that_is_no_network_is_refused():
    with pytest.raises(CidrError, match="invalid CIDR address: x"):
        parse_network("x")
