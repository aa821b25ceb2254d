"""How long kubelets may keep what pods refer to."""

from __future__ import annotations

import pytest

from steersman.api.core.node import NODES
from steersman.client.request import Key
from steersman.controllers.ttl import ANNOTATION, STEPS, TTL, annotated_ttl_s, next_step

from .objects import node

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize(
    ("before", "count", "after"),
    [(0, 0, 0), (0, 100, 0), (0, 101, 1), (1, 90, 1), (1, 89, 0), (1, 501, 2), (0, 1001, 3), (3, 5000, 4), (4, 10, 0)],
)
def test_the_step_follows_the_size_and_does_not_flap(before, count, after):
    assert next_step(before, count) == after


@pytest.mark.parametrize(
    ("text", "ttl_s"), [("0", 0), ("15", 15), ("+15", 15), ("-1", -1), ("", None), ("1.5", None), (" 1", None)]
)
def test_what_a_node_was_told_is_a_number_as_go_reads_it(text, ttl_s):
    assert annotated_ttl_s(node("n", annotations={ANNOTATION: text})) == ttl_s
    assert annotated_ttl_s(node("n")) is None


async def test_nodes_are_told_at_once_and_again_when_the_cluster_grows(bench, monkeypatch):
    async def told():
        nodes = (await bench.client.list(NODES))["items"]
        return {each["metadata"]["name"]: annotated_ttl_s(each) for each in nodes}

    monkeypatch.setattr(
        "steersman.controllers.ttl.STEPS", (STEPS[0]._replace(at_most=2), STEPS[1]._replace(at_least=2))
    )
    for name in ("a", "b"):
        await bench.client.create(NODES, {"metadata": {"name": name}})
    await bench.start(TTL)
    assert await told() == {"a": 0, "b": 0}
    await bench.client.create(NODES, {"metadata": {"name": "c"}})
    await bench.settle()
    assert await told() == {"a": 15, "b": 15, "c": 15}
    await bench.client.patch(NODES, Key("", "a"), {"metadata": {"annotations": {ANNOTATION: "x"}}})
    for name in ("b", "c"):
        await bench.client.delete(NODES, Key("", name))
    await bench.settle()
    assert await told() == {"a": 0}
