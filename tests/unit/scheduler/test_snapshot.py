"""All nodes as columns."""

from __future__ import annotations

import numpy as np

from steersman.scheduler.snapshot import Snapshot, snapshot_of

from .nodes import node, pod


def test_amounts_are_exact_integers():
    snapshot = snapshot_of([node("a", cpu="1500m", memory="9007199254740993")])
    assert snapshot.allocatable[:2, 0].tolist() == [1500, 9007199254740993]
    assert snapshot.pods_allowed.tolist() == [110]


def test_pods_are_charged_once_and_given_back():
    snapshot = snapshot_of([node("a"), node("b")])
    one = pod("one", cpu="2", memory="1Gi")
    snapshot.add_pod(one, "b")
    snapshot.add_pod(one, "b")
    assert snapshot.requested[0].tolist() == [0, 2000]
    assert snapshot.pods_count.tolist() == [0, 1]
    snapshot.remove_pod(one, "b")
    snapshot.remove_pod(one, "b")
    assert not snapshot.requested.any()
    assert snapshot.pods_count.tolist() == [0, 0]


def test_a_container_that_asks_for_nothing_counts_in_scores_only():
    snapshot = snapshot_of([node("a")], [(pod("one"), "a"), (pod("two", cpu="0", memory="0"), "a")])
    assert snapshot.requested[:2, 0].tolist() == [0, 0]
    assert snapshot.scored[:, 0].tolist() == [100, 200 << 20]


def test_a_resource_gets_its_row_when_it_is_first_named():
    snapshot = snapshot_of([node("a"), node("b", **{"example.com/gpu": "2"})])
    row = snapshot.row("example.com/gpu")
    assert snapshot.allocatable[row].tolist() == [0, 2]
    assert snapshot.row("example.com/other") is None


def test_a_node_that_goes_takes_its_pods_with_it():
    snapshot = snapshot_of([node("a"), node("b"), node("c")], [(pod("one", cpu="1"), "b"), (pod("two", cpu="3"), "c")])
    snapshot.remove_node("b")
    snapshot.remove_node("nobody")
    assert snapshot.names == ["a", "c"]
    assert snapshot.index == {"a": 0, "c": 1}
    assert snapshot.requested[0].tolist() == [0, 3000]
    snapshot.add_pod(pod("late"), "b")
    assert snapshot.pods_count.tolist() == [0, 1]


def test_changing_in_place_is_as_good_as_beginning_anew():
    nodes = [node("a"), node("b", cpu="4"), node("c", **{"example.com/gpu": "1"})]
    pods = [(pod("one", cpu="1"), "b"), (pod("two", memory="1Gi"), "c")]
    changed = Snapshot()
    changed.set_node(node("a", cpu="1", **{"example.com/old": "7"}))
    for each in nodes:
        changed.set_node(each)
    gone = pod("gone", cpu="9")
    for each, name in [(gone, "a"), *pods]:
        changed.add_pod(each, name)
    changed.remove_pod(gone, "a")
    fresh = snapshot_of(nodes, pods)
    for resource, row in fresh.resources.items():
        assert np.array_equal(fresh.allocatable[row], changed.allocatable[changed.row(resource)]), resource
        assert np.array_equal(fresh.requested[row], changed.requested[changed.row(resource)]), resource
    assert not changed.allocatable[changed.row("example.com/old")].any()


def test_what_was_derived_from_nodes_is_kept_and_found_anew_for_those_that_change():
    asked = []
    snapshot = snapshot_of([node("a"), node("b")])

    def is_b(each):
        asked.append(each["metadata"]["name"])
        return each["metadata"]["name"] == "b"

    assert snapshot.mask("b", is_b).tolist() == snapshot.mask("b", is_b).tolist() == [False, True]
    assert asked == ["a", "b"]
    for name in ("b", "c", "d"):
        snapshot.set_node(node(name))
    assert snapshot.mask("b", is_b).tolist() == [False, True, False, False]
    snapshot.set_node(node("c"))
    snapshot.mask("b", is_b)
    assert asked[-1] == "c"
    snapshot.remove_node("a")
    assert snapshot.mask("b", is_b).tolist() == [True, False, False]
    assert asked[-1] == "c"


def test_what_is_charged_is_computed_anew_for_nodes_it_has_changed_of():
    names = [f"n{number}" for number in range(8)]
    snapshot = snapshot_of([node(name) for name in names])
    asked = []

    def cpu(columns):
        asked.append(len(columns))
        return snapshot.requested[0, columns]

    before = snapshot.charged("cpu", cpu)
    for place in ("n3", "n3", "n5"):
        snapshot.add_pod(pod(f"{place}-{len(snapshot.pods[3])}", cpu="1"), place)
    assert snapshot.charged("cpu", cpu).tolist() == [0, 0, 0, 2000, 0, 1000, 0, 0]
    assert (asked, before.any()) == ([8, 1, 1], False)  # what was given out stays as it was
    snapshot.add_pod(pod("n5-second", cpu="1"), "n5")
    assert snapshot.charged("cpu", cpu).tolist() == [0, 0, 0, 2000, 0, 2000, 0, 0]
    assert asked == [8, 1, 1]  # n3 has been like that
    snapshot.set_node(node("n8"))
    snapshot.remove_node("n3")
    assert snapshot.charged("cpu", cpu).tolist() == [0, 0, 0, 0, 2000, 0, 0, 0]
    for number in range(25_000):
        (snapshot.remove_pod if number % 2 else snapshot.add_pod)(pod("again", cpu="1"), "n0")
    snapshot.add_pod(pod("last", cpu="3"), "n1")
    assert snapshot.charged("cpu", cpu).tolist() == [0, 3000, 0, 0, 2000, 0, 0, 0]


def test_what_is_counted_stays_up_to_date_as_pods_and_nodes_come_and_go():
    snapshot = snapshot_of([node("a"), node("b")], [(pod("x1"), "a")])

    def is_x(each):
        return each.uid.startswith("x")

    assert snapshot.count("x", is_x).tolist() == [1, 0]
    two, other = pod("x2"), pod("other")
    snapshot.set_node(node("c"))
    for each in (two, other):
        snapshot.add_pod(each, "c")
    assert snapshot.count("x", is_x).tolist() == [1, 0, 1]
    snapshot.remove_node("a")
    assert snapshot.count("x", is_x).tolist() == [0, 1]
    snapshot.remove_pod(two, "c")
    assert snapshot.count("x", is_x).tolist() == [0, 0]


def test_of_many_counters_the_longest_unused_is_forgotten():
    snapshot = snapshot_of([node("a")])
    for number in range(300):
        snapshot.count(number, lambda _pod: True)
        snapshot.count("kept", lambda _pod: True)
    assert len(snapshot._counters) == 256
    assert "kept" in snapshot._counters


def test_what_pods_have_is_tallied_and_forgotten_when_nobody_has_it():
    snapshot = snapshot_of([node("a"), node("b")], [(pod("x"), "a")])

    def first_letter(each):
        return (each.uid[0],)

    assert {key: counts.tolist() for key, counts in snapshot.tally("t", first_letter).items()} == {"x": [1, 0]}
    two = pod("y2")
    snapshot.add_pod(two, "b")
    snapshot.set_node(node("c"))
    assert snapshot.tally("t", first_letter)["y"].tolist() == [0, 1, 0]
    snapshot.remove_pod(two, "b")
    snapshot.remove_node("a")
    assert dict(snapshot.tally("t", first_letter)) == {}


def test_numbers_of_nodes_are_kept_until_a_node_changes():
    snapshot, asked = snapshot_of([node("a"), node("bb")]), []

    def length(each):
        asked.append(each["metadata"]["name"])
        return len(each["metadata"]["name"])

    for _ in range(2):
        assert snapshot.amounts("length", length).tolist() == [1, 2]
    assert asked == ["a", "bb"]
    snapshot.set_node(node("ccc"))
    assert snapshot.amounts("length", length).tolist() == [1, 2, 3]


def test_names_that_were_given_out_stay_after_a_node_has_gone():
    snapshot = snapshot_of([node("a"), node("b"), node("c")])
    names = snapshot.all_names()
    snapshot.remove_node("a")
    assert (list(names), list(snapshot.all_names())) == (["a", "b", "c"], ["b", "c"])
