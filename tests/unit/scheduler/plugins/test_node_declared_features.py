from __future__ import annotations

import pytest

from steersman.scheduler.events import SELF, Action, Event, Kind, event_of
from steersman.scheduler.plugins.node_declared_features import NodeDeclaredFeatures, needed

from ..nodes import node, place, pod, refused

RESTARTING = {"containers": [{"name": "c", "restartPolicyRules": [{"action": "RestartAllContainers"}]}]}
FEATURE = "RestartAllContainersOnContainerExits"
REASON = "node(s) didn't match Pod's required features"


def declaring(name, *features):
    made = node(name)
    return made | {"status": made["status"] | {"declaredFeatures": list(features)}}


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, set()),
        (RESTARTING, {FEATURE}),
        ({"initContainers": RESTARTING["containers"]}, {FEATURE}),
        ({"containers": [{"restartPolicyRules": [{"action": "Restart"}]}]}, set()),
        ({"hostNetwork": True, "hostUsers": False}, {"UserNamespacesHostNetworkSupport"}),
        ({"hostNetwork": True, "hostUsers": True}, set()),
        ({"hostUsers": False}, set()),
        ({"containers": [{"volumeMounts": [{"bindMountOptions": ["noexec"]}]}]}, {"VolumeBindMountOptions"}),
    ],
)
def test_what_a_pod_needs(spec, wanted):
    assert needed(spec) == wanted


def test_only_nodes_that_declare_the_feature_take_the_pod():
    nodes = [node("a"), declaring("b", "Other", FEATURE), declaring("c", "Other")]
    decision = place(pod(spec=RESTARTING), nodes, NodeDeclaredFeatures())
    assert decision.node == "b"
    assert refused(decision, nodes) == {"a": [REASON], "c": [REASON]}


def test_pods_that_need_nothing_go_anywhere():
    assert place(pod(), [node("a"), node("b")], NodeDeclaredFeatures()).feasible == ("a", "b")


def test_a_change_of_what_is_declared_or_needed_is_worth_a_try():
    plugin, waiting = NodeDeclaredFeatures(), pod(spec=RESTARTING)
    assert plugin.may_help(event_of("nodes", None, node("a")), waiting)
    assert plugin.may_help(event_of("nodes", node("a"), declaring("a", FEATURE)), waiting)
    assert not plugin.may_help(event_of("nodes", node("a"), node("a", cpu="4")), waiting)
    changed = Kind(SELF, Action.UPDATED)
    assert plugin.may_help(Event(changed, waiting.pod, pod().pod), waiting)
    assert not plugin.may_help(Event(changed, waiting.pod, waiting.pod), waiting)
