from __future__ import annotations

from steersman.scheduler.devices import recall as recall_module
from steersman.scheduler.devices.allocated import Allocated
from steersman.scheduler.devices.model import read_slice
from steersman.scheduler.devices.pools import Inventory
from steersman.scheduler.devices.recall import Recall
from steersman.scheduler.devices.wanted import want

from .offers import CLASSES, NODE, claim, offer, request, taking


def wanted(*requests, name="c", classes=CLASSES):
    return [want(claim(*requests, name=name), classes.get)]


def test_claims_that_ask_for_the_same_are_of_one_kind():
    recall = Recall(allocated=Allocated())
    kind = recall.kind(wanted(request()))
    assert recall.kind(wanted(request(), name="other")) is kind
    assert recall.kind(wanted(request(count=2))) is not kind
    picky = {"any": {"metadata": {"name": "any"}, "spec": {"selectors": [{"cel": {"expression": "model=x"}}]}}}
    assert recall.kind(wanted(request(), classes=picky)) is not kind


def test_an_answer_holds_until_something_is_charged_to_its_pools():
    allocated = Allocated()
    pools = Inventory(map(read_slice, [offer("s", "a"), offer("t", "b", pool="q")])).pools(NODE)
    kind = Recall(allocated=allocated).kind(wanted(request()))
    assert kind.get("n", pools) is None
    kind.put("n", pools, None)
    assert kind.get("n", pools) == (None,)
    allocated.charge(taking("other/a"))
    assert kind.get("n", pools) == (None,)
    allocated.charge(taking("q/b"))
    assert kind.get("n", pools) is None


def test_an_answer_is_for_the_pools_that_were_seen():
    inventory = Inventory([read_slice(offer("s", "a"))])
    kind = Recall(allocated=Allocated()).kind(wanted(request()))
    kind.put("n", inventory.pools(NODE), None)
    inventory.add(read_slice(offer("s", "a", "b")))
    assert kind.get("n", inventory.pools(NODE)) is None


def test_only_so_much_is_remembered(monkeypatch):
    monkeypatch.setattr(recall_module, "KINDS_MAX", 2)
    recall = Recall(allocated=Allocated())
    first, second = recall.kind(wanted(request())), recall.kind(wanted(request(count=2)))
    recall.kind(wanted(request()))
    recall.kind(wanted(request(count=3)))
    assert recall.kind(wanted(request())) is first
    assert recall.kind(wanted(request(count=2))) is not second
