"""Which nodes are promised to whom."""

from __future__ import annotations

from steersman.scheduler.nominations import Nominations, nominated_of

from .nodes import pod


def waiting(name, priority=0, *, nominated=""):
    found = pod(name, spec={"priority": priority})
    found.pod["status"] = {"nominatedNodeName": nominated} if nominated else {}
    return found


def test_a_pod_has_one_node_at_most():
    nominations = Nominations()
    p = waiting("p")
    nominations.set(p, "a")
    nominations.set(p, "b")
    assert nominations.node_of("p") == "b"
    assert dict(nominations.at_least(waiting("q"))) == {"b": (p,)}
    nominations.set(p, "")
    assert (nominations.node_of("p"), nominations.at_least(waiting("q"))) == ("", {})


def test_those_who_are_as_important_have_to_be_reckoned_with():
    nominations = Nominations()
    low, mid, high = (waiting(name, priority) for name, priority in (("low", 1), ("mid", 2), ("high", 3)))
    for each in (low, mid, high):
        nominations.set(each, "a")
    assert dict(nominations.at_least(waiting("q", 2))) == {"a": (mid, high)}
    assert dict(nominations.at_least(mid)) == {"a": (high,)}
    assert nominations.below(high, "a") == (low, mid)
    assert nominations.below(high, "b") == ()


def test_what_was_nominated_here_holds_until_the_status_says_something_else():
    nominations = Nominations()
    nominations.seen(None, waiting("p"))
    nominations.set(waiting("p"), "a")
    nominations.seen(waiting("p").pod, waiting("p"))  # not written yet
    assert nominations.node_of("p") == "a"
    nominations.seen(waiting("p").pod, waiting("p", nominated="a"))
    nominations.seen(waiting("p", nominated="a").pod, waiting("p", nominated="b"))
    assert nominations.node_of("p") == "b"
    nominations.seen(waiting("p", nominated="b").pod, waiting("p"))
    assert nominations.node_of("p") == ""


def test_others_may_nominate_too():
    nominations = Nominations()
    nominations.seen(None, waiting("p", nominated="a"))
    assert nominations.node_of("p") == "a"
    assert nominated_of({}) == ""
