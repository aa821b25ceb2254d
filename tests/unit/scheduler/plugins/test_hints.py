"""After which events it is worth trying a refused pod again."""

from __future__ import annotations

import pytest

from steersman.api.meta.labels import selector_of_labels
from steersman.scheduler.events import Event, event_of
from steersman.scheduler.plugins.node_affinity import NodeAffinity
from steersman.scheduler.plugins.node_ports import NodePorts
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.node_unschedulable import NodeUnschedulable
from steersman.scheduler.plugins.pod_topology_spread import PodTopologySpread
from steersman.scheduler.plugins.taint_toleration import TaintToleration

from ..nodes import node, pod

TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}


def helps(plugin, event: Event, waiting) -> bool:
    return event.kind in plugin.helped_by and plugin.may_help(event, waiting)


def updated(new) -> Event:
    return event_of("nodes", node("a"), new)


@pytest.mark.parametrize(("amount", "worth_it"), [("3", False), ("4", True)])
def test_resources_a_node_must_be_big_enough_on_its_own(amount, worth_it):
    plugin, waiting = NodeResourcesFit(), pod(cpu="4", memory="1Gi")
    assert helps(plugin, updated(node("a", cpu=amount)), waiting) is worth_it
    assert helps(plugin, event_of("nodes", None, node("a", cpu=amount)), waiting) is worth_it
    assert helps(plugin, event_of("pods", pod().pod, None), waiting)
    assert not helps(plugin, event_of("pods", None, pod().pod), waiting)


def test_resources_another_pod_must_give_some_back():
    waiting, large = NodeResourcesFit(), pod("x", cpu="2", memory="1Gi").pod
    leaving = {**large, "metadata": {**large["metadata"], "deletionTimestamp": "now"}}
    smaller = pod("x", cpu="1", memory="1Gi").pod
    assert helps(waiting, event_of("pods", large, smaller), pod(cpu="4"))
    assert not helps(waiting, event_of("pods", large, smaller), pod(memory="4"))
    assert not helps(waiting, event_of("pods", smaller, large), pod(cpu="4"))
    assert not helps(waiting, event_of("pods", large, leaving), pod(cpu="4"))


def test_taints_the_node_must_be_tolerable():
    assert not helps(TaintToleration(), updated(node("a", taints=[TAINT])), pod())
    assert helps(TaintToleration(), updated(node("a")), pod())
    assert not helps(TaintToleration(), event_of("pods", pod().pod, None), pod())


def test_unschedulable_the_node_must_be_open():
    closed = {"metadata": {"name": "a"}, "spec": {"unschedulable": True}}
    assert not helps(NodeUnschedulable(), updated(closed), pod())
    assert helps(NodeUnschedulable(), updated(node("a")), pod())


def test_affinity_the_node_must_match():
    waiting = pod(spec={"nodeSelector": {"disk": "ssd"}})
    assert not helps(NodeAffinity(), updated(node("a", labels={"disk": "old"})), waiting)
    assert helps(NodeAffinity(), updated(node("a", labels={"disk": "ssd"})), waiting)


def test_ports_the_pod_that_goes_must_have_held_one():
    def having(port):
        return pod(spec={"containers": [{"name": "c", "ports": [{"hostPort": port}]}]})

    assert helps(NodePorts(), event_of("pods", having(80).pod, None), having(80))
    assert not helps(NodePorts(), event_of("pods", having(81).pod, None), having(80))


def test_spread_the_pod_must_be_counted_and_the_node_have_the_labels():
    plugin = PodTopologySpread(selecting=lambda _pod: selector_of_labels({}))
    constraint = {
        "topologyKey": "zone",
        "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "a"}},
    }
    waiting = pod(spec={"topologySpreadConstraints": [constraint]})
    other = {"metadata": {"namespace": "ns", "name": "o", "labels": {"app": "a"}}}
    assert helps(plugin, event_of("pods", other, None), waiting)
    assert not helps(plugin, event_of("pods", {"metadata": {**other["metadata"], "namespace": "x"}}, None), waiting)
    assert not helps(plugin, event_of("pods", {"metadata": {**other["metadata"], "labels": {}}}, None), waiting)
    assert helps(plugin, updated(node("a", labels={"zone": "1"})), waiting)
    assert not helps(plugin, updated(node("a")), waiting)
