"""The snapshot is in step with nodes and pods, in whatever order they come."""

from __future__ import annotations

from itertools import permutations

import pytest

from steersman.scheduler.events import NODE_ADDED, NODE_DELETED, NODE_UPDATED, POD_ADDED, POD_DELETED, POD_UPDATED
from steersman.scheduler.placements import Placements
from steersman.scheduler.snapshot import Snapshot

from .nodes import node, pod


def on(name, uid="p", **metadata):
    waiting = pod(uid, cpu="2")
    whole = waiting.pod
    return {**whole, "metadata": {**whole["metadata"], **metadata}, "spec": {**whole["spec"], "nodeName": name}}


def kind(event):
    return event.kind if event is not None else None


@pytest.fixture
def placements():
    return Placements(snapshot=Snapshot())


def used(placements):
    snapshot = placements._snapshot
    return {name: (int(snapshot.pods_count[at]), int(snapshot.requested[0, at])) for name, at in snapshot.index.items()}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_comes_first_every_pod_is_charged_once(placements, order):
    steps = (
        lambda: placements.node_changed(None, node("a")),
        lambda: placements.bound(on("a", "p")),
        lambda: placements.bound(on("a", "q")),
        lambda: placements.bound(on("a", "p")),
    )
    for step in order:
        steps[step]()
    assert used(placements) == {"a": (2, 4000)}


def test_a_node_that_comes_back_has_its_pods(placements):
    placements.node_changed(None, node("a"))
    placements.bound(on("a"))
    assert kind(placements.node_changed(node("a"), None)) == NODE_DELETED
    assert used(placements) == {}
    assert kind(placements.node_changed(None, node("a"))) == NODE_ADDED
    assert used(placements) == {"a": (1, 2000)}


def test_a_heartbeat_changes_nothing(placements):
    placements.node_changed(None, node("a"))
    version = placements._snapshot.version
    beat = node("a")
    beat["status"]["conditions"] = [{"type": "Ready", "lastHeartbeatTime": "now"}]
    assert placements.node_changed(node("a"), beat) is None
    assert placements._snapshot.version == version
    assert kind(placements.node_changed(beat, node("a", cpu="20"))) == NODE_UPDATED


def test_what_is_assumed_counts_and_is_confirmed_or_forgotten(placements):
    placements.node_changed(None, node("a"))
    placements.assume(pod("p", cpu="2"), "a")
    assert used(placements) == {"a": (1, 2000)}
    assert kind(placements.bound(on("a", "p"))) == POD_ADDED
    assert placements.forget(pod("p", cpu="2")) is None  # it is bound by now
    placements.assume(pod("q", cpu="2"), "a")
    assert used(placements) == {"a": (2, 4000)}
    assert kind(placements.forget(pod("q", cpu="2"))) == POD_DELETED
    assert used(placements) == {"a": (1, 2000)}


def test_a_pod_that_is_bound_elsewhere_counts_there(placements):
    for name in ("a", "b"):
        placements.node_changed(None, node(name))
    placements.assume(pod("p", cpu="2"), "a")
    placements.bound(on("b", "p"))
    assert used(placements) == {"a": (0, 0), "b": (1, 2000)}


def test_only_what_decisions_are_made_by_is_a_change(placements):
    placements.bound(on("a"))
    assert placements.bound(on("a", annotations={"x": "y"})) is None
    assert kind(placements.bound(on("a", labels={"x": "y"}))) == POD_UPDATED
    assert kind(placements.bound(on("a", labels={"x": "y"}, generation=2))) == POD_UPDATED
    assert kind(placements.gone(on("a"))) == POD_DELETED
    assert placements.gone(on("a")) is None
    assert "p" not in placements


def test_a_resized_pod_takes_what_its_status_says(placements):
    placements.node_changed(None, node("a"))
    placements.bound(on("a"))

    def with_status(cpu):
        entry = {"name": "c", "allocatedResources": {"cpu": cpu}, "resources": {"requests": {"cpu": cpu}}}
        return on("a") | {"status": {"containerStatuses": [entry]}}

    assert placements.bound(with_status("2")) is None
    assert kind(placements.bound(with_status("3"))) == POD_UPDATED
    assert used(placements) == {"a": (1, 3000)}
