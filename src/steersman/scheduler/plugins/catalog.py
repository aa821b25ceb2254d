"""The plugins of the default profile, in upstream's order, with their weights in scores.

Beside them, always: the order of the queue (PrioritySort).
Not there yet: VolumeRestrictions, NodeVolumeLimits, VolumeBinding, VolumeZone, DynamicResources, DefaultPreemption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.cycle import Profile
from steersman.scheduler.plugins.default_binder import DefaultBinder
from steersman.scheduler.plugins.image_locality import ImageLocality
from steersman.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from steersman.scheduler.plugins.node_affinity import NodeAffinity
from steersman.scheduler.plugins.node_declared_features import NodeDeclaredFeatures
from steersman.scheduler.plugins.node_name import NodeName
from steersman.scheduler.plugins.node_ports import NodePorts
from steersman.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.node_unschedulable import NodeUnschedulable
from steersman.scheduler.plugins.pod_topology_spread import PodTopologySpread
from steersman.scheduler.plugins.scheduling_gates import SchedulingGates
from steersman.scheduler.plugins.taint_toleration import TaintToleration

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.scheduler.pod_info import PodInfo

WEIGHTS = {"TaintToleration": 3, "NodeAffinity": 2, "PodTopologySpread": 2, "InterPodAffinity": 2}
"""Where it is not 1."""


def default_profile(
    *, client: Client, selecting: Callable[[PodInfo], Selector], namespace_labels: Callable[[str], Object]
) -> Profile:
    """As kube-scheduler without a configuration file. `selecting`, `namespace_labels`: see PodTopologySpread,
    InterPodAffinity.
    """
    plugins = (
        SchedulingGates(),
        NodeName(),
        NodeUnschedulable(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        PodTopologySpread(selecting=selecting),
        InterPodAffinity(namespace_labels=namespace_labels),
        NodeResourcesBalancedAllocation(),
        ImageLocality(),
        DefaultBinder(client=client),
        NodeDeclaredFeatures(),
    )
    return Profile(plugins, WEIGHTS)
