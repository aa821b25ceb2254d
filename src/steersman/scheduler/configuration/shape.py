"""shape: the fields of the file and of plugins' arguments, as types that `api.schema` decodes.

Upstream: staging/src/k8s.io/kube-scheduler/config/v1 (types.go, types_pluginargs.go). Ours alone: where the code of a
user's plugin is (`file` or `module` beside `args`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.schema.builtin import type_of
from steersman.api.schema.model import Field, Type
from steersman.scheduler.configuration.plugin_sets import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPE_META = ("apiVersion", "kind")


def configuration_type() -> Type:
    """Of the whole file."""
    resource_lock = _struct(
        "LeaderElectionConfiguration",
        leaderElect=_optional(_boolean()),
        leaseDuration=_plain(_duration()),
        renewDeadline=_plain(_duration()),
        retryPeriod=_plain(_duration()),
        resourceLock=_plain(_string()),
        resourceName=_plain(_string()),
        resourceNamespace=_plain(_string()),
    )
    connection = _struct(
        "ClientConnectionConfiguration",
        kubeconfig=_plain(_string()),
        acceptContentTypes=_plain(_string()),
        contentType=_plain(_string()),
        qps=_plain(Type("number", go_name="float32")),
        burst=_plain(_int32()),
    )
    return _kind(
        "KubeSchedulerConfiguration",
        parallelism=_optional(_int32()),
        leaderElection=_plain(resource_lock),
        clientConnection=_plain(connection),
        enableProfiling=_optional(_boolean()),
        enableContentionProfiling=_optional(_boolean()),
        percentageOfNodesToScore=_optional(_int32()),
        podInitialBackoffSeconds=_optional(_int64()),
        podMaxBackoffSeconds=_optional(_int64()),
        profiles=_list(_profile()),
        extenders=_list(_extender()),
        delayCacheUntilActive=Field(_boolean()),
    )


def argument_types() -> Mapping[str, Callable[[], Type]]:
    """By plugin, what its arguments look like; a plugin that is not here takes any, or none."""
    return {
        "DefaultPreemption": lambda: _kind(
            "DefaultPreemptionArgs",
            minCandidateNodesPercentage=_optional(_int32()),
            minCandidateNodesAbsolute=_optional(_int32()),
        ),
        "DynamicResources": lambda: _kind(
            "DynamicResourcesArgs", filterTimeout=_optional(_duration()), bindingTimeout=_optional(_duration())
        ),
        "InterPodAffinity": lambda: _kind(
            "InterPodAffinityArgs",
            hardPodAffinityWeight=_optional(_int32()),
            ignorePreferredTermsOfExistingPods=_plain(_boolean()),
        ),
        "NodeAffinity": lambda: _kind(
            "NodeAffinityArgs", addedAffinity=_optional(type_of("io.k8s.api.core.v1.NodeAffinity"))
        ),
        "NodeResourcesBalancedAllocation": lambda: _kind(
            "NodeResourcesBalancedAllocationArgs", resources=_list(_resource())
        ),
        "NodeResourcesFit": _fit_arguments,
        "PodTopologySpread": lambda: _kind(
            "PodTopologySpreadArgs",
            defaultConstraints=_list(type_of("io.k8s.api.core.v1.TopologySpreadConstraint")),
            defaultingType=Field(_string()),
        ),
        "VolumeBinding": lambda: _kind(
            "VolumeBindingArgs", bindTimeoutSeconds=_optional(_int64()), shape=_list(_shape_point())
        ),
    }


def _profile() -> Type:
    plugin = _struct("Plugin", name=_plain(_string()), weight=_optional(_int32()))
    chosen = _struct("PluginSet", enabled=_list(plugin), disabled=_list(plugin))
    config = _struct(
        "PluginConfig",
        name=_plain(_string()),
        args=Field(Type("any", go_name="runtime.RawExtension"), pointer=True),
        file=Field(_string()),
        module=Field(_string()),
    )
    return _struct(
        "KubeSchedulerProfile",
        schedulerName=_optional(_string()),
        percentageOfNodesToScore=_optional(_int32()),
        plugins=_optional(_struct("Plugins", **{point: Field(chosen, pointer=True) for point in POINTS})),
        pluginConfig=_list(config),
    )


def _extender() -> Type:
    resource = _struct("ExtenderManagedResource", name=_plain(_string()), ignoredByScheduler=Field(_boolean()))
    tls = _struct(
        "ExtenderTLSConfig",
        insecure=Field(_boolean()),
        **{name: Field(_string()) for name in ("serverName", "certFile", "keyFile", "caFile")},
        **{name: Field(Type("bytes", go_name="[]uint8")) for name in ("certData", "keyData", "caData")},
    )
    return _struct(
        "Extender",
        urlPrefix=_plain(_string()),
        **{name: Field(_string()) for name in ("filterVerb", "preemptVerb", "prioritizeVerb", "bindVerb")},
        weight=Field(_int64()),
        enableHTTPS=Field(_boolean()),
        tlsConfig=_optional(tls),
        httpTimeout=_plain(_duration()),
        nodeCacheCapable=Field(_boolean()),
        managedResources=_list(resource),
        ignorable=Field(_boolean()),
    )


def _fit_arguments() -> Type:
    ratio = _struct("RequestedToCapacityRatioParam", shape=_list(_shape_point()))
    strategy = _struct(
        "ScoringStrategy",
        type=Field(_string()),
        resources=_list(_resource()),
        requestedToCapacityRatio=_optional(ratio),
    )
    return _kind(
        "NodeResourcesFitArgs",
        ignoredResources=_list(_string()),
        ignoredResourceGroups=_list(_string()),
        scoringStrategy=_optional(strategy),
    )


def _resource() -> Type:
    return _struct("ResourceSpec", name=_plain(_string()), weight=Field(_int64()))


def _shape_point() -> Type:
    return _struct("UtilizationShapePoint", utilization=_plain(_int32()), score=_plain(_int32()))


def _struct(name: str, /, **fields: Field) -> Type:
    return Type("struct", name=name, go_name=f"v1.{name}", fields=fields)


def _kind(name: str, /, **fields: Field) -> Type:
    meta = {each: Field(_string(), go_path="TypeMeta") for each in _TYPE_META}
    return _struct(name, **meta, **fields)


def _optional(type_: Type) -> Field:
    """What is not given can be told from zero."""
    return Field(type_, pointer=True)


def _plain(type_: Type) -> Field:
    return Field(type_, omitempty=False)


def _list(element: Type) -> Field:
    return Field(Type("list", go_name=f"[]{element.go_name}", element=element))


def _string() -> Type:
    return Type("string", go_name="string")


def _boolean() -> Type:
    return Type("bool", go_name="bool")


def _int32() -> Type:
    return Type("int32", go_name="int32")


def _int64() -> Type:
    return Type("int64", go_name="int64")


def _duration() -> Type:
    return Type("duration", go_name="string")
