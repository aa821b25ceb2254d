from __future__ import annotations

import pytest

from steersman.api.core.pod_resources import charged_limits, charged_requests, pod_limits, pod_requests

from ...apiserver.admission.shelf import container, pod, resources


def _text(found):
    return {name: str(amount) for name, amount in found.items()}


def _cpu(requests=None, limits=None, **fields):
    given = resources(requests=requests and {"cpu": requests}, limits=limits and {"cpu": limits})
    return container(resources=given, **fields)


def test_what_the_pod_is_given_replaces_the_sum_and_overhead_comes_on_top():
    spec = pod(_cpu("1", "2"), _cpu("1"), overhead={"cpu": "1", "memory": "1Mi"})["spec"]
    assert _text(pod_requests(spec)) == {"cpu": "2"}
    assert _text(pod_requests(spec, overhead=True)) == {"cpu": "3", "memory": "1Mi"}
    assert _text(pod_limits(spec, overhead=True)) == {"cpu": "3"}
    spec["resources"] = resources(requests={"cpu": "9"})
    assert _text(pod_requests(spec, overhead=True))["cpu"] == "10"


@pytest.mark.parametrize(
    ("status", "conditions", "requests", "limits"),
    [
        ({}, [], "2", "4"),
        ({"allocatedResources": {"cpu": "3"}}, [], "3", "4"),
        ({"resources": {"requests": {"cpu": "5"}, "limits": {"cpu": "6"}}}, [], "5", "6"),
        (
            {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}, "allocatedResources": {"cpu": "1"}},
            [{"type": "PodResizePending", "reason": "Infeasible"}],
            "1",
            "1",
        ),
    ],
)
def test_while_a_pod_is_resized_the_highest_counts_unless_it_is_hopeless(status, conditions, requests, limits):
    made = pod(_cpu("2", "4"))
    made["status"] = {"containerStatuses": [{"name": "c", **status}], "conditions": conditions}
    assert _text(charged_requests(made)) == {"cpu": requests}
    assert _text(charged_limits(made)) == {"cpu": limits}
