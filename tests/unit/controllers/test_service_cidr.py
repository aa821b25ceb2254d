"""Ranges of service addresses come and go."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from steersman.controllers.service_cidr import Keep, Release, Serve, holders, plan

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
JUST_NOW, LONG_AGO = "2026-01-01T11:59:57Z", "2026-01-01T11:00:00Z"


def cidr(name, *networks, deleted=""):
    metadata = {"name": name, **({"deletionTimestamp": deleted} if deleted else {})}
    return {"metadata": metadata, "spec": {"cidrs": list(networks)}}


def ip(name, manager="ipallocator.k8s.io"):
    return {"metadata": {"name": name, "labels": {"ipaddress.kubernetes.io/managed-by": manager}}}


GOING = cidr("a", "10.0.0.0/24", deleted=LONG_AGO)


def decide(*others, ips=(), going=GOING):
    return plan(going, [going, *others], [ip(each) for each in ips], now=NOW)


def test_a_range_that_stays_serves():
    assert decide(going=cidr("a", "10.0.0.0/24"), ips=["10.0.0.1"]) == Serve()


def test_a_range_in_use_is_kept():
    assert decide(ips=["10.0.0.1"]) == Keep()


def test_an_unused_range_goes_when_everybody_knows():
    assert decide(ips=["10.0.1.1"]) == Release(0)
    assert decide(going=cidr("a", "10.0.0.0/24", deleted=JUST_NOW)) == Release(7)


@pytest.mark.parametrize("parent", ["10.0.0.0/24", "10.0.0.0/16"])
def test_a_range_inside_another_goes_though_it_is_used(parent):
    assert decide(cidr("b", parent), ips=["10.0.0.1"]) == Release(0)


def test_each_of_its_networks_needs_to_be_inside_another():
    going = cidr("a", "10.0.0.0/24", "fd00::/112", deleted=LONG_AGO)
    assert decide(cidr("b", "10.0.0.0/16"), ips=["fd00::1"], going=going) == Keep()
    assert decide(cidr("b", "10.0.0.0/16"), ips=["10.0.0.1"], going=going) == Release(0)


def test_a_smaller_range_helps_only_if_it_holds_all_addresses():
    assert decide(cidr("b", "10.0.0.0/25"), ips=["10.0.0.1"]) == Release(0)
    assert decide(cidr("b", "10.0.0.0/25"), ips=["10.0.0.200"]) == Keep()


def test_addresses_that_are_no_services_do_not_count():
    assert plan(GOING, [GOING], [ip("10.0.0.1", manager="somebody")], now=NOW) == Release(0)


def test_network_and_broadcast_addresses_are_in_no_range():
    def held(text):
        return bool(holders(ip_address(text), [cidr("a", "10.0.0.0/24", "fd00::/112")]))

    assert [held("10.0.0.0"), held("10.0.0.255"), held("fd00::"), held("fd00::ffff"), held("10.0.0.9")] == [
        False,
        False,
        False,
        True,
        True,
    ]
