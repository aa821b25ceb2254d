"""Every plugin: its name in configurations, and how it is made of its arguments. Which of them are asked, in which
order and with which weight, says a configuration (`configuration.plugin_sets` for the default one).

Beside them, always: the order of the queue (PrioritySort).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.lib.cron import parse_duration
from steersman.scheduler.configuration.plugin_arguments import LIST
from steersman.scheduler.devices.expressions import compiler
from steersman.scheduler.devices.selectors import Selectors
from steersman.scheduler.plugins.default_binder import DefaultBinder
from steersman.scheduler.plugins.default_preemption import DefaultPreemption
from steersman.scheduler.plugins.dynamic_resources.commitment import Commitment as ClaimCommitment
from steersman.scheduler.plugins.dynamic_resources.plugin import DynamicResources
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
from steersman.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from steersman.scheduler.plugins.pod_topology_spread import PodTopologySpread
from steersman.scheduler.plugins.scheduling_gates import SchedulingGates
from steersman.scheduler.plugins.taint_toleration import TaintToleration
from steersman.scheduler.plugins.volume_binding.commitment import Commitment
from steersman.scheduler.plugins.volume_binding.plugin import VolumeBinding
from steersman.scheduler.plugins.volume_restrictions import VolumeRestrictions
from steersman.scheduler.plugins.volume_zone import VolumeZone
from steersman.scheduler.preemption import Shortlist

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.client.informer import Informers
    from steersman.lib.aio import Tasks
    from steersman.lib.clock import Clock
    from steersman.scheduler.device_view import DeviceView
    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.readers import Readers
    from steersman.scheduler.storage import Storage

_SECOND_NS = 1_000_000_000


def makers(
    *,
    client: Client,
    informers: Informers,
    readers: Readers,
    rng: Random,
    storage: Storage,
    devices: DeviceView,
    recorder: Recorder,
    clock: Clock,
    writes: Tasks,
) -> dict[str, Callable[[Object], Plugin]]:
    """By name; each is called with the plugin's arguments, whose defaults are filled in. `client`: of what writes;
    `readers`, `storage`, `devices`: for those who look at more than nodes and pods; `rng`: for those who choose among
    equals; `writes`: runs what nobody waits for.
    """
    selectors = Selectors(compiled=compiler())

    def dynamic_resources(args: Object) -> Plugin:
        timeout_s = parse_duration(args["bindingTimeout"]) / _SECOND_NS
        commitment = ClaimCommitment(
            client=client, view=devices, recorder=recorder, clock=clock, writes=writes, timeout_s=timeout_s
        )
        return DynamicResources(
            tracker=devices.tracker,
            selectors=selectors,
            commitment=commitment,
            clock=clock,
            rng=rng,
            timeout_s=timeout_s,
        )

    def volume_binding(args: Object) -> Plugin:
        timeout_s = float(args["bindTimeoutSeconds"])
        commitment = Commitment(client=client, storage=storage, informers=informers, timeout_s=timeout_s)
        table = along([(point.get("utilization") or 0, point.get("score") or 0) for point in args["shape"]])
        return VolumeBinding(storage=storage, commitment=commitment, table=table)

    return {
        "SchedulingGates": lambda _args: SchedulingGates(),
        "NodeName": lambda _args: NodeName(),
        "NodeUnschedulable": lambda _args: NodeUnschedulable(),
        "TaintToleration": lambda _args: TaintToleration(),
        "NodeAffinity": lambda args: NodeAffinity(added=args.get("addedAffinity")),
        "NodePorts": lambda _args: NodePorts(),
        "NodeResourcesFit": lambda args: _fit(args, devices),
        "VolumeRestrictions": lambda _args: VolumeRestrictions(storage=storage),
        "NodeVolumeLimits": lambda _args: NodeVolumeLimits(storage=storage),
        "VolumeBinding": volume_binding,
        "VolumeZone": lambda _args: VolumeZone(storage=storage),
        "PodTopologySpread": lambda args: PodTopologySpread(
            selecting=readers.selecting,
            defaults=args.get("defaultConstraints") or () if args["defaultingType"] == LIST else None,
        ),
        "InterPodAffinity": lambda args: InterPodAffinity(
            namespace_labels=readers.namespace_labels,
            hard_weight=args["hardPodAffinityWeight"],
            deaf=args["ignorePreferredTermsOfExistingPods"],
        ),
        "DynamicResources": dynamic_resources,
        "DefaultPreemption": lambda args: DefaultPreemption(
            budgets=readers.disruption_budgets,
            rng=rng,
            shortlist=Shortlist(args["minCandidateNodesPercentage"], args["minCandidateNodesAbsolute"]),
        ),
        "NodeResourcesBalancedAllocation": lambda args: NodeResourcesBalancedAllocation(
            resources=[each["name"] for each in args["resources"]]
        ),
        "ImageLocality": lambda _args: ImageLocality(),
        "DefaultBinder": lambda _args: DefaultBinder(client=client),
        "NodeDeclaredFeatures": lambda _args: NodeDeclaredFeatures(),
    }


def _fit(args: Object, devices: DeviceView) -> Plugin:
    strategy = args["scoringStrategy"]
    shape = (strategy.get("requestedToCapacityRatio") or {}).get("shape") or ()
    table = along([(point["utilization"], point["score"]) for point in shape]) if shape else ()
    return NodeResourcesFit(
        weights={each["name"]: each["weight"] for each in strategy["resources"]},
        strategy=Strategy(strategy["type"], table),
        ignored=args.get("ignoredResources") or (),
        ignored_groups=args.get("ignoredResourceGroups") or (),
        has_devices=lambda resource: devices.tracker.class_of_resource(resource) is not None,
    )
