"""What options of controllers mean together."""

from __future__ import annotations

import pytest

from steersman.cluster.controller_options import ControllerOptions
from steersman.controllers.catalog import CONTROLLERS


def test_what_needs_a_choice_does_not_run_without_it() -> None:
    assert "node_ipam" not in ControllerOptions(allocate_node_cidrs=False).names
    assert set(CONTROLLERS) - set(ControllerOptions().names) <= {"selinux_warning", "service_lb"}


@pytest.mark.parametrize(
    ("networks", "sizes", "expected"),
    [
        (("10.0.0.0/16",), {}, (24,)),
        (("10.0.0.0/28",), {}, (28,)),
        (("10.0.0.0/16",), {"node_cidr_mask_size": 20}, (20,)),
        (("10.0.0.0/16",), {"node_cidr_mask_size_ipv4": 20}, (20,)),
        (("fd00::/56", "10.0.0.0/16"), {}, (64, 24)),
        (("fd00::/56", "10.0.0.0/16"), {"node_cidr_mask_size_ipv6": 60}, (60, 24)),
    ],
)
def test_masks_of_nodes_follow_the_version_of_the_network(
    networks: tuple[str, ...], sizes: dict[str, int], expected: tuple[int, ...]
) -> None:
    assert ControllerOptions(cluster_cidr=networks, **sizes).pod_mask_bits() == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("networks", "sizes", "message"),
    [
        (("fd00::/56", "10.0.0.0/16"), {"node_cidr_mask_size": 24}, "is for one network"),
        (("10.0.0.0/16",), {"node_cidr_mask_size": 24, "node_cidr_mask_size_ipv4": 24}, "is for one network"),
        (("10.0.0.0/16",), {"node_cidr_mask_size_ipv6": 64}, "no network of IPv6"),
        (("fd00::/56",), {"node_cidr_mask_size_ipv4": 24}, "no network of IPv4"),
        (("10.0.0.0/16",), {"node_cidr_mask_size": 8}, "choose between 16 and 32"),
    ],
)
def test_masks_that_cannot_be_are_refused(networks: tuple[str, ...], sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ControllerOptions(cluster_cidr=networks, **sizes).check()  # type: ignore[arg-type]
