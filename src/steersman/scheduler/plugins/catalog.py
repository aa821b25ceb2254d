"""The plugins of the default profile, in upstream's order, with their weights in scores.

Not there yet: SchedulingGates, PrioritySort, VolumeRestrictions, NodeVolumeLimits, VolumeBinding, VolumeZone,
PodTopologySpread, InterPodAffinity, DynamicResources, DefaultPreemption, DefaultBinder, NodeDeclaredFeatures.
"""

from __future__ import annotations

from steersman.scheduler.cycle import Profile
from steersman.scheduler.plugins.image_locality import ImageLocality
from steersman.scheduler.plugins.node_affinity import NodeAffinity
from steersman.scheduler.plugins.node_name import NodeName
from steersman.scheduler.plugins.node_ports import NodePorts
from steersman.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.node_unschedulable import NodeUnschedulable
from steersman.scheduler.plugins.taint_toleration import TaintToleration

WEIGHTS = {"TaintToleration": 3, "NodeAffinity": 2}
"""Where it is not 1."""


def default_profile() -> Profile:
    """As kube-scheduler without a configuration file."""
    plugins = (
        NodeName(),
        NodeUnschedulable(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        NodeResourcesBalancedAllocation(),
        ImageLocality(),
    )
    return Profile(plugins, WEIGHTS)
