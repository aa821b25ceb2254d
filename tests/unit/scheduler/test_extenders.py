"""Extenders, against a real server inside the test."""

from __future__ import annotations

import random
import socket

import orjson
import pytest

from steersman.cluster.errors import StartError
from steersman.cluster.extenders import make_extenders
from steersman.lib.clock import ManualClock
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server
from steersman.scheduler.configuration.model import ExtenderConfiguration
from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.extenders import Answers, ExtenderBinder, joined
from steersman.scheduler.framework import SKIP, Cycle, PluginError
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node, pod, refused

NODES = [node("a"), node("b"), node("c")]


class Webhook:
    """Answers by path with what it is told to; `seen` holds what it was asked."""

    def __init__(self):
        self.answers, self.seen, self.port = {}, [], 0

    def handle(self, request):
        self.seen.append((request.path, orjson.loads(request.body)))
        status, answer = self.answers.get(request.path, (404, {}))
        return Response(status, orjson.dumps(answer), "application/json")


@pytest.fixture
async def webhook():
    hook = Webhook()
    server = Server(handler=hook.handle, clock=ManualClock())
    listener = socket.create_server(("127.0.0.1", 0))
    hook.port = listener.getsockname()[1]
    await server.start(sock=listener)
    yield hook
    await server.drain(0)


@pytest.fixture
async def extenders(webhook):
    http = HttpClient()

    def make(*configured):
        prefix = f"http://127.0.0.1:{webhook.port}/x/"
        return make_extenders([ExtenderConfiguration(prefix, **each) for each in configured], http)

    yield make
    await http.close()


def decided(answers, **plugins):
    profile = joined(Profile((NodeResourcesFit(),), **plugins), answers, ("filter", "pre_score", "score"))
    return decide(pod(cpu="1"), snapshot_of(NODES), profile, random.Random(1))


async def test_what_it_refuses_is_refused_and_told(webhook, extenders):
    webhook.answers["/x/filter"] = (
        200,
        {
            "NodeNames": ["c"],
            "FailedNodes": {"a": "too loud"},
            "FailedAndUnresolvableNodes": {"b": "too far"},
        },
    )
    answers = await extenders({"filter_verb": "filter", "node_cache_capable": True}).consult(pod(), NODES)
    decision = decided(answers)
    assert decision.node == "c"
    assert refused(decision, NODES) == {"a": ["too loud"], "b": ["too far"]}
    assert {verdict.refusal.reason: verdict.refusal.preemptable for verdict in decision.verdicts} == {
        "too loud": True,
        "too far": False,
    }
    ((_, asked),) = webhook.seen
    assert asked["NodeNames"] == ["a", "b", "c"]
    assert asked["Pod"]["metadata"]["name"] == "p"


async def test_one_without_a_cache_is_told_whole_nodes(webhook, extenders):
    webhook.answers["/x/filter"] = 200, {"nodes": {"items": [NODES[0]]}}
    answers = await extenders({"filter_verb": "filter"}).consult(pod(), NODES)
    assert decided(answers).feasible == ("a",)
    assert webhook.seen[0][1]["Nodes"]["items"] == NODES


async def test_the_next_is_asked_only_about_what_is_left(webhook, extenders):
    webhook.answers["/x/one"] = 200, {"NodeNames": ["b"]}
    webhook.answers["/x/two"] = 200, {"NodeNames": []}
    both = [{"filter_verb": verb, "node_cache_capable": True} for verb in ("one", "two", "one")]
    answers = await extenders(*both).consult(pod(), NODES)
    assert [asked["NodeNames"] for _, asked in webhook.seen] == [["a", "b", "c"], ["b"]]
    assert decided(answers).node is None


async def test_its_scores_are_weighed_and_added(webhook, extenders):
    webhook.answers["/x/rate"] = 200, [{"Host": "b", "Score": 7}, {"host": "a", "score": 1}]
    rating = {"prioritize_verb": "rate", "weight": 3, "node_cache_capable": True}
    decision = decided(await extenders(rating, rating).consult(pod(), NODES))
    assert decision.node == "b"
    assert decision.scores["Extender"].tolist() == [60, 420, 0]


@pytest.mark.parametrize("answer", [(500, {}), (200, {"Error": "no idea"}), (200, {"NodeNames": ["elsewhere"]})])
async def test_one_that_fails_holds_pods_up_unless_it_may_be_passed_over(webhook, extenders, answer):
    webhook.answers["/x/filter"] = answer
    asking = {"filter_verb": "filter", "node_cache_capable": True}
    with pytest.raises(PluginError):
        await extenders(asking).consult(pod(), NODES)
    answers = await extenders({**asking, "ignorable": True}).consult(pod(), NODES)
    assert decided(answers).feasible == ("a", "b", "c")


async def test_scores_that_do_not_come_are_not_missed(extenders):
    answers = await extenders({"prioritize_verb": "rate", "weight": 1}).consult(pod(), NODES)
    assert "Extender" not in decided(answers).scores


def test_it_is_asked_for_pods_that_want_what_it_manages():
    (extender,) = make_extenders(
        [ExtenderConfiguration("http://h", filter_verb="f", managed_resources=("example.com/gpu",))], HttpClient()
    )._extenders
    assert extender.interested(pod(**{"example.com/gpu": "1"}))
    assert not extender.interested(pod(cpu="1"))


async def test_it_binds(webhook, extenders):
    webhook.answers["/x/bind"] = 200, {}
    made = extenders({"bind_verb": "bind", "managed_resources": ("example.com/gpu",)})
    binder, wanted = ExtenderBinder(extenders=made), pod(**{"example.com/gpu": "1"})
    assert made.bind_pods
    assert await binder.bind(Cycle(wanted, snapshot_of(NODES)), "a") is None
    assert webhook.seen == [("/x/bind", {"PodName": "p", "PodNamespace": "ns", "PodUID": "p", "Node": "a"})]
    assert await binder.bind(Cycle(pod(), snapshot_of(NODES)), "a") is SKIP
    webhook.answers["/x/bind"] = 200, {"Error": "taken"}
    with pytest.raises(PluginError, match="taken"):
        await made.bind(wanted, "a")


def test_a_node_that_nobody_was_asked_about_has_to_wait():
    answers = Answers(kept=frozenset({"a", "b"}), reasons={}, hopeless={}, scores={})
    assert refused(decided(answers), NODES) == {"c": ["node(s) were not known to extenders yet"]}


def test_an_address_that_is_none_is_told():
    with pytest.raises(StartError, match=r"extenders\[0\]\.urlPrefix"):
        make_extenders([ExtenderConfiguration("somewhere")], HttpClient())
