from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.core.pod import PODS
from steersman.api.resource import Context

CTX = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
STRATEGY = PODS.strategy


def _created(annotations=None, labels=None, **spec):
    pod = {
        "metadata": {"name": "p", "annotations": annotations or {}, "labels": labels or {}},
        "spec": {"containers": [{"name": "c", "image": "i"}]} | spec,
        "status": {"phase": "Running"},
    }
    STRATEGY.default(pod)
    STRATEGY.prepare_create(pod, CTX)
    return pod


def test_a_new_pod_is_pending_and_has_its_class_of_service() -> None:
    assert _created()["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_a_gated_pod_says_so() -> None:
    (condition,) = _created(schedulingGates=[{"name": "a/b"}])["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "PodScheduled", "False", "SchedulingGated",
    )  # fmt: skip
    assert condition["lastTransitionTime"] == "2026-01-01T00:00:00Z"


def test_selectors_take_values_from_the_pods_own_labels() -> None:
    constraint = {"topologyKey": "z", "labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["hash", "none"]}
    pod = _created(labels={"hash": "1"}, topologySpreadConstraints=[constraint])
    (merged,) = pod["spec"]["topologySpreadConstraints"]
    assert merged["labelSelector"]["matchExpressions"] == [{"key": "hash", "operator": "In", "values": ["1"]}]


def test_app_armor_annotations_become_fields() -> None:
    pod = _created({"container.apparmor.security.beta.kubernetes.io/c": "localhost/x"})
    context = pod["spec"]["containers"][0]["securityContext"]
    assert context == {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}
    assert STRATEGY.warnings(pod, None) == [
        (
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "
            '"appArmorProfile" field instead'
        )
    ]


def test_a_name_with_dots_makes_a_surprising_hostname() -> None:
    pod = _created()
    pod["metadata"]["name"] = "a.b"
    (warning,) = STRATEGY.warnings(pod, None)
    assert warning.endswith("a DNS label is recommended: [must not contain dots]")
    assert STRATEGY.warnings(pod, pod) == []


@pytest.mark.parametrize(
    ("spec", "phase", "asked", "grace"),
    [
        ({"nodeName": "n", "terminationGracePeriodSeconds": 30}, "Running", None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 30}, "Running", 5, 5),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 30}, "Running", 0, 0),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 30}, "Running", -1, 1),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 30}, "Succeeded", None, 0),
        ({"terminationGracePeriodSeconds": 30}, "Pending", 60, 0),
    ],
)
def test_grace_belongs_to_pods_that_a_node_runs(spec, phase, asked, grace) -> None:
    assert STRATEGY.graceful_delete({"spec": spec, "status": {"phase": phase}}, asked, CTX) == grace


def test_selectable_fields() -> None:
    pod = {
        "spec": {"nodeName": "n", "hostNetwork": True},
        "status": {"phase": "Running", "podIPs": [{"ip": "1.1.1.1"}]},
    }
    values = {label: getter(pod) for label, getter in PODS.selectable}
    assert values["spec.nodeName"] == values["spec.host"] == "n"
    assert values["spec.hostNetwork"] == "true"
    assert values["status.podIP"] == "1.1.1.1"
    assert values["status.phase"] == "Running"
