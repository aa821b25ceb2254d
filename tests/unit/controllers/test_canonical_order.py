"""Hashes as Go computes them: the numbers were printed by upstream's own code."""

from __future__ import annotations

import pytest

from steersman.controllers import canonical_order
from steersman.controllers.canonical_order import fnv128a, order_ports, order_slice_ports, order_subsets

WEB = {"name": "web", "port": 8080, "protocol": "TCP", "appProtocol": "http"}
DNS = {"name": "dns", "port": 53, "protocol": "UDP"}
POD = {"kind": "Pod", "namespace": "ns", "name": "p1", "uid": "u1"}


@pytest.mark.parametrize(
    ("dump", "digest"),
    [
        (f"(v1.EndpointPort){canonical_order._port(WEB)}", "919ee81836119e46c6b2822685fefa9a"),
        (f"(v1.EndpointPort){canonical_order._port(DNS)}", "cf684d8c2a0def1ba31f64600b9051ae"),
        (canonical_order._slice_port(WEB), "7827cdc93c4009c7a18443fd0691fe60"),
        (canonical_order._slice_port(DNS), "1caf216365b57b5d2659d4ba9f662580"),
        (canonical_order._slice_port({}), "ad866eb7cd5162a9e20434ebd9deeacd"),
        (
            canonical_order._subset(
                {
                    "addresses": [
                        {"ip": "10.0.0.1", "hostname": "h", "nodeName": "n1", "targetRef": POD},
                        {"ip": "10.0.0.2"},
                    ],
                    "ports": [WEB],
                }
            ),
            "6f0ce4c1072e073eef70bd9d2fa28072",
        ),
        (
            canonical_order._subset({"notReadyAddresses": [{"ip": "10.0.0.1", "nodeName": "n1"}]}),
            "85add36bea830c253a160e45d67b6135",
        ),
    ],
)
def test_the_hash_is_that_of_what_go_prints(dump, digest):
    assert f"{fnv128a(dump.encode()):032x}" == digest


def test_the_same_ports_are_ordered_differently_in_endpoints_and_in_slices():
    assert order_ports([DNS, WEB]) == order_ports([WEB, DNS]) == [WEB, DNS]
    assert order_slice_ports([WEB, DNS]) == [DNS, WEB]


def test_subsets_have_one_order():
    subsets = [{"addresses": [{"ip": f"10.0.0.{number}"}]} for number in range(5)]
    assert order_subsets(subsets) == order_subsets(reversed(subsets))
