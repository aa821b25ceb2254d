"""Terse builders of nodes and pods that are to be placed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.filtering import Filtering
from steersman.scheduler.framework import Cycle
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.snapshot import snapshot_of
from steersman.scheduler.trial import Trial

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.scheduler.cycle import Decision
    from steersman.scheduler.framework import Plugin
    from steersman.scheduler.pod_info import PodInfo


def node(name: str, *, labels: Object | None = None, taints: list[Object] | None = None, **allocatable: str) -> Object:
    """`allocatable`: cpu, memory, pods ... (10, 10Gi, 110 where nothing is said)."""
    amounts = {"cpu": "10", "memory": "10Gi", "pods": "110", **allocatable}
    spec = {"taints": taints} if taints else {}
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": spec, "status": {"allocatable": amounts}}


def pod(name: str = "p", *, init: list[Object] | None = None, spec: Object | None = None, **requests: str) -> PodInfo:
    """With one container that asks for `requests`."""
    containers = [{"name": "c", "resources": {"requests": requests}}]
    whole: Object = {"containers": containers, "initContainers": init or [], **(spec or {})}
    return read_pod({"metadata": {"namespace": "ns", "name": name, "uid": name}, "spec": whole})


def place(
    wanted: PodInfo, nodes: list[Object], plugin: Plugin, placed: tuple[tuple[PodInfo, str], ...] = (), **weights: Any
) -> Decision:
    """What one plugin alone decides."""
    return decide(wanted, snapshot_of(nodes, placed), Profile((plugin,), weights), random.Random(1))


def refused(decision: Decision, nodes: list[Object]) -> dict[str, list[str]]:
    """Reasons by node, only of nodes that have any."""
    found = {each["metadata"]["name"]: [why for _, why in decision.reasons(at)] for at, each in enumerate(nodes)}
    return {name: reasons for name, reasons in found.items() if reasons}


def refused_in_trial(
    wanted: PodInfo,
    nodes: list[Object],
    plugin: Plugin,
    placed: tuple[tuple[PodInfo, str], ...] = (),
    *,
    without: tuple[tuple[PodInfo, str], ...] = (),
    also: tuple[tuple[PodInfo, str], ...] = (),
) -> dict[str, list[str]]:
    """As `refused`, of one plugin, each node judged as if these changes were made to it alone."""
    snapshot = snapshot_of(nodes, placed)
    trial, alive = Trial(snapshot), ~snapshot.none()
    for pod, where in without:
        trial.remove_pod(pod, where)
    for pod, where in also:
        trial.add_pod(pod, where)
    cycle = Cycle(wanted, snapshot)
    plugin.pre_filter(cycle)
    verdicts = Filtering(cycle, (plugin,)).refuse(trial, alive)
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        for column in np.flatnonzero(verdict.refusal.nodes):
            found.setdefault(snapshot.names[column], []).append(verdict.refusal.reason)
    return dict(sorted(found.items()))


def scored(decision: Decision) -> dict[str, int]:
    """The only plugin's scores by node."""
    ((_, scores),) = decision.scores.items()
    return dict(zip(decision.feasible, map(int, scores), strict=True))
