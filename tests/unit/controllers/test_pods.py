"""What controllers ask of pods."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.controllers.pods import (
    available_in_s,
    deletion_cost,
    in_order_of_loss,
    is_active,
    is_terminating,
    plan_deletions,
    pod_of_template,
)

from .objects import CREATED, pod

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def first_to_go(*pods, related=()):
    return [each["metadata"]["name"] for each in plan_deletions(pods, related, 1, NOW)]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (pod("a", node=""), pod("b", phase="Pending", ready=False)),
        (pod("a", phase="Pending", ready=False), pod("b", ready=False)),
        (pod("a", ready=False), pod("b")),
        (pod("a", annotations={"controller.kubernetes.io/pod-deletion-cost": "-5"}), pod("b", restarts=9)),
        (pod("a", ready="2026-01-01T23:59:59Z"), pod("b", ready=CREATED)),
        (pod("a", restarts=3), pod("b", restarts=1)),
        (pod("a", creationTimestamp="2026-01-01T23:00:00Z"), pod("b")),
    ],
)
def test_the_pod_whose_loss_costs_less_goes_first(worse, better):
    assert first_to_go(worse, better) == first_to_go(better, worse) == ["a"]


def test_a_pod_among_more_of_its_kind_goes_first():
    crowded, alone = pod("z", node="n1"), pod("a", node="n2")
    related = [crowded, alone, pod("other", node="n1")]
    assert first_to_go(alone, crowded, related=related) == ["z"]


def test_ages_of_the_same_magnitude_are_equal():
    older, younger = (
        pod("b", creationTimestamp="2026-01-01T00:00:00Z"),
        pod("a", creationTimestamp="2026-01-01T01:00:00Z"),
    )
    assert first_to_go(older, younger) == ["a"]  # by uid
    assert first_to_go(
        pod("a", creationTimestamp="2026-01-01T00:00:00Z"), younger | {"metadata": older["metadata"]}
    ) == ["a"]


def test_nothing_is_chosen_when_all_must_go():
    pods = [pod("a"), pod("b")]
    assert plan_deletions(pods, (), 2, NOW) == pods


@pytest.mark.parametrize(
    ("text", "cost"),
    [("7", 7), ("-7", -7), ("0", 0), ("+7", 0), ("07", 0), ("-0", 0), ("x", 0), ("", 0), ("2147483648", 0)],
)
def test_a_deletion_cost_is_a_number_of_32_bits_as_go_writes_it(text, cost):
    assert deletion_cost({"annotations": {"controller.kubernetes.io/pod-deletion-cost": text}}) == cost


def test_availability_needs_readiness_for_long_enough():
    since = pod("a", ready="2026-01-01T23:59:50Z")
    assert available_in_s(since, 0, NOW) == 0
    assert available_in_s(since, 10, NOW) == 0
    assert available_in_s(since, 30, NOW) == 20
    assert available_in_s(pod("a", ready=False), 0, NOW) is None


def test_what_counts_as_a_replica():
    assert is_active(pod("a"))
    assert not is_active(pod("a", phase="Failed"))
    leaving = pod("a", deletionTimestamp=CREATED)
    assert not is_active(leaving)
    assert is_terminating(leaving)
    assert not is_terminating(pod("a", phase="Succeeded", deletionTimestamp=CREATED))


def test_a_pod_of_a_template_takes_over_what_is_the_pods():
    template = {
        "metadata": {"name": "ignored", "labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["x/y"]},
        "spec": {"containers": []},
    }
    reference = {"kind": "ReplicaSet", "uid": "u"}
    made = pod_of_template(template, owner="web", namespace="ns", reference=reference)
    assert made["metadata"] == {
        "generateName": "web-",
        "namespace": "ns",
        "ownerReferences": [reference],
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
        "finalizers": ["x/y"],
    }
    assert made["spec"] is template["spec"]


def test_the_plain_order_of_loss_knows_no_cost_and_counts_times_to_the_second():
    cheap = pod("cheap", annotations={"controller.kubernetes.io/pod-deletion-cost": "-5"})
    pods = [
        pod("unassigned", node=""),
        pod("pending", phase="Pending", ready=False),
        pod("unready", ready=False),
        pod("lately", ready="2026-01-01T00:00:02Z"),
        pod("before", ready="2026-01-01T00:00:01Z"),
        pod("restarted", restarts=1),
        pod("younger", creationTimestamp="2026-01-01T00:00:01Z"),
        cheap,
    ]
    assert in_order_of_loss(reversed(pods)) == pods
