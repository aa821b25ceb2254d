"""plugin_arguments: defaults and rules of the arguments of every plugin that has some.

Upstream: pkg/scheduler/apis/config/v1/defaults.go, validation/validation_pluginargs.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.affinity import validate_node_selector_term
from steersman.api.errors import duplicate, forbidden, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_label_name
from steersman.lib.cron import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from steersman.api.errors import FieldError
    from steersman.api.meta.types import Object

LEAST_ALLOCATED, MOST_ALLOCATED, TO_CAPACITY = "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"
SYSTEM, LIST = "System", "List"
_WHEN = ("DoNotSchedule", "ScheduleAnyway")
_SHAPE_SCORE_MAX = 10
_SECOND_NS = 1_000_000_000


def default_arguments(plugin: str, given: Object) -> Object:
    """What `given` (decoded already) means, nothing left unsaid that has a default."""
    default = _DEFAULTS.get(plugin)
    return given if default is None else default(given)


def argument_errors(plugin: str, args: Object, path: str) -> list[FieldError]:
    """What is wrong with the arguments of one plugin, which have their defaults."""
    rules = _RULES.get(plugin)
    return list(rules(args, path)) if rules is not None else []


# -- defaults


def _preemption(given: Object) -> Object:
    return {"minCandidateNodesPercentage": 10, "minCandidateNodesAbsolute": 100} | given


def _dynamic_resources(given: Object) -> Object:
    return {"filterTimeout": "10s", "bindingTimeout": "10m0s"} | given


def _inter_pod_affinity(given: Object) -> Object:
    return {"hardPodAffinityWeight": 1} | given


def _balanced(given: Object) -> Object:
    return given | {"resources": _resources(given.get("resources"))}


def _fit(given: Object) -> Object:
    strategy = given.get("scoringStrategy")
    whole: Object = {"type": LEAST_ALLOCATED} if strategy is None else strategy
    return given | {"scoringStrategy": whole | {"resources": _resources(whole.get("resources"))}}


def _topology_spread(given: Object) -> Object:
    return given | {"defaultingType": given.get("defaultingType") or SYSTEM}


def _volume_binding(given: Object) -> Object:
    shape = given.get("shape") or [{"utilization": 0, "score": _SHAPE_SCORE_MAX}, {"utilization": 100, "score": 0}]
    return {"bindTimeoutSeconds": 600} | given | {"shape": shape}


def _resources(given: Sequence[Object] | None) -> list[Object]:
    listed = given or ({"name": "cpu"}, {"name": "memory"})
    return [each | {"weight": each.get("weight") or 1} for each in listed]


_DEFAULTS: Mapping[str, Callable[[Object], Object]] = {
    "DefaultPreemption": _preemption,
    "DynamicResources": _dynamic_resources,
    "InterPodAffinity": _inter_pod_affinity,
    "NodeResourcesBalancedAllocation": _balanced,
    "NodeResourcesFit": _fit,
    "PodTopologySpread": _topology_spread,
    "VolumeBinding": _volume_binding,
}


# -- rules


def _preemption_errors(args: Object, path: str) -> Iterator[FieldError]:
    percentage, absolute = args["minCandidateNodesPercentage"], args["minCandidateNodesAbsolute"]
    percentage_path, absolute_path = f"{path}.minCandidateNodesPercentage", f"{path}.minCandidateNodesAbsolute"
    if not 0 <= percentage <= 100:
        yield invalid(percentage_path, percentage, "not in valid range [0, 100]")
    if absolute < 0:
        yield invalid(absolute_path, absolute, "not in valid range [0, inf)")
    if percentage == 0 and absolute == 0:
        yield invalid(percentage_path, 0, "cannot be zero at the same time as minCandidateNodesAbsolute")
        yield invalid(absolute_path, 0, "cannot be zero at the same time as minCandidateNodesPercentage")


def _dynamic_resources_errors(args: Object, path: str) -> Iterator[FieldError]:
    if parse_duration(args["filterTimeout"]) < 0:
        yield invalid(f"{path}.filterTimeout", args["filterTimeout"], "must be zero or positive")
    if parse_duration(args["bindingTimeout"]) < _SECOND_NS:
        yield invalid(f"{path}.bindingTimeout", args["bindingTimeout"], "must be at least 1 second")


def _inter_pod_affinity_errors(args: Object, path: str) -> Iterator[FieldError]:
    weight = args["hardPodAffinityWeight"]
    if not 0 <= weight <= 100:
        yield invalid(f"{path}.hardPodAffinityWeight", weight, "not in valid range [0, 100]")


def _node_affinity_errors(args: Object, path: str) -> Iterator[FieldError]:
    added, path = args.get("addedAffinity") or {}, f"{path}.addedAffinity"
    required_terms, preferred = (
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    )
    for at, term in enumerate((added.get(required_terms) or {}).get("nodeSelectorTerms") or ()):
        yield from validate_node_selector_term(term, f"{path}.{required_terms}.nodeSelectorTerms[{at}]")
    for at, each in enumerate(added.get(preferred) or ()):
        if each.get("weight"):
            yield from validate_node_selector_term(each.get("preference") or {}, f"{path}.{preferred}[{at}]")


def _balanced_errors(args: Object, path: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for at, resource in enumerate(args["resources"]):
        if resource["name"] in seen:
            yield duplicate(f"{path}.resources[{at}].name", resource["name"])
        seen.add(resource["name"])
        if resource["weight"] != 1:
            yield invalid(f"{path}.resources[{at}].weight", resource["weight"], "must be 1")


def _fit_errors(args: Object, path: str) -> Iterator[FieldError]:
    for at, resource in enumerate(args.get("ignoredResources") or ()):
        yield from validate_label_name(resource, f"{path}.ignoredResources[{at}]")
    for at, group in enumerate(args.get("ignoredResourceGroups") or ()):
        place = f"{path}.ignoredResourceGroups[{at}]"
        if "/" in group:
            yield invalid(place, group, "resource group name can't contain '/'")
        yield from validate_label_name(group, place)
    strategy, path = args["scoringStrategy"], f"{path}.scoringStrategy"
    chosen, ratio = strategy.get("type", ""), strategy.get("requestedToCapacityRatio")
    if chosen not in (LEAST_ALLOCATED, MOST_ALLOCATED, TO_CAPACITY):
        yield not_supported(f"{path}.type", chosen, (LEAST_ALLOCATED, MOST_ALLOCATED, TO_CAPACITY))
    for at, resource in enumerate(strategy["resources"]):
        if not 0 < resource["weight"] <= 100:
            told = f"resource weight of {resource['name']} not in valid range (0, 100]"
            yield invalid(f"{path}.resources[{at}].weight", resource["weight"], told)
    path = f"{path}.requestedToCapacityRatio"
    if chosen != TO_CAPACITY:
        if ratio is not None:
            yield forbidden(path, f"must be nil when type is not {TO_CAPACITY}")
    elif ratio is None:
        yield required(path, f"must be specified when type is {TO_CAPACITY}")
    else:
        yield from _shape_errors(ratio.get("shape") or (), f"{path}.shape")


def _topology_spread_errors(args: Object, path: str) -> Iterator[FieldError]:
    chosen, constraints = args["defaultingType"], args.get("defaultConstraints") or ()
    if chosen not in (SYSTEM, LIST):
        yield not_supported(f"{path}.defaultingType", chosen, (SYSTEM, LIST))
    elif chosen == SYSTEM and constraints:
        yield invalid(f"{path}.defaultingType", chosen, "when .defaultConstraints are not empty")
    seen: set[tuple[str, str]] = set()
    for at, constraint in enumerate(constraints):
        place = f"{path}.defaultConstraints[{at}]"
        key, when = constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", "")
        if constraint.get("maxSkew", 0) <= 0:
            yield invalid(f"{place}.maxSkew", constraint.get("maxSkew", 0), "not in valid range (0, inf)")
        if not key:
            yield required(f"{place}.topologyKey", "can not be empty")
        else:
            yield from validate_label_name(key, f"{place}.topologyKey")
        if not when:
            yield required(f"{place}.whenUnsatisfiable", "can not be empty")
        elif when not in _WHEN:
            yield not_supported(f"{place}.whenUnsatisfiable", when, _WHEN)
        if constraint.get("labelSelector") is not None:
            told = "constraint must not define a selector, as they deduced for each pod"
            yield forbidden(f"{place}.labelSelector", told)
        if (key, when) in seen:
            yield duplicate(place, f"{{{key}, {when}}}")
        seen.add((key, when))


def _volume_binding_errors(args: Object, path: str) -> Iterator[FieldError]:
    if args["bindTimeoutSeconds"] < 0:
        told = "invalid BindTimeoutSeconds, should not be a negative value"
        yield invalid(f"{path}.bindTimeoutSeconds", args["bindTimeoutSeconds"], told)
    yield from _shape_errors(args["shape"], f"{path}.shape")


def _shape_errors(shape: Sequence[Object], path: str) -> Iterator[FieldError]:
    if not shape:
        yield required(path, "at least one point must be specified")
        return
    for at in range(1, len(shape)):
        if shape[at - 1]["utilization"] >= shape[at]["utilization"]:
            told = "values must be sorted in increasing order"
            yield invalid(f"{path}[{at}].utilization", shape[at]["utilization"], told)
            break
    for at, point in enumerate(shape):
        if not 0 <= point["utilization"] <= 100:
            yield invalid(f"{path}[{at}].utilization", point["utilization"], "not in valid range [0, 100]")
        if not 0 <= point["score"] <= _SHAPE_SCORE_MAX:
            yield invalid(f"{path}[{at}].score", point["score"], f"not in valid range [0, {_SHAPE_SCORE_MAX}]")


_RULES: Mapping[str, Callable[[Object, str], Iterator[FieldError]]] = {
    "DefaultPreemption": _preemption_errors,
    "DynamicResources": _dynamic_resources_errors,
    "InterPodAffinity": _inter_pod_affinity_errors,
    "NodeAffinity": _node_affinity_errors,
    "NodeResourcesBalancedAllocation": _balanced_errors,
    "NodeResourcesFit": _fit_errors,
    "PodTopologySpread": _topology_spread_errors,
    "VolumeBinding": _volume_binding_errors,
}
