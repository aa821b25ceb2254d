"""The canonical form of Endpoints."""

from __future__ import annotations

from steersman.controllers.subsets import count_addresses, repack_subsets, truncate_subsets

HTTP, DNS = {"port": 80, "protocol": "TCP"}, {"name": "d", "port": 53, "protocol": "UDP"}


def at(*numbers):
    return [{"ip": f"10.0.{number // 256}.{number % 256}"} for number in numbers]


def test_addresses_with_the_same_ports_come_together():
    packed = repack_subsets([{"addresses": at(2), "ports": [HTTP]}, {"addresses": at(1), "ports": [HTTP]}])
    assert packed == [{"addresses": at(1, 2), "ports": [HTTP]}]


def test_ports_with_the_same_addresses_come_together():
    packed = repack_subsets([{"addresses": at(1), "ports": [HTTP]}, {"addresses": at(1), "ports": [DNS]}])
    assert packed == [{"addresses": at(1), "ports": packed[0]["ports"]}]
    assert sorted(port["port"] for port in packed[0]["ports"]) == [53, 80]


def test_an_address_is_ready_only_if_it_is_everywhere_at_a_port():
    both = [{"addresses": at(1), "ports": [HTTP]}, {"notReadyAddresses": at(1), "ports": [HTTP]}]
    assert repack_subsets(both) == repack_subsets(both[::-1]) == [{"notReadyAddresses": at(1), "ports": [HTTP]}]


def test_addresses_of_several_pods_are_several():
    pods = [{"ip": "10.0.0.1", "targetRef": {"uid": uid}} for uid in "ab"]
    assert repack_subsets([{"addresses": pods[::-1], "ports": [HTTP]}]) == [{"addresses": pods, "ports": [HTTP]}]


def test_addresses_without_ports_stay():
    assert repack_subsets([{"addresses": at(1)}]) == [{"addresses": at(1)}]
    assert repack_subsets([]) == []


def test_packing_again_changes_nothing():
    packed = repack_subsets(
        [
            {"addresses": at(1, 2), "notReadyAddresses": at(3), "ports": [HTTP, DNS]},
            {"addresses": at(4, 1), "ports": [DNS]},
            {"addresses": at(9)},
        ]
    )
    assert repack_subsets(packed) == packed


def test_a_thousand_addresses_are_kept_the_ready_ones_first():
    full = [{"addresses": at(*range(1000))}]
    assert truncate_subsets(full) == (full, False)
    kept, truncated = truncate_subsets([{"addresses": at(*range(900)), "notReadyAddresses": at(*range(900, 1100))}])
    assert (truncated, count_addresses(kept)) == (True, (900, 100))
    kept, _ = truncate_subsets([{"addresses": at(*range(1100)), "notReadyAddresses": at(1200)}])
    assert count_addresses(kept) == (1000, 0)


def test_each_subset_keeps_its_share():
    kept, _ = truncate_subsets([{"addresses": at(*range(1500)), "ports": [HTTP]}, {"addresses": at(*range(500))}])
    assert [len(subset["addresses"]) for subset in kept] == [750, 250]
    assert kept[0]["ports"] == [HTTP]
