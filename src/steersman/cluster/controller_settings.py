"""What the controllers are given of a user's choices: the options, sorted by who they are for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.controllers.endpointslice.controller import SliceSizes
from steersman.controllers.horizontal_pod_autoscaler.controller import Settings as Autoscaling
from steersman.controllers.horizontal_pod_autoscaler.usage import WarmUp
from steersman.controllers.legacy_serviceaccount_token_cleaner import Keeping
from steersman.controllers.node_ipam import PodNetworks
from steersman.controllers.node_lifecycle.controller import Patience
from steersman.controllers.node_lifecycle.zones import Rates
from steersman.controllers.persistentvolume_attach_detach.controller import Detaching
from steersman.controllers.pod_garbage_collector import Limits
from steersman.controllers.resourcequota import Measuring
from steersman.controllers.service_lb.address_pool import AddressPool
from steersman.controllers.service_lb.controller import Balancing

if TYPE_CHECKING:
    from steersman.cluster.controller_options import ControllerOptions


def settings_from(options: ControllerOptions, *, service_cidrs: tuple[str, ...]) -> dict[str, object]:
    """By controller, also of those that do not run. `service_cidrs`: networks that no pod may be in."""
    return {
        "endpointslice": SliceSizes(endpoints_max=options.max_endpoints_per_slice),
        "horizontal_pod_autoscaler": _autoscaling(options),
        "legacy_serviceaccount_token_cleaner": Keeping(
            unused=timedelta(seconds=options.legacy_service_account_token_clean_up_period)
        ),
        "node_ipam": PodNetworks(
            cluster_cidrs=options.cluster_cidr, service_cidrs=service_cidrs, mask_bits=options.pod_mask_bits()
        ),
        "node_lifecycle": _patience(options),
        "persistentvolume_attach_detach": _detaching(options),
        "pod_garbage_collector": Limits(terminated_max=options.terminated_pod_gc_threshold),
        "resourcequota": Measuring(resync_s=options.resource_quota_sync_period),
        "service_lb": Balancing(AddressPool(options.load_balancer_cidr) if options.load_balancer_cidr else None),
    }


def _autoscaling(options: ControllerOptions) -> Autoscaling:
    return Autoscaling(
        sync_s=options.horizontal_pod_autoscaler_sync_period,
        tolerance=options.horizontal_pod_autoscaler_tolerance,
        shrink_window_s=options.horizontal_pod_autoscaler_downscale_stabilization,
        warm_up=WarmUp(
            cpu=timedelta(seconds=options.horizontal_pod_autoscaler_cpu_initialization_period),
            readiness=timedelta(seconds=options.horizontal_pod_autoscaler_initial_readiness_delay),
        ),
    )


def _patience(options: ControllerOptions) -> Patience:
    return Patience(
        monitor_s=options.node_monitor_period,
        grace_s=options.node_monitor_grace_period,
        startup_s=options.node_startup_grace_period,
        rates=Rates(
            usual=options.node_eviction_rate,
            reduced=options.secondary_node_eviction_rate,
            large_above=options.large_cluster_size_threshold,
            disrupted_from=options.unhealthy_zone_threshold,
        ),
    )


def _detaching(options: ControllerOptions) -> Detaching:
    compares = not options.disable_attach_detach_reconcile_sync
    return Detaching(
        force_after_s=None if options.disable_force_detach_on_timeout else Detaching().force_after_s,
        sync_s=options.attach_detach_reconcile_sync_period if compares else None,
    )
