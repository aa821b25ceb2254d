from __future__ import annotations

import pytest

from steersman.api.core.pod import PODS
from steersman.apiserver.admission.default_toleration_seconds import DefaultTolerationSeconds

from .shelf import pod, review

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


def _added(*given):
    made = pod(**({"tolerations": list(given)} if given else {}))
    DefaultTolerationSeconds(unreachable_s=7).admit(review(PODS, made))
    assert made["spec"].get("tolerations", [])[: len(given)] == list(given)
    return [
        (t["key"], t["operator"], t["effect"], t["tolerationSeconds"])
        for t in made["spec"].get("tolerations", [])[len(given) :]
    ]


def test_pods_stay_for_a_while_on_nodes_in_trouble():
    assert _added() == [(NOT_READY, "Exists", "NoExecute", 300), (UNREACHABLE, "Exists", "NoExecute", 7)]


@pytest.mark.parametrize(
    ("toleration", "left"),
    [
        ({"key": NOT_READY, "effect": "NoExecute"}, [UNREACHABLE]),
        ({"key": UNREACHABLE}, [NOT_READY]),
        ({"operator": "Exists"}, []),
        ({"key": NOT_READY, "effect": "NoSchedule"}, [NOT_READY, UNREACHABLE]),
        ({"key": "other"}, [NOT_READY, UNREACHABLE]),
    ],
)
def test_what_a_pod_says_of_a_taint_counts(toleration, left):
    assert [added[0] for added in _added(toleration)] == left


def test_subresources_are_left_alone():
    made = pod()
    DefaultTolerationSeconds().admit(review(PODS, made, old=pod(), subresource="status"))
    assert "tolerations" not in made["spec"]
