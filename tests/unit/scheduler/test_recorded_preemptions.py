"""Recorded preemptions of upstream, replayed without a server: what the first pod is told, its node, and its victims."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from steersman.scheduler.cycle import Profile, decide, follow_up
from steersman.scheduler.messages import fit_error
from steersman.scheduler.plugins.default_preemption import DefaultPreemption
from steersman.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from steersman.scheduler.plugins.node_affinity import NodeAffinity
from steersman.scheduler.plugins.node_ports import NodePorts
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.plugins.pod_topology_spread import PodTopologySpread
from steersman.scheduler.plugins.taint_toleration import TaintToleration
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.snapshot import snapshot_of

SCENARIOS = Path(__file__).parents[4] / "shared" / "golden" / "scheduler" / "visible"
SYSTEM = {"system-cluster-critical": (2_000_000_000, None), "system-node-critical": (2_000_001_000, None)}

pytestmark = pytest.mark.skipif(not SCENARIOS.is_dir(), reason="needs ../shared/golden beside the project")


def recorded():
    for path in sorted(SCENARIOS.glob("pre-*.json")):
        scenario = json.loads(path.read_text())
        if scenario["category"] == "preemption" and "condition" in scenario["expect"][0] and "then" not in scenario:
            yield pytest.param(scenario, id=path.stem)


def admitted(pod, classes):
    """As the API server would have it, as far as it matters."""
    metadata, spec = {"namespace": "default", "labels": {}, **pod["metadata"]}, dict(pod["spec"])
    priority, policy = classes.get(spec.get("priorityClassName"), (0, None))
    spec |= {"priority": priority, **({"preemptionPolicy": policy} if policy else {})}
    metadata["uid"] = f"{metadata['namespace']}/{metadata['name']}"
    return read_pod({**pod, "metadata": metadata, "spec": spec})


@pytest.mark.parametrize("scenario", tuple(recorded()))
def test_the_first_pod_is_told_what_upstream_tells_it(scenario):
    cluster, (expected, *_) = scenario["cluster"], scenario["expect"]
    classes = SYSTEM | {
        each["metadata"]["name"]: (each["value"], each.get("preemptionPolicy"))
        for each in cluster.get("priorityclasses", ())
    }
    placed = [(admitted(each, classes), each["spec"]["nodeName"]) for each in cluster.get("pods", ())]
    budgets = [each | {"metadata": {"namespace": "default"}} for each in cluster.get("poddisruptionbudgets", ())]
    rng = random.Random(1)
    profile = Profile(
        (
            TaintToleration(),
            NodeAffinity(),
            NodePorts(),
            NodeResourcesFit(),
            PodTopologySpread(selecting=lambda _pod: None),
            InterPodAffinity(namespace_labels=lambda _name: {}),
            DefaultPreemption(budgets=lambda: budgets, rng=rng),
        )
    )
    wanted = admitted(scenario["pods"][0], classes)
    decision = decide(wanted, snapshot_of(cluster["nodes"], placed), profile, rng)
    assert decision.node is None
    after = follow_up(decision, profile)
    told = [each["message"] for each in expected["condition"]]
    assert fit_error(decision, after.message) in told
    assert (after.nominated or None) in (expected.get("nominated") or [None])
    if len(scenario["pods"]) == 1:
        victims = sorted(each.uid for each in after.eviction.victims) if after.eviction else []
        assert victims in [[each["pod"] for each in alternative] for alternative in scenario.get("victims", [[]])]
