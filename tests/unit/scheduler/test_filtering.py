"""Who may take a node that is promised to others."""

from __future__ import annotations

import random

import numpy as np
import pytest

from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.framework import Plugin, PluginError, Refusal
from steersman.scheduler.messages import fit_error
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node, pod, refused

NODES = [node("a", cpu="2"), node("b", cpu="2")]
PROMISED = pod("promised", cpu="2")


class Company(Plugin):
    """Pods want to be where another is."""

    name = "Company"

    def filter(self, cycle):
        yield Refusal(cycle.snapshot.pods_count == 0, "nobody there")


def place(wanted, *plugins, nominated, placed=(), nodes=NODES):
    return decide(wanted, snapshot_of(nodes, placed), Profile(plugins), random.Random(1), nominated=nominated)


def test_a_promised_node_is_as_full_as_it_will_be():
    decision = place(pod(cpu="1"), NodeResourcesFit(), nominated={"a": (PROMISED,), "gone": (PROMISED,)})
    assert decision.feasible == ("b",)
    assert refused(decision, NODES) == {"a": ["Insufficient cpu"]}


def test_but_nobody_can_count_on_pods_that_are_not_there():
    decision = place(pod(cpu="1"), Company(), nominated={"a": (PROMISED,)})
    assert refused(decision, NODES) == {"a": ["nobody there"], "b": ["nobody there"]}


def test_a_node_is_refused_once():
    decision = place(pod(cpu="3"), NodeResourcesFit(), nominated={"a": (PROMISED,)})
    assert fit_error(decision) == "0/2 nodes are available: 2 Insufficient cpu."


def test_a_plugin_that_cannot_answer_is_named():
    class Breaks(Plugin):
        name = "Breaks"

        def filter(self, _cycle):
            raise PluginError("no idea")

    with pytest.raises(PluginError, match='running "Breaks" filter plugin: no idea'):
        place(pod(), Breaks(), nominated={})


def test_plugins_are_told_which_nodes_are_left():
    seen = []

    class Looks(Plugin):
        name = "Looks"

        def filter(self, cycle):
            seen.append(np.flatnonzero(cycle.left).tolist())
            return ()

    place(pod(cpu="1"), NodeResourcesFit(), Looks(), nominated={"b": (pod("q", cpu="1"),)}, placed=((PROMISED, "a"),))
    assert seen == [[1], [1]]
