"""What a user can choose about the controllers, in one value, under the names of kube-controller-manager's options.

Whatever runs controllers has it: a server, or a process of their own. Periods and times are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.catalog import chosen
from steersman.controllers.cidr_set import MASK_BITS, parse_network

if TYPE_CHECKING:
    from steersman.controllers.cidr_set import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerOptions:
    """The defaults are upstream's, but for the networks of pods: upstream gives nodes none until it is told to."""

    controllers: tuple[str, ...] = ("*",)
    """See `controllers.catalog.chosen`."""
    node_monitor_period: float = 5.0
    node_monitor_grace_period: float = 50.0
    node_startup_grace_period: float = 60.0
    node_eviction_rate: float = 0.1
    secondary_node_eviction_rate: float = 0.01
    unhealthy_zone_threshold: float = 0.55
    large_cluster_size_threshold: int = 50
    allocate_node_cidrs: bool = True
    cluster_cidr: tuple[str, ...] = ("10.244.0.0/16",)
    """One, or one of each version of IP."""
    node_cidr_mask_size: int | None = None
    """With one network only, and without the next two."""
    node_cidr_mask_size_ipv4: int | None = None
    node_cidr_mask_size_ipv6: int | None = None
    horizontal_pod_autoscaler_sync_period: float = 15.0
    horizontal_pod_autoscaler_tolerance: float = 0.1
    horizontal_pod_autoscaler_downscale_stabilization: float = 300.0
    horizontal_pod_autoscaler_cpu_initialization_period: float = 300.0
    horizontal_pod_autoscaler_initial_readiness_delay: float = 30.0
    terminated_pod_gc_threshold: int = 12500
    cluster_signing_duration: float = 365 * 86400.0
    legacy_service_account_token_clean_up_period: float = 365 * 86400.0
    resource_quota_sync_period: float = 300.0
    max_endpoints_per_slice: int = 100
    attach_detach_reconcile_sync_period: float = 60.0
    disable_attach_detach_reconcile_sync: bool = False
    disable_force_detach_on_timeout: bool = False
    load_balancer_cidr: tuple[str, ...] = ()
    """Addresses for Services of type LoadBalancer: one range, or one of each version of IP. No option of upstream's."""

    @property
    def names(self) -> list[str]:
        """The controllers that run. Raises ValueError for what names none."""
        left_out = [] if self.allocate_node_cidrs else ["node_ipam"]
        left_out += [] if self.load_balancer_cidr else ["service_lb"]
        return [name for name in chosen(self.controllers) if name not in left_out]

    def check(self) -> None:
        """Raises ValueError that says which options are wrong, or do not go together, and what would be right."""
        self.names  # noqa: B018 - raises
        for option in ("cluster_cidr", "load_balancer_cidr"):
            texts = getattr(self, option)
            try:
                versions = [parse_network(text).version for text in texts]
            except ValueError as error:
                raise ValueError(f"--{option.replace('_', '-')}: {error}; use a range such as 10.244.0.0/16") from None
            if len(versions) > len(set(versions)):
                raise ValueError(
                    f"--{option.replace('_', '-')}: {', '.join(texts)}: give one range, or one of IPv4 and one of IPv6"
                )
        self.pod_mask_bits()

    def pod_mask_bits(self) -> tuple[int, ...]:
        """Of a node's block, for each of `cluster_cidr`. Raises ValueError."""
        networks = [parse_network(text) for text in self.cluster_cidr]
        by_version = {4: self.node_cidr_mask_size_ipv4, 6: self.node_cidr_mask_size_ipv6}
        if self.node_cidr_mask_size is not None:
            if len(networks) > 1 or any(by_version.values()):
                raise ValueError(
                    "--node-cidr-mask-size: is for one network, of either version of IP; "
                    "use --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 alone"
                )
            by_version = dict.fromkeys((4, 6), self.node_cidr_mask_size)
        versions = {network.version for network in networks}
        for version, given in by_version.items():
            if given is not None and self.node_cidr_mask_size is None and version not in versions:
                raise ValueError(f"--node-cidr-mask-size-ipv{version}: --cluster-cidr has no network of IPv{version}")
        return tuple(_mask_bits(network, by_version[network.version]) for network in networks)


def _mask_bits(network: Network, given: int | None) -> int:
    bits = given if given is not None else max(MASK_BITS[network.version], network.prefixlen)
    if not network.prefixlen <= bits <= network.max_prefixlen:
        raise ValueError(
            f"--node-cidr-mask-size: /{bits} is no part of {network}; "
            f"choose between {network.prefixlen} and {network.max_prefixlen}"
        )
    return bits
