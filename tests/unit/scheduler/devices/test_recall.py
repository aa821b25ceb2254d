from __future__ import annotations

import numpy as np

from steersman.scheduler.devices import recall as recall_module
from steersman.scheduler.devices.model import PoolId, read_slice
from steersman.scheduler.devices.news import News
from steersman.scheduler.devices.pools import Inventory
from steersman.scheduler.devices.recall import Recall
from steersman.scheduler.devices.wanted import want
from steersman.scheduler.snapshot import snapshot_of

from ..nodes import node
from .offers import CLASSES, DRIVER, NODE, claim, offer, request


def wanted(*requests, name="c", classes=CLASSES):
    return [want(claim(*requests, name=name), classes.get)]


def test_claims_that_ask_for_the_same_are_of_one_kind():
    recall = Recall(news=News())
    kind = recall.kind(wanted(request()))
    assert recall.kind(wanted(request(), name="other")) is kind
    assert recall.kind(wanted(request(count=2))) is not kind
    picky = {"any": {"metadata": {"name": "any"}, "spec": {"selectors": [{"cel": {"expression": "model=x"}}]}}}
    assert recall.kind(wanted(request(), classes=picky)) is not kind


def test_an_answer_holds_until_there_are_news_of_its_node():
    inventory = Inventory([read_slice(offer("s", "a"))])
    pools, kind = inventory.pools(NODE), Recall(news=inventory.news).kind(wanted(request()))
    assert kind.get("n", pools) is None
    kind.put("n", pools, None)
    assert kind.get("n", pools) == (None,)
    inventory.touched(PoolId(DRIVER, "other"), ["a"])
    assert kind.get("n", pools) == (None,)
    inventory.touched(PoolId(DRIVER, "p"), ["a"])
    assert kind.get("n", pools) is None


def test_an_answer_is_for_the_pools_that_were_seen():
    inventory = Inventory([read_slice(offer("s", "a"))])
    kind = Recall(news=inventory.news).kind(wanted(request()))
    kind.put("n", inventory.pools(NODE), None)
    inventory.add(read_slice(offer("s", "a", "b")))
    assert kind.get("n", inventory.pools(NODE)) is None


class Asking:
    """Nodes of a snapshot; which of them are asked about, and how they answer."""

    def __init__(self, *names, **answers):
        self.snapshot = snapshot_of([node(name) for name in names])
        self.answers, self.asked = answers, []

    def without(self, kind, left=None):
        """Those that cannot serve, and who was asked."""
        self.asked = []
        found = kind.without(self.snapshot, ~self.snapshot.none() if left is None else left, self._serves)
        return [name for name, is_without in zip(self.snapshot.names, found, strict=True) if is_without], self.asked

    def _serves(self, one):
        self.asked.append(one["metadata"]["name"])
        return self.answers.get(one["metadata"]["name"], False)


def test_only_nodes_of_which_there_are_news_are_asked_about_again():
    news = News()
    kind, asking = Recall(news=news).kind(wanted(request())), Asking("a", "b", "c", b=True)
    assert asking.without(kind) == (["a", "c"], ["a", "b", "c"])
    assert asking.without(kind) == (["a", "c"], [])
    asking.answers = {"a": True, "c": True}
    news.tell(["a", "gone"])
    assert asking.without(kind) == (["c"], ["a"])
    news.tell_all()
    assert asking.without(kind) == (["b"], ["a", "b", "c"])
    asking.snapshot.set_node(node("c"))
    assert asking.without(kind) == (["b"], ["a", "b", "c"])


def test_nodes_are_asked_about_when_they_are_left():
    kind, asking = Recall(news=News()).kind(wanted(request())), Asking("a", "b")
    assert asking.without(kind, np.array([True, False])) == (["a"], ["a"])
    assert asking.without(kind) == (["a", "b"], ["b"])


def test_what_holds_for_now_only_is_asked_again():
    kind, asking = Recall(news=News()).kind(wanted(request())), Asking("a", a=None)
    assert asking.without(kind) == ([], ["a"])
    assert asking.without(kind) == ([], ["a"])


def test_only_so_much_is_remembered(monkeypatch):
    monkeypatch.setattr(recall_module, "KINDS_MAX", 2)
    recall = Recall(news=News())
    first, second = recall.kind(wanted(request())), recall.kind(wanted(request(count=2)))
    recall.kind(wanted(request()))
    recall.kind(wanted(request(count=3)))
    assert recall.kind(wanted(request())) is first
    assert recall.kind(wanted(request(count=2))) is not second
