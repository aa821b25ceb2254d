"""KubeSchedulerConfiguration, as upstream reads, completes and refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from steersman.scheduler.configuration.model import Election, Source
from steersman.scheduler.configuration.plugin_sets import DEFAULT_PLUGINS, Enabled, PluginSet
from steersman.scheduler.configuration.read import (
    ConfigurationError,
    builtin_configuration,
    complete_arguments,
    read_configuration,
)

HEAD = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
REFERENCE = Path(__file__).parents[4] / "shared/reference/scheduler_defaults.yaml"


def read(**said):
    return read_configuration({**HEAD, **said})


def with_args(plugin, **args):
    return {"profiles": [{"pluginConfig": [{"name": plugin, "args": args}]}]}


def args_of(plugin, **args):
    return read(**with_args(plugin, **args)).profiles[0].args[plugin]


def refused(**said):
    with pytest.raises(ConfigurationError) as caught:
        read(**said)
    return str(caught.value).splitlines()


@pytest.mark.skipif(not REFERENCE.exists(), reason="needs ../shared/reference beside the project")
def test_the_defaults_are_upstreams():
    whole = read_configuration(yaml.safe_load(REFERENCE.read_text()))
    ours, theirs = builtin_configuration(), whole.profiles[0]
    assert ours.profiles[0].args == theirs.args
    assert ours.profiles[0].plugins["multiPoint"] == theirs.plugins["multiPoint"]
    assert (ours.election, ours.backoff_s, ours.backoff_s_max) == (whole.election, whole.backoff_s, whole.backoff_s_max)


def test_times_are_seconds():
    found = read(podMaxBackoffSeconds=60, leaderElection={"leaseDuration": "1m", "renewDeadline": "30s"})
    assert found.backoff_s_max == 60.0
    assert found.election == Election(lease_s=60.0, renew_deadline_s=30.0)


def test_one_profile_needs_no_name_several_do():
    assert read(profiles=[{}]).profiles[0].scheduler_name == "default-scheduler"
    assert refused(profiles=[{"schedulerName": "a"}, {}]) == ["profiles[1].schedulerName: Required value"]
    double = refused(profiles=[{"schedulerName": "a"}, {"schedulerName": "a"}])
    assert double == ['profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"']


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"pods": 1}, 'strict decoding error: unknown field "pods"'),
        ({"profiles": [{"plugin": {}}]}, 'strict decoding error: unknown field "profiles[0].plugin"'),
        (
            {"parallelism": "many"},
            "cannot unmarshal string into Go struct field KubeSchedulerConfiguration.parallelism",
        ),
        ({"parallelism": 0}, "parallelism: Invalid value: 0: should be an integer value greater than zero"),
        ({"podInitialBackoffSeconds": 0}, "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0"),
        ({"podMaxBackoffSeconds": 0}, "must be greater than or equal to PodInitialBackoffSeconds"),
        ({"percentageOfNodesToScore": 101}, "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]"),
        ({"leaderElection": {"leaseDuration": "5s"}}, "leaderElection.leaseDuration: Invalid value: "),
        ({"leaderElection": {"resourceLock": "endpoints"}}, 'resourceLock value must be "leases"'),
        ({"clientConnection": {"burst": -1}}, "clientConnection.burst: Invalid value: -1: must be non-negative"),
        (
            {"profiles": [{"plugins": {"filter": {"enabled": [{"name": "EBSLimits"}]}}}]},
            'profiles[0].plugins.filter.enabled[0]: Invalid value: "EBSLimits"',
        ),
        (
            {"profiles": [{"schedulerName": "a"}, {"schedulerName": "b", "plugins": {"queueSort": {"enabled": []}}}]},
            None,
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(said, told):
    if told is None:
        read(**said)
    else:
        assert told in "\n".join(refused(**said))


@pytest.mark.parametrize(
    "value", [None, [], {"kind": "KubeSchedulerConfiguration"}, {**HEAD, "apiVersion": "x/v1beta3"}]
)
def test_only_this_kind_is_read(value):
    with pytest.raises(ConfigurationError):
        read_configuration(value)


def test_all_that_is_wrong_is_told_at_once():
    assert len(refused(parallelism=0, podInitialBackoffSeconds=0, percentageOfNodesToScore=-1)) == 3


@pytest.mark.parametrize(
    ("plugin", "args", "told"),
    [
        ("NodeResourcesFit", {"foo": 1}, 'strict decoding error: unknown field "foo"'),
        ("NodeResourcesFit", {"kind": "X"}, "NodeResourcesFitArgs is what is read here"),
        ("NodeResourcesFit", {"scoringStrategy": {"type": "X"}}, "args.scoringStrategy.type: Unsupported value"),
        (
            "NodeResourcesFit",
            {"scoringStrategy": {"type": "LeastAllocated", "resources": [{"name": "cpu", "weight": 101}]}},
            "args.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range",
        ),
        (
            "NodeResourcesFit",
            {"scoringStrategy": {"type": "RequestedToCapacityRatio"}},
            "must be specified when type is",
        ),
        (
            "NodeResourcesFit",
            {"scoringStrategy": {"type": "LeastAllocated", "requestedToCapacityRatio": {}}},
            "must be nil when type is not RequestedToCapacityRatio",
        ),
        ("NodeResourcesFit", {"ignoredResourceGroups": ["a/b"]}, "resource group name can't contain '/'"),
        ("InterPodAffinity", {"hardPodAffinityWeight": 101}, "not in valid range [0, 100]"),
        ("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu", "weight": 2}]}, "must be 1"),
        ("NodeResourcesBalancedAllocation", {"resources": [{"name": "cpu"}] * 2}, "Duplicate value"),
        ("DefaultPreemption", {"minCandidateNodesPercentage": 101}, "not in valid range [0, 100]"),
        (
            "DefaultPreemption",
            {"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0},
            "cannot be zero at the same time",
        ),
        ("DynamicResources", {"filterTimeout": "-1s"}, "must be zero or positive"),
        ("DynamicResources", {"bindingTimeout": "10ms"}, "must be at least 1 second"),
        ("VolumeBinding", {"bindTimeoutSeconds": -1}, "should not be a negative value"),
        (
            "VolumeBinding",
            {"shape": [{"utilization": 5, "score": 1}, {"utilization": 5, "score": 11}]},
            "values must be sorted in increasing order",
        ),
        ("PodTopologySpread", {"defaultingType": "X"}, "Unsupported value"),
        (
            "PodTopologySpread",
            {"defaultConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
            "when .defaultConstraints are not empty",
        ),
        (
            "PodTopologySpread",
            {"defaultingType": "List", "defaultConstraints": [{"maxSkew": 0, "topologyKey": "", "labelSelector": {}}]},
            "constraint must not define a selector",
        ),
        (
            "NodeAffinity",
            {
                "addedAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Like"}]}]
                    }
                }
            },
            "nodeSelectorTerms[0].matchExpressions[0].operator",
        ),
    ],
)
def test_arguments_are_read_as_strictly(plugin, args, told):
    found = "\n".join(refused(**with_args(plugin, **args)))
    assert told in found
    assert found.startswith("profiles[0].pluginConfig[0].args")


def test_arguments_are_completed():
    strategy = args_of("NodeResourcesFit", scoringStrategy={"type": "MostAllocated"})["scoringStrategy"]
    assert strategy["resources"] == [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]
    assert args_of("NodeResourcesBalancedAllocation", resources=[{"name": "gpu"}])["resources"][0]["weight"] == 1
    assert args_of("DynamicResources")["bindingTimeout"] == "10m0s"
    assert complete_arguments("DefaultPreemption", {"minCandidateNodesAbsolute": 5}) == {
        "minCandidateNodesPercentage": 10,
        "minCandidateNodesAbsolute": 5,
    }


def test_a_default_plugin_that_is_enabled_anew_keeps_its_place():
    plugins = {"multiPoint": {"enabled": [{"name": "NodeAffinity", "weight": 7}, {"name": "Mine"}]}}
    merged = read(profiles=[{"plugins": plugins}]).profiles[0].plugins["multiPoint"]
    assert [each.name for each in merged.enabled] == [*(name for name, _ in DEFAULT_PLUGINS), "Mine"]
    assert Enabled("NodeAffinity", 7) in merged.enabled


def test_what_is_said_of_one_point_is_kept():
    plugins = {"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "Mine", "weight": 3}]}}
    merged = read(profiles=[{"plugins": plugins}]).profiles[0].plugins["score"]
    assert merged == PluginSet((Enabled("Mine", 3),), frozenset({"*"}))


def test_a_users_plugin_says_where_its_code_is():
    config = [{"name": "Mine", "file": "mine.py", "args": {"digit": 2}}]
    profile = read(profiles=[{"pluginConfig": config}]).profiles[0]
    assert profile.sources == {"Mine": Source(file="mine.py")}
    assert profile.args["Mine"] == {"digit": 2}
    both = refused(profiles=[{"pluginConfig": [{"name": "Mine", "file": "a.py", "module": "a"}]}])
    assert "may not be set together with file" in both[0]
    assert "is built in" in refused(profiles=[{"pluginConfig": [{"name": "NodeAffinity", "file": "a.py"}]}])[0]


def test_extenders():
    (found,) = read(
        extenders=[
            {
                "urlPrefix": "http://h/x",
                "filterVerb": "filter",
                "httpTimeout": "2s",
                "managedResources": [{"name": "a.io/b", "ignoredByScheduler": True}, {"name": "a.io/c"}],
                "tlsConfig": {"insecure": True},
            }
        ]
    ).extenders
    assert (found.timeout_s, found.managed_resources, found.ignored_resources) == (
        2.0,
        ("a.io/b", "a.io/c"),
        ("a.io/b",),
    )
    assert found.tls is not None
    assert found.tls.insecure


@pytest.mark.parametrize(
    ("extenders", "told"),
    [
        ([{"urlPrefix": "u", "prioritizeVerb": "p"}], "must have a positive weight applied to it"),
        ([{"urlPrefix": "u", "bindVerb": "b"}] * 2, "found 2 extenders implementing bind"),
        ([{"urlPrefix": "u", "managedResources": [{"name": "cpu"}]}], "is an invalid extended resource name"),
        (
            [{"urlPrefix": "u", "managedResources": [{"name": "a.io/b"}] * 2}],
            "duplicate extender managed resource name",
        ),
    ],
)
def test_extenders_that_cannot_be(extenders, told):
    assert told in "\n".join(refused(extenders=extenders))
