"""Which node, and why."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from steersman.scheduler.cycle import Profile, decide, follow_up
from steersman.scheduler.framework import SKIP, Aftermath, Only, Plugin, PluginError, Refusal, Rejected
from steersman.scheduler.messages import fit_error
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node, pod, refused

NODES = [node("a"), node("b"), node("c")]


class Refuses(Plugin):
    def __init__(self, name, columns, *reasons):
        self.name = name
        self.columns, self.reasons = columns, reasons

    def filter(self, cycle):
        nodes = cycle.snapshot.none()
        nodes[list(self.columns)] = True
        for reason in self.reasons:
            yield Refusal(nodes, reason)


class Scores(Plugin):
    def __init__(self, name, *values):
        self.name, self.values = name, values

    def score(self, cycle, feasible):
        return np.array(self.values, np.int64)[feasible]


def run(*plugins, nodes=NODES, rng=None, **weights):
    return decide(pod(), snapshot_of(nodes), Profile(plugins, weights), rng or random.Random(1))


def test_the_highest_sum_of_weighted_scores_wins():
    decision = run(Scores("X", 10, 20, 30), Scores("Y", 30, 0, 0), Y=3)
    assert decision.node == "a"
    assert {name: scores.tolist() for name, scores in decision.scores.items()} == {"X": [10, 20, 30], "Y": [90, 0, 0]}


def test_equals_are_drawn_from():
    rng = random.Random(1)
    drawn = Counter(run(Scores("X", 5, 9, 9), rng=rng).node for _ in range(100))
    assert set(drawn) == {"b", "c"}
    assert min(drawn.values()) > 30


def test_a_single_node_is_not_scored():
    decision = run(Refuses("F", (0, 1), "no"), Scores("X", 1, 2, 3))
    assert (decision.node, decision.feasible, decision.scores) == ("c", ("c",), {})


def test_a_node_is_refused_by_the_first_plugin_only_and_for_all_its_reasons():
    decision = run(Refuses("F", (0,), "tired", "busy"), Refuses("G", (0, 1, 2), "closed"))
    assert decision.node is None
    assert refused(decision, NODES) == {"a": ["tired", "busy"], "b": ["closed"], "c": ["closed"]}
    assert fit_error(decision) == "0/3 nodes are available: 1 busy, 1 tired, 2 closed."


def test_counts_are_sorted_as_text():
    nodes = [node(f"n{number}") for number in range(12)]
    decision = run(Refuses("F", (0, 1), "b"), Refuses("G", range(12), "a"), nodes=nodes)
    assert fit_error(decision, "preemption: no.") == "0/12 nodes are available: 10 a, 2 b. preemption: no."


def test_a_pod_can_be_rejected_before_any_node_is_looked_at():
    class Rejects(Plugin):
        name = "R"

        def pre_filter(self, _cycle):
            return Rejected("nothing will do")

    decision = run(Refuses("F", (0,), "no"), Rejects())
    assert decision.rejected == ("R", Rejected("nothing will do"))
    assert fit_error(decision) == "0/3 nodes are available: nothing will do."


def test_nodes_beyond_a_restriction_count_for_the_plugin_that_made_it():
    class Restricts(Plugin):
        name = "R"

        def pre_filter(self, _cycle):
            return Only(frozenset({"b", "elsewhere"}))

    decision = run(Restricts(), Refuses("F", (0, 1, 2), "no"))
    assert fit_error(decision) == "0/3 nodes are available: 1 no, 2 node(s) didn't satisfy plugin(s) [R]."


def test_a_plugin_that_skips_is_not_asked():
    class Silent(Scores):
        def pre_filter(self, _cycle):
            return SKIP

        def pre_score(self, _cycle, _feasible):
            return SKIP

        def filter(self, _cycle):
            raise AssertionError

    assert run(Silent("S", 1, 2, 3)).scores == {}


def test_without_nodes_nothing_fits():
    assert fit_error(run(nodes=[])) == "0/0 nodes are available:"


def test_a_nominated_node_that_can_take_the_pod_is_the_one():
    wanted = pod()
    for nominated, other, node_taken in (("a", (), "a"), ("a", (0,), "c"), ("elsewhere", (), "c")):
        wanted.pod["status"] = {"nominatedNodeName": nominated}
        plugins = (Refuses("F", other, "no"), Scores("X", 1, 2, 3))
        decision = decide(wanted, snapshot_of(NODES), Profile(plugins, {}), random.Random(1))
        assert decision.node == node_taken


class Suggests(Plugin):
    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def post_filter(self, _decision):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def suggestions(*answers):
    plugins = (Refuses("F", (0, 1, 2), "no"), *(Suggests(f"S{at}", answer) for at, answer in enumerate(answers)))
    return follow_up(run(*plugins), Profile(plugins))


def test_the_first_plugin_that_finds_a_way_is_the_last_to_be_asked():
    way = Aftermath("this way", "a", done=True)
    assert suggestions(Aftermath("none"), way, AssertionError()) == way


def test_plugins_that_find_none_are_heard_together():
    assert suggestions(Aftermath("x", ""), Aftermath(), Aftermath("y")) == Aftermath("x, y", "")


def test_a_plugin_that_cannot_answer_ends_the_search():
    assert suggestions(Aftermath("x", ""), PluginError("not found"), AssertionError()) == Aftermath("not found")


def test_where_nobody_is_asked_no_node_is_kept():
    assert suggestions() == Aftermath("", "")
