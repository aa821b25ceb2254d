from __future__ import annotations

import random

from steersman.scheduler.cycle import Profile, decide
from steersman.scheduler.plugins.node_resources_fit import NodeResourcesFit
from steersman.scheduler.score_log import score_lines
from steersman.scheduler.snapshot import snapshot_of

from .nodes import node, pod


def lines(*nodes):
    wanted = pod(cpu="5", memory="5Gi")
    profile = Profile((NodeResourcesFit(),), {"NodeResourcesFit": 2})
    return list(score_lines(wanted, decide(wanted, snapshot_of(nodes), profile, random.Random(1))))


def test_weighted_scores_are_told_as_kube_scheduler_tells_them():
    assert lines(node("a"), node("b", cpu="20", memory="20Gi")) == [
        '"Plugin scored node for pod" pod="ns/p" plugin="NodeResourcesFit" node="a" score=100',
        '"Plugin scored node for pod" pod="ns/p" plugin="NodeResourcesFit" node="b" score=150',
    ]


def test_where_nothing_is_compared_nothing_is_told():
    assert lines(node("a")) == []
