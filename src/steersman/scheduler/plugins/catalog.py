"""The plugins of the default profile, in upstream's order, with their weights in scores."""

from __future__ import annotations

from steersman.scheduler.cycle import Profile
from steersman.scheduler.plugins.node_name import NodeName
from steersman.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.taint_toleration import TaintToleration


def default_profile() -> Profile:
    """As kube-scheduler without a configuration file."""
    plugins = (NodeName(), TaintToleration(), NodeResourcesFit(), NodeResourcesBalancedAllocation())
    return Profile(plugins, {"TaintToleration": 3, "NodeResourcesFit": 1, "NodeResourcesBalancedAllocation": 1})
