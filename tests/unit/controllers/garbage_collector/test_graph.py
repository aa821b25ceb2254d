"""The graph, as scripts (graph.txt), and that it does not depend on the order in which things are seen."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from steersman.controllers.garbage_collector.graph import Graph, Identity, alternative_identity
from steersman.testing.script import compare, parse, render

SCRIPT = Path(__file__).with_name("graph.txt")
DELETED = {"yes": [], "orphan": ["orphan"], "foreground": ["foregroundDeletion"]}


def identity(text):
    kind, _, rest = text.rpartition(":")
    place, _, uid = rest.partition("#")
    namespace, _, name = place.rpartition("/")
    return Identity(kind or "ConfigMap", "v1", namespace, name, uid or name)


def reference(text):
    owner = identity(text.rstrip("!"))
    fields = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
    return fields | ({"blockOwnerDeletion": True} if text.endswith("!") else {})


def metadata(owners="", deleted=""):
    made = {"ownerReferences": [reference(each) for each in owners.split(",")]} if owners else {}
    return {"metadata": made | ({"deletionTimestamp": "now", "finalizers": DELETED[deleted]} if deleted else {})}


def shown(identity):
    kind = "" if identity.kind == "ConfigMap" else f"{identity.kind}:"
    namespace = f"{identity.namespace}/" if identity.namespace else ""
    return f"{kind}{namespace}{identity.name}" + (f"#{identity.uid}" if identity.uid != identity.name else "")


class World:
    """A graph, and what has been seen."""

    def __init__(self):
        self.graph = Graph()
        self.seen = {}

    def do(self, line):
        verb, *rest = line.split()
        return getattr(self, verb)(*rest)

    def see(self, place, *fields):
        who, new = identity(place), metadata(**dict(each.split("=") for each in fields))
        old = self.seen.get(who)
        self.seen[who] = new
        return self.told(self.graph.observe(who, old, new))

    def go(self, place):
        self.seen.pop(identity(place), None)
        return self.told(self.graph.remove(identity(place)))

    def absent(self, place):
        return self.told(self.graph.remove_absent(identity(place)))

    def forget(self, place):
        return self.told(self.graph.forget(identity(place).uid))

    def blocking(self, uid):
        return ["blocking: " + " ".join(shown(each.identity) for each in self.graph.get(uid).blocking_dependents())]

    def nodes(self):
        return sorted(self.graph.nodes(), key=lambda node: node.identity)

    def graph_lines(self):
        for node in self.nodes():
            dependents = " ".join(sorted(shown(each.identity) for each in node.dependents.values()))
            yield f"{shown(node.identity)}{' virtual' if node.virtual else ''}{' < ' + dependents if dependents else ''}"

    def told(self, effects):
        lists = {
            "attempt": {shown(each.identity) for each in effects.attempt},
            "attempt later": {shown(each.identity) for each in effects.attempt_later},
            "orphan": {shown(each.identity) for each in effects.orphan},
            "absent": {shown(each) for each in effects.absent},
            "misplaced": {f"{shown(each.identity)} of {owner['uid']}" for each, owner in effects.misplaced},
        }
        return [f"{name}: {' '.join(sorted(found))}" for name, found in lists.items() if found]


def run(stanza):
    world, lines = World(), []
    for command in stanza.commands:
        if command.line == "graph":
            lines += [f"  {each}" for each in world.graph_lines()] or ["  nothing"]
        else:
            lines += [f"{command.line}: {each}" for each in world.do(command.line)]
    return lines


def test_scripts(request):
    done = [(stanza, run(stanza)) for stanza in parse(SCRIPT.read_text(), name=SCRIPT.name)]
    if request.config.getoption("--rewrite"):
        SCRIPT.write_text(render(done))
        return
    difference = compare(done)
    assert not difference, difference


HISTORIES = [
    ["see n/a", "see n/a deleted=foreground", "go n/a"],
    ["see n/b owners=a!", "see n/b owners=a!,c", "see n/b owners=c"],
    ["see n/c owners=a", "see n/c"],
    ["see m/d owners=c,b", "go m/d"],
    ["see Node:e", "see Node:e owners=Node:x"],
    ["see n/f owners=Node:e,f", "see n/f owners=f"],
]


@pytest.mark.parametrize("seed", range(30))
def test_the_graph_does_not_depend_on_the_order_in_which_objects_are_seen(seed):
    rng, histories, world = random.Random(seed), [list(each) for each in HISTORIES], World()
    while left := [each for each in histories if each]:
        world.do(rng.choice(left).pop(0))
    for node in [node for node in world.nodes() if node.virtual]:
        world.graph.remove_absent(node.identity)
    assert list(world.graph_lines()) == ["n/b", "n/c < n/b", "n/f < n/f", "Node:e"]


def test_places_follow_each_other_in_the_order_of_kind_version_namespace_and_name():
    graph = Graph()
    owners = ["B:z#u", "A:z#u", "B:a#u"]
    for number, owner in enumerate(owners):
        graph.observe(identity(f"n/d{number}"), None, metadata(owner))
    nodes = list(graph.get("u").dependents.values())
    absent, visited = identity("A:n/z#u"), []
    for _ in range(3):
        absent = alternative_identity(nodes, absent)
        visited.append(shown(absent))
    assert visited == ["B:n/a#u", "B:n/z#u", "A:n/z#u"]


def test_an_object_is_in_the_graph_when_it_has_been_seen_and_not_when_it_was_named():
    graph = Graph()
    graph.observe(identity("n/b"), None, metadata("a"))
    assert "b" in graph
    assert "a" not in graph
    assert len(graph.nodes()) == 2
    assert str(identity("n/b")) == "[v1/ConfigMap, namespace: n, name: b, uid: b]"
