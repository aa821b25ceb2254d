"""Taints and labels that follow from a node's state."""

from __future__ import annotations

import pytest

from steersman.controllers.node_lifecycle.taints import (
    NOT_READY,
    UNREACHABLE,
    execute_taint,
    has_taint,
    plan_labels,
    plan_no_schedule,
    plan_swap,
)

from ..objects import node

NOW = "2026-01-01T00:01:00Z"
N = "node.kubernetes.io"


def with_conditions(subject, **statuses):
    subject["status"]["conditions"] += [{"type": kind, "status": status} for kind, status in statuses.items()]
    return subject


@pytest.mark.parametrize(
    ("kind", "status", "key"),
    [
        ("Ready", "False", "not-ready"),
        ("Ready", "Unknown", "unreachable"),
        ("MemoryPressure", "True", "memory-pressure"),
        ("DiskPressure", "True", "disk-pressure"),
        ("PIDPressure", "True", "pid-pressure"),
        ("NetworkUnavailable", "True", "network-unavailable"),
    ],
)
def test_every_bad_condition_has_its_taint(kind, status, key):
    subject = with_conditions(node("n", ready=None), **{kind: status})
    assert plan_no_schedule(subject, timestamp=NOW) == [{"key": f"{N}/{key}", "effect": "NoSchedule", "timeAdded": NOW}]


@pytest.mark.parametrize("kind", ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"])
def test_what_is_not_known_is_no_taint(kind):
    assert plan_no_schedule(with_conditions(node("n"), **{kind: "Unknown"}), timestamp=NOW) is None


def test_a_cordoned_node_is_unschedulable():
    subject = node("n")
    subject["spec"]["unschedulable"] = True
    (taint,) = plan_no_schedule(subject, timestamp=NOW)
    assert taint["key"] == f"{N}/unschedulable"


def test_taints_that_do_not_hold_any_more_go_and_others_stay_as_they_are():
    subject = node("n", "mine:NoSchedule", f"{N}/not-ready:NoSchedule", f"{N}/not-ready:NoExecute", ready="Unknown")
    assert plan_no_schedule(subject, timestamp=NOW) == [
        {"key": "mine", "effect": "NoSchedule"},
        {"key": f"{N}/not-ready", "effect": "NoExecute"},
        {"key": f"{N}/unreachable", "effect": "NoSchedule", "timeAdded": NOW},
    ]
    assert plan_no_schedule(node("n", f"{N}/not-ready:NoSchedule"), timestamp=NOW) == []


def test_what_is_right_is_not_written():
    assert plan_no_schedule(node("n", f"{N}/not-ready:NoSchedule", ready="False"), timestamp=NOW) is None


def test_one_taint_takes_the_place_of_the_other():
    subject = node("n", f"{N}/not-ready:NoExecute")
    assert plan_swap(subject, add=(UNREACHABLE,), remove=(NOT_READY,), timestamp=NOW) == [
        UNREACHABLE | {"timeAdded": NOW}
    ]
    assert plan_swap(subject, add=(NOT_READY,), remove=(UNREACHABLE,), timestamp=NOW) is None
    assert has_taint(subject, NOT_READY)
    assert not has_taint(subject, UNREACHABLE)


@pytest.mark.parametrize(
    ("status", "taints"),
    [("False", (NOT_READY, UNREACHABLE)), ("Unknown", (UNREACHABLE, NOT_READY)), ("True", None), (None, None)],
)
def test_which_taint_ends_pods(status, taints):
    assert execute_taint(status) == taints


def test_labels_of_old_repeat_those_of_today():
    os, arch = "kubernetes.io/os", "kubernetes.io/arch"
    assert plan_labels(node("n", labels={os: "linux", arch: "arm64", f"beta.{arch}": "x"})) == {
        f"beta.{os}": "linux",
        f"beta.{arch}": "arm64",
    }
    assert plan_labels(node("n", labels={os: "linux", f"beta.{os}": "linux", f"beta.{arch}": "x"})) == {}
    assert plan_labels(node("n")) == {}
