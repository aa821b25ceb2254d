"""What would be, node by node."""

from __future__ import annotations

import random

import numpy as np

from steersman.scheduler.snapshot import snapshot_of
from steersman.scheduler.trial import Trial

from .nodes import node, pod

NODES = [node("a"), node("b"), node("c")]
X, Y, Z = (pod(name, cpu="1") for name in "xyz")


def spread():
    return snapshot_of(NODES, ((X, "a"), (Y, "b")))


def lives_in_ns(each):
    return each.key[0] == "ns"


def names(each):
    return [each.uid]


def test_pods_of_a_trial_count_there_and_nowhere_else():
    snapshot = spread()
    trial = Trial(snapshot)
    trial.remove_pod(X, "a")
    trial.add_pod(Z, "c")
    assert trial.pods_count.tolist() == [0, 1, 1]
    assert [list(pods) for pods in trial.pods] == [[], ["y"], ["z"]]
    assert snapshot.pods_count.tolist() == [1, 1, 0]
    assert [list(pods) for pods in snapshot.pods] == [["x"], ["y"], []]


def test_what_was_counted_before_and_what_is_counted_later_agree():
    trial = Trial(spread())
    early = trial.count("early", lives_in_ns)
    assert early.tolist() == [1, 1, 0]
    trial.add_pod(Z, "c")
    trial.remove_pod(Y, "b")
    assert early.tolist() == trial.count("late", lives_in_ns).tolist() == [1, 0, 1]
    assert trial.elsewhere.count("early", lives_in_ns).tolist() == [1, 1, 0]


def test_tallies_follow_too():
    snapshot = spread()
    trial = Trial(snapshot)
    early = trial.tally("early", names)
    trial.add_pod(Z, "c")
    trial.remove_pod(Y, "b")
    for tally in (early, trial.tally("late", names)):
        found = {key: counts.tolist() for key, counts in tally.items() if counts.any()}
        assert found == {"x": [1, 0, 0], "z": [0, 0, 1]}
    assert set(snapshot.tally("early", names)) == {"x", "y"}


def test_rows_that_are_kept_are_renewed_in_the_trial_alone():
    snapshot = spread()

    def left(of):
        return of.charged("left", lambda columns: 10_000 - of.requested[0, columns]).tolist()

    assert left(snapshot) == [9000, 9000, 10_000]
    trial = Trial(snapshot)
    trial.remove_pod(X, "a")
    assert left(trial) == [10_000, 9000, 10_000]
    assert left(snapshot) == [9000, 9000, 10_000]


def test_a_resource_that_only_a_tried_pod_names_is_unknown_outside():
    snapshot = spread()
    trial = Trial(snapshot)
    trial.add_pod(pod("w", **{"example.com/gpu": "1"}), "c")
    assert trial.requested[trial.row("example.com/gpu")].tolist() == [0, 0, 1]
    assert snapshot.row("example.com/gpu") is None


def test_a_trial_of_a_trial_looks_at_the_same_others():
    snapshot = spread()
    first = Trial(snapshot)
    first.remove_pod(X, "a")
    second = Trial(first)
    second.add_pod(Z, "a")
    assert (first.pods_count.tolist(), second.pods_count.tolist()) == ([0, 1, 0], [1, 1, 0])
    assert second.count("k", lives_in_ns).tolist() == [1, 1, 0]
    assert second.elsewhere is snapshot


def test_taking_back_all_that_was_tried_leads_back():
    rng = random.Random(1)
    snapshot = spread()
    trial = Trial(snapshot)
    counts, done = trial.count("k", lives_in_ns), []
    for number in range(30):
        each, where = pod(f"n{number}", cpu=f"{rng.randrange(1, 5)}"), rng.choice("abc")
        trial.add_pod(each, where)
        done.append((each, where))
    for each, where in rng.sample(done, len(done)):
        trial.remove_pod(each, where)
    assert np.array_equal(trial.requested, snapshot.requested)
    assert counts.tolist() == [1, 1, 0]
