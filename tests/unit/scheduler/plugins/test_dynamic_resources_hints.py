"""After which events it is worth trying a pod again that waits for devices, and how nodes are judged. Pure."""

from __future__ import annotations

import random

import pytest

from steersman.lib.clock import SystemClock
from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.devices.tracker import Tracker
from steersman.scheduler.events import SELF, Action, Event, Kind, event_of
from steersman.scheduler.plugins.dynamic_resources.plugin import DynamicResources
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.snapshot import snapshot_of

from ..devices.offers import CLASSES, SELECTORS, claim, device, either, offer, request, taking
from ..nodes import node, pod, refused, scored

ANY = CLASSES["any"]


def counted(name, version=1, allocation=None, **metadata):
    made = claim(request(), name=name)
    made["metadata"] |= {"resourceVersion": str(version), **metadata}
    return made | ({"status": {"allocation": allocation}} if allocation else {})


def claiming(*names, name="p"):
    listed = [{"name": each, "resourceClaimName": each} for each in names]
    return pod(name, spec={"resourceClaims": listed})


class Place:
    """A cluster that one plugin alone decides about."""

    def __init__(self, *slices, nodes=("n",)):
        self.tracker = Tracker()
        self.nodes = [node(name) for name in nodes]
        self.plugin = DynamicResources(
            tracker=self.tracker,
            selectors=SELECTORS,
            commitment=None,
            clock=SystemClock(),
            rng=random.Random(1),
            timeout_s=600,
        )
        self.tracker.class_changed(None, ANY)
        for each in slices:
            self.tracker.slice_changed(None, each)

    def claims(self, *objects):
        for each in objects:
            self.tracker.claim_changed(None, each)
        return self

    def decide(self, wanted):
        return decide(
            wanted, snapshot_of(self.nodes), Profile((self.plugin,), {"DynamicResources": 2}), random.Random(1)
        )

    def take(self, wanted):
        """Decide, and reserve."""
        decision = self.decide(wanted)
        self.plugin.reserve(decision.cycle, decision.node)
        return decision

    def helps(self, event, waiting=None):
        return event.kind in self.plugin.helped_by and self.plugin.may_help(event, waiting or claiming("c"))


def told(old, new):
    return event_of("resourceclaims", old, new)


# --- hints


def test_changes_of_a_claim_help_who_uses_it():
    place = Place().claims(counted("c"))
    assert place.helps(told(None, counted("c")))
    assert not place.helps(told(None, counted("other")))
    assert place.helps(told(counted("c"), counted("c", 2, taking("p/a"))))
    assert not place.helps(told(counted("c"), counted("c", 2, labels={"a": "b"})))


def test_devices_that_become_free_help_everybody():
    place = Place().claims(counted("c"))
    assert place.helps(told(counted("other", 1, taking("p/a")), counted("other", 2)))
    assert place.helps(told(counted("other", 1, taking("p/a")), None))
    assert not place.helps(told(counted("other"), None))


def test_while_a_claim_is_missing_nothing_else_helps():
    place = Place()
    assert not place.helps(told(counted("other", 1, taking("p/a")), counted("other", 2)))
    assert place.plugin.pre_enqueue(claiming("c"))
    place.claims(counted("c"))
    assert place.plugin.pre_enqueue(claiming("c")) == ""
    waiting = claiming("c")
    assert place.helps(Event(Kind(SELF, Action.UPDATED), waiting.pod, waiting.pod), waiting)


@pytest.mark.parametrize(
    ("plural", "actions"),
    [
        ("resourceslices", (Action.ADDED, Action.UPDATED)),
        ("deviceclasses", (Action.ADDED, Action.UPDATED)),
        ("devicetaintrules", (Action.UPDATED, Action.DELETED)),
    ],
)
def test_what_may_bring_devices_helps(plural, actions):
    helped = {kind.action for kind in DynamicResources.helped_by if kind.resource == plural}
    assert helped == set(actions)


def test_of_a_node_labels_and_amounts_matter():
    place = Place()
    assert place.helps(event_of("nodes", None, node("n")))
    assert place.helps(event_of("nodes", node("n"), node("n", labels={"a": "b"})))
    assert not place.helps(event_of("nodes", node("n"), node("n", taints=[])))


# --- decisions


def test_pods_without_claims_are_not_looked_at():
    assert Place(nodes=("n", "m")).decide(pod()).feasible == ("n", "m")


def test_a_claim_on_its_way_is_waited_for():
    place = Place(offer("s", "a"), nodes=("n",)).claims(counted("c"))
    place.take(claiming("c"))
    decision = place.decide(claiming("c", name="q"))
    assert decision.rejected[1].reason == "resource claim ns/c is in the process of being allocated"


def test_devices_are_taken_by_the_decision_and_given_back():
    place = Place(offer("s", "a")).claims(counted("c"), counted("d"))
    first = place.take(claiming("c"))
    assert refused(place.decide(claiming("d")), place.nodes) == {"n": ["cannot allocate all claims"]}
    place.plugin.unreserve(first.cycle, "n")
    assert place.decide(claiming("d")).node == "n"


def test_an_allocated_claim_is_where_it_is():
    there = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["m"]}]}]}
    place = Place(nodes=("n", "m")).claims(counted("c", 1, taking("p/a") | {"nodeSelector": there}))
    decision = place.decide(claiming("c"))
    assert decision.node == "m"
    assert refused(decision, place.nodes) == {"n": ["resourceclaim not available on the node"]}


def test_all_claims_of_a_pod_must_be_served_by_one_node():
    place = Place(offer("s", "a"), offer("t", "b", "c", pool="q", nodeName="m"), nodes=("n", "m"))
    place.claims(counted("c"), counted("d"))
    decision = place.decide(claiming("c", "d"))
    assert decision.node == "m"
    assert refused(decision, place.nodes) == {"n": ["cannot allocate all claims"]}


def test_better_alternatives_score_more():
    slices = [offer(f"s{name}", device("g", x_model=name), pool=name, nodeName=name) for name in "nm"]
    place = Place(*slices, nodes=("n", "m"))
    wanted = claim(either("r", best=request("r", "model=m"), other=request()), name="c")
    wanted["metadata"]["resourceVersion"] = "1"
    decision = place.claims(wanted).decide(claiming("c"))
    assert scored(decision) == {"n": 174, "m": 200}


def test_extended_resources_that_no_class_stands_for_are_not_its_business():
    wanted = read_pod(
        {
            "metadata": {"namespace": "ns", "name": "p", "uid": "p"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"example.com/gpu": "1"}}}]},
        }
    )
    assert Place().decide(wanted).node == "n"


@pytest.mark.parametrize(("here", "reason"), [({}, "cannot fit resource"), ({"other.io/x": "1"}, None)])
def test_a_node_must_have_the_resources_that_devices_do_not_provide(here, reason):
    place = Place(offer("s", "a"))
    place.tracker.class_changed(ANY, ANY | {"spec": {"extendedResourceName": "example.com/gpu"}})
    place.nodes = [node("n", **here)]
    containers = [{"name": "c", "resources": {"requests": {"example.com/gpu": "1", "other.io/x": "1"}}}]
    wanted = read_pod({"metadata": {"namespace": "ns", "name": "p", "uid": "p"}, "spec": {"containers": containers}})
    assert refused(place.decide(wanted), place.nodes) == ({"n": [reason]} if reason else {})


# --- incremental equals from scratch


class Changing(Place):
    """A place that remembers what it was told, so that another can be told the same from the beginning."""

    NAMES = "abcd"

    def __init__(self, rng):
        super().__init__(nodes=self.NAMES)
        self.rng, self.told = rng, {"slice": {}, "claim": {}, "rule": {}}

    def change(self):
        kind = self.rng.choice(["slice", "slice", "claim", "claim", "claim", "rule"])
        name = f"{kind}-{self.rng.randrange(6)}"
        old, new = self.told[kind].pop(name, None), None
        if old is None or self.rng.random() < 0.6:
            new = self.told[kind][name] = getattr(self, kind)(name)
        if old is not None or new is not None:
            getattr(self.tracker, f"{kind}_changed")(old, new)

    def slice(self, name):
        rng = self.rng
        where = {"allNodes": True} if rng.random() < 0.2 else {"nodeName": rng.choice(self.NAMES)}
        uses = [{"counterSet": "set", "counters": {"c": {"value": "1"}}}]
        more = {"consumesCounters": uses} if rng.random() < 0.1 else {}
        devices = [device(f"{name}-{at}", **more) for at in range(rng.randint(1, 2))]
        return offer(
            name, *devices, pool=rng.choice("pq"), of=rng.randint(1, 2), generation=rng.choice([1, 1, 1, 2]), **where
        )

    def claim(self, name):
        taken = f"{self.rng.choice('pq')}/slice-{self.rng.randrange(6)}-{self.rng.randrange(2)}"
        return counted(name, self.rng.randrange(10**6), taking(taken) if self.rng.random() < 0.8 else None)

    def rule(self, name):
        selector = {"device": f"slice-{self.rng.randrange(6)}-0"}
        return {
            "metadata": {"name": name},
            "spec": {"deviceSelector": selector, "taint": {"key": "k", "effect": "NoSchedule"}},
        }

    def from_scratch(self):
        fresh = Place(*self.told["slice"].values(), nodes=self.NAMES)
        for rule in self.told["rule"].values():
            fresh.tracker.rule_changed(None, rule)
        return fresh.claims(*self.told["claim"].values())

    def outcome(self, place):
        place.claims(counted("wanted"))
        return refused(place.decide(claiming("wanted")), self.nodes)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_remembered_is_what_would_be_found(seed):
    place = Changing(random.Random(seed))
    snapshot = snapshot_of(place.nodes)
    place.decide = lambda wanted: decide(wanted, snapshot, Profile((place.plugin,)), random.Random(1))
    for _ in range(40):
        place.change()
        assert place.outcome(place) == place.outcome(place.from_scratch())
