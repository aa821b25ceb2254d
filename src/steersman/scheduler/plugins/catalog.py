"""Every plugin: its name in configurations, and how it is made of its arguments. Which of them are asked, in which
order and with which weight, says a configuration (`configuration.plugin_sets` for the default one).

Beside them, always: the order of the queue (PrioritySort).
Not there yet: VolumeRestrictions, NodeVolumeLimits, VolumeBinding, VolumeZone, DynamicResources, DefaultPreemption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.scheduler.configuration.plugin_arguments import LIST
from steersman.scheduler.plugins.default_binder import DefaultBinder
from steersman.scheduler.plugins.fit_strategies import Strategy, along
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

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.readers import Readers


def makers(*, client: Client, readers: Readers) -> dict[str, Callable[[Object], Plugin]]:
    """By name; each is called with the plugin's arguments, whose defaults are filled in. `client`: of what writes;
    `readers`: for those who look at more than nodes and pods.
    """
    return {
        "SchedulingGates": lambda _args: SchedulingGates(),
        "NodeName": lambda _args: NodeName(),
        "NodeUnschedulable": lambda _args: NodeUnschedulable(),
        "TaintToleration": lambda _args: TaintToleration(),
        "NodeAffinity": lambda args: NodeAffinity(added=args.get("addedAffinity")),
        "NodePorts": lambda _args: NodePorts(),
        "NodeResourcesFit": _fit,
        "PodTopologySpread": lambda args: PodTopologySpread(
            selecting=readers.selecting,
            defaults=args.get("defaultConstraints") or () if args["defaultingType"] == LIST else None,
        ),
        "InterPodAffinity": lambda args: InterPodAffinity(
            namespace_labels=readers.namespace_labels,
            hard_weight=args["hardPodAffinityWeight"],
            deaf=args["ignorePreferredTermsOfExistingPods"],
        ),
        "NodeResourcesBalancedAllocation": lambda args: NodeResourcesBalancedAllocation(
            resources=[each["name"] for each in args["resources"]]
        ),
        "ImageLocality": lambda _args: ImageLocality(),
        "DefaultBinder": lambda _args: DefaultBinder(client=client),
        "NodeDeclaredFeatures": lambda _args: NodeDeclaredFeatures(),
    }


def _fit(args: Object) -> Plugin:
    strategy = args["scoringStrategy"]
    shape = (strategy.get("requestedToCapacityRatio") or {}).get("shape") or ()
    table = along([(point["utilization"], point["score"]) for point in shape]) if shape else ()
    return NodeResourcesFit(
        weights={each["name"]: each["weight"] for each in strategy["resources"]},
        strategy=Strategy(strategy["type"], table),
        ignored=args.get("ignoredResources") or (),
        ignored_groups=args.get("ignoredResourceGroups") or (),
    )
