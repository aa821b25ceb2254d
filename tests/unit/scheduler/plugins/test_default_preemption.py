"""What preemption says, in upstream's words."""

from __future__ import annotations

import random

from steersman.scheduler.cycle import Profile, decide, follow_up
from steersman.scheduler.framework import Aftermath, Eviction
from steersman.scheduler.messages import fit_error
from steersman.scheduler.plugins.default_preemption import DefaultPreemption
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.taint_toleration import TaintToleration
from steersman.scheduler.snapshot import snapshot_of

from ..nodes import node, pod


def after(wanted, nodes, placed, *, preempts=True):
    rng = random.Random(1)
    preemption = (DefaultPreemption(budgets=tuple, rng=rng),) if preempts else ()
    profile = Profile((TaintToleration(), NodeResourcesFit(), *preemption))
    decision = decide(wanted, snapshot_of(nodes, placed), profile, rng)
    said = follow_up(decision, profile)
    return said, fit_error(decision, said.message)


A = node("a", cpu="4")
X = pod("x", cpu="3")


def high(**spec):
    return pod("p", cpu="3", spec={"priority": 1000, **spec})


def test_a_node_is_nominated_and_its_victims_named():
    said, message = after(high(), [A], ((X, "a"),))
    assert (said.nominated, said.done, said.eviction) == ("a", True, Eviction("a", (X,)))
    assert message == (
        "0/1 nodes are available: 1 Insufficient cpu. "
        "preemption: found a potential placement for pod on node a, preempting 1 victims"
    )


def test_nodes_that_do_not_help_are_counted_by_their_reasons():
    tainted, small = node("b", taints=[{"key": "k", "effect": "NoSchedule"}]), node("c", cpu="2")
    said, message = after(high(), [A, tainted, small], ((pod("x", cpu="3", spec={"priority": 1000}), "a"),))
    assert (said.nominated, said.done, said.eviction) == ("", False, None)
    assert message == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: 0/3 nodes are "
        "available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
    )


def test_a_policy_of_never_is_kept_and_so_is_the_nomination():
    said, message = after(high(preemptionPolicy="Never"), [A], ((X, "a"),))
    assert said.nominated is None
    assert message.endswith("1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.")


def test_a_profile_without_it_stops_after_the_reasons():
    said, message = after(high(), [A], ((X, "a"),), preempts=False)
    assert said == Aftermath(nominated="")
    assert message == "0/1 nodes are available: 1 Insufficient cpu."
