"""Which pod is next, told as scripts: a line per step, `SECONDS: VERB ARGUMENTS`, and what is popped."""

from __future__ import annotations

import pytest

from steersman.scheduler.cycle import Profile
from steersman.scheduler.events import NODE_ADDED, NODE_UPDATED, POD_DELETED, SELF_UPDATED, Event
from steersman.scheduler.framework import Plugin
from steersman.scheduler.queue import Place, SchedulingQueue

from .nodes import pod


class Wants(Plugin):
    """Passes pods on nodes that are called like them."""

    name = "Wants"
    helped_by = frozenset({NODE_ADDED})

    def may_help(self, event, waiting):
        return event.new["metadata"]["name"] == waiting.key[1]


class Anything(Plugin):
    name = "Anything"


class Gate(Plugin):
    name = "Gate"
    helped_by = frozenset({SELF_UPDATED})

    def pre_enqueue(self, waiting):
        return "closed" if waiting.spec.get("closed") else ""


class Script:
    """`add NAME [PRIORITY] [closed]`, `pop`, `fail NAME [PLUGIN]`, `error NAME`, `node NAME`, `gone NAME`, `remove NAME`,
    `hold NAME`, `release NAME [retry]`, `yields PRIORITY`.
    """

    def __init__(self):
        self.queue = SchedulingQueue(profiles={"default-scheduler": Profile((Wants(), Anything(), Gate()))})
        self.popped = []

    def run(self, text):
        for line in text.strip().splitlines():
            at, _, rest = line.partition(":")
            verb, *arguments = rest.split()
            getattr(self, verb)(float(at), *arguments)
        return " ".join(self.popped)

    def add(self, now, name, *more):
        spec = {
            "priority": int(next((word for word in more if word.lstrip("-").isdigit()), 0)),
            "closed": "closed" in more,
        }
        self.queue.add(pod(name, spec=spec), now)

    def pop(self, now):
        waiting = self.queue.pop(now)
        self.popped.append(waiting.pod.uid if waiting is not None else "-")

    def fail(self, now, name, *plugins):
        self.queue.failed(self.queue.get(name), plugins, now)

    def error(self, now, name):
        self.queue.errored(self.queue.get(name), now)

    def node(self, now, name):
        self.queue.happened(Event(NODE_ADDED, None, {"metadata": {"name": name}}), now)

    def gone(self, now, name):
        self.queue.happened(Event(POD_DELETED, {"metadata": {"name": name}}, None), now)

    def label(self, now, name):
        self.queue.happened(Event(NODE_UPDATED, {}, {"metadata": {"name": name}}), now)

    def hold(self, _now, name):
        self.queue.hold(self.queue.get(name))

    def release(self, now, name, *retry):
        self.queue.release(self.queue.get(name), now, retry=bool(retry))

    def yields(self, now, priority):
        self.queue.happened(Event(POD_DELETED, {}, None), now, priority_max=int(priority))

    def remove(self, _now, name):
        self.queue.remove(name)


SCRIPTS = {
    "who came first is next": ("0: add a \n 1: add b \n 2: pop \n 2: pop \n 2: pop", "a b -"),
    "higher priority goes first": ("0: add a \n 0: add b 5 \n 0: add c -5 \n 1: pop \n 1: pop \n 1: pop", "b a c"),
    "priority can change while a pod waits": (
        "0: add a \n 0: add b \n 1: add b 7 \n 1: pop \n 1: pop \n 1: pop",
        "b a -",
    ),
    "what is removed is not popped": ("0: add a \n 0: add b \n 0: remove a \n 0: pop \n 0: pop", "b -"),
    "a refused pod waits": ("0: add a \n 0: pop \n 0: fail a Wants \n 50: pop", "a -"),
    "until an event may help": ("0: add a \n 0: pop \n 0: fail a Wants \n 50: node a \n 50: pop", "a a"),
    "not any event": ("0: add a \n 0: pop \n 0: fail a Wants \n 50: node b \n 50: gone a \n 50: pop", "a -"),
    "one plugin is enough": ("0: add a \n 0: pop \n 0: fail a Wants Anything \n 50: gone x \n 50: pop", "a a"),
    "refused by nobody: any event": ("0: add a \n 0: pop \n 0: fail a \n 50: gone x \n 50: pop", "a a"),
    "five minutes are enough": ("0: add a \n 0: pop \n 0: fail a Wants \n 299: pop \n 331: pop", "a - a"),
    "idle hands take what backs off": ("0: add a \n 0: pop \n 0: fail a Wants \n 0: node a \n 0: pop", "a a"),
    "but others go first": (
        "0: add a 9 \n 0: pop \n 0: fail a Wants \n 0: node a \n 0: add b \n 0: pop \n 0: pop",
        "a b a",
    ),
    "after an error nothing is early": ("0: add a \n 0: pop \n 0: error a \n 0.9: pop \n 1: pop", "a - a"),
    "a closed gate keeps out": ("0: add a closed \n 0: pop \n 1: node a \n 400: pop", "- -"),
    "until it opens": ("0: add a closed \n 0: pop \n 9: add a \n 9: pop", "- a"),
    "a held pod stays": ("0: add a \n 0: pop \n 0: fail a Anything \n 0: hold a \n 5: gone x \n 9: pop", "a -"),
    "until it is released, if something happened": (
        "0: add a \n 0: pop \n 0: fail a Anything \n 0: hold a \n 5: gone x \n 8: release a \n 9: pop",
        "a a",
    ),
    "if nothing did it waits on": (
        "0: add a \n 0: pop \n 0: fail a Anything \n 0: hold a \n 8: release a \n 9: pop \n 10: gone x \n 10: pop",
        "a - a",
    ),
    "or is tried in any case": (
        "0: add a \n 0: pop \n 0: fail a Wants \n 0: hold a \n 8: release a retry \n 8: pop \n 9: pop",
        "a - a",
    ),
    "some events are for the less important": (
        "0: add a 5 \n 0: add b 4 \n 0: pop \n 0: pop \n 0: fail a \n 0: fail b \n 9: yields 4 \n 9: pop \n 9: pop",
        "a b b -",
    ),
    "a gone pod does not come back": ("0: add a \n 0: pop \n 0: remove a \n 0: add b \n 9: pop \n 9: pop", "a b -"),
}


@pytest.mark.parametrize(("script", "popped"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_which_is_next(script, popped):
    assert Script().run(script) == popped


def test_backing_off_takes_longer_each_time():
    script = Script()
    script.run("0: add a \n 0: pop")
    now, waits = 0.0, []
    for _ in range(6):
        script.error(now, "a")
        waits.append(script.queue.next_at() - now)
        now = script.queue.next_at()
        script.pop(now)
    assert waits == [1, 2, 4, 8, 10, 10]
    assert script.popped == ["a"] * 7


def test_a_failure_is_no_error():
    script = Script()
    script.run("0: add a \n 0: pop \n 0: error a \n 1: pop \n 1: error a \n 3: pop \n 3: fail a \n 3: node x")
    assert script.queue.next_at() == 4


def test_a_pod_that_went_while_it_was_tried_is_not_parked():
    script = Script()
    script.run("0: add a \n 0: pop")
    taken = script.queue.get("a")
    script.queue.remove("a")
    script.queue.failed(taken, ("Wants",), 0)
    script.queue.errored(taken, 0)
    assert len(script.queue) == 0


def test_an_event_can_concern_some_pods_only():
    script = Script()
    script.run("0: add a \n 0: add b \n 0: pop \n 0: pop \n 0: fail a \n 0: fail b")
    assert script.queue.happened(Event(POD_DELETED, {}, None), 0, about=("b", "unknown")) == 1


class Never(Plugin):
    """A namesake with other arguments."""

    name = "Wants"
    helped_by = frozenset({NODE_ADDED})

    def may_help(self, _event, _waiting):
        return False


def test_a_pod_is_woken_and_held_back_by_the_plugins_of_its_own_profile():
    profiles = {"default-scheduler": Profile((Wants(),)), "other": Profile((Never(), Gate()))}
    queue = SchedulingQueue(profiles=profiles)
    for name, spec in (("a", {"closed": True}), ("b", {"schedulerName": "other"})):
        queue.add(pod(name, spec=spec), 0)
        queue.failed(queue.pop(0), ["Wants"], 0)
    queue.add(pod("c", spec={"schedulerName": "other", "closed": True}), 0)
    assert queue.pop(0) is None
    for name in ("a", "b"):
        queue.happened(Event(NODE_ADDED, None, {"metadata": {"name": name}}), 5)
    assert [queue.pop(6).pod.uid, queue.pop(6)] == ["a", None]


def test_whoever_is_no_plugin_may_be_helped_by_anything():
    queue = SchedulingQueue(profiles={"default-scheduler": Profile((Wants(),))})
    queue.add(pod("a"), 0)
    queue.failed(queue.pop(0), ["Extender", "Wants"], 0)
    assert queue.happened(Event(POD_DELETED, {}, None), 1) == 1


def test_how_long_pods_back_off_can_be_chosen():
    queue = SchedulingQueue(profiles={"default-scheduler": Profile(())}, backoff_s=3, backoff_s_max=5)
    queue.add(pod("a"), 0)
    for now, until in ((0, 3), (3, 8), (8, 13)):
        queue.errored(queue.pop(now), now)
        assert queue.next_at() == until


@pytest.mark.parametrize(("node", "woken"), [("a", True), ("b", False)])
def test_what_happens_while_others_decide_about_a_pod_is_not_missed(node, woken):
    script = Script()
    script.run("0: add a\n0: pop")
    waiting = script.queue.get("a")
    script.queue.witness(waiting)
    script.run(f"1: node {node}")
    script.queue.failed(waiting, ("Wants",), 2, witnessed=script.queue.witnessed(waiting))
    assert (waiting.place is Place.BACKOFF) is woken
    assert script.queue.witnessed(waiting) == ()
