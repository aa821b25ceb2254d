"""Signs of life of nodes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.controllers.node_lifecycle.health import (
    GIVEN_UP,
    Health,
    heartbeat_of,
    observe,
    plan_not_ready,
    plan_unknown,
    ready_status,
)

from ..objects import CREATED, node, pod

WALL = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
NOW, STAMP = 1000.0, "2026-01-01T00:01:00Z"


def lease(second, version="7"):
    spec = {} if second is None else {"renewTime": f"2026-01-01T00:00:{second:02}.000000Z"}
    return {"metadata": {"name": "n", "resourceVersion": version}, "spec": spec}


def seen(subject=None, known=None, held=None, now=NOW):
    return observe(subject or node("n"), known, held, now=now, wall=WALL)


def test_a_node_that_never_told_anything_is_as_old_as_it_is():
    health = seen(node("n", ready=None))
    assert health == Health(NOW - 60)
    assert seen(node("n", ready=None), health, now=NOW + 50) == health


def test_a_node_that_is_seen_first_is_alive_now_however_old_its_heartbeat_is():
    assert seen() == Health(NOW, CREATED)


def test_another_heartbeat_is_a_sign_of_life_and_the_same_is_none():
    health = seen()
    assert seen(known=health, now=NOW + 9) == health
    fresh = node("n")
    fresh["status"]["conditions"][0]["lastHeartbeatTime"] = "2020-01-01T00:00:00Z"
    assert seen(fresh, health, now=NOW + 9).alive_at == NOW + 9


def test_the_first_condition_is_a_sign_of_life():
    assert seen(known=Health(1.0)) == Health(NOW, CREATED)
    assert seen(node("n", ready=None), Health(5.0, CREATED)) == Health(5.0)


@pytest.mark.parametrize(
    ("second", "later_s"), [(11, 30), (10, 0), (9, 0), (None, 0)], ids=["renewed", "same", "earlier", "without time"]
)
def test_a_lease_that_is_renewed_is_a_sign_of_life(second, later_s):
    health = seen(held=lease(10))
    assert seen(known=health, held=lease(second), now=NOW + 30).alive_at == NOW + later_s


def test_the_first_lease_is_one_too_and_keeps_a_node_without_status_alive():
    assert seen(node("n", ready=None), held=lease(10)).alive_at == NOW
    assert seen(known=Health(1.0, CREATED), held=lease(None)).alive_at == NOW


def test_what_nodes_say():
    assert (ready_status(node("n")), heartbeat_of(node("n"))) == ("True", CREATED)
    assert (ready_status(node("n", ready=None)), heartbeat_of(node("n", ready=None))) == (None, None)


def test_a_node_without_signs_of_life_is_unknown():
    subject = node("n")
    more = {"type": "NetworkUnavailable", "status": "False", "reason": "X"}
    subject["status"]["conditions"] += [{"type": "DiskPressure", "status": "False", "lastHeartbeatTime": "h"}, more]
    ready, disk, network, memory, pids = plan_unknown(subject, timestamp=STAMP)
    stopped = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    assert ready == {"type": "Ready", "lastHeartbeatTime": CREATED, "lastTransitionTime": STAMP, **stopped}
    assert disk == {"type": "DiskPressure", "lastHeartbeatTime": "h", "lastTransitionTime": STAMP, **stopped}
    assert network == more
    assert [memory["type"], pids["type"]] == ["MemoryPressure", "PIDPressure"]
    assert plan_unknown(node("n", ready="Unknown"), timestamp=STAMP) is None


def test_a_node_that_never_told_anything_is_unknown_in_everything():
    conditions = plan_unknown(node("n", ready=None), timestamp=STAMP)
    assert tuple(each["type"] for each in conditions) == GIVEN_UP
    assert conditions[0] == {
        "type": "Ready",
        "status": "Unknown",
        "reason": "NodeStatusNeverUpdated",
        "message": "Kubelet never posted node status.",
        "lastHeartbeatTime": CREATED,
        "lastTransitionTime": STAMP,
    }


def test_pods_are_not_ready_when_their_node_is_not():
    status = plan_not_ready(pod("p"), timestamp=STAMP)
    assert status["conditions"] == [{"type": "Ready", "status": "False", "lastTransitionTime": STAMP}]
    assert status["phase"] == "Running"
    assert plan_not_ready(pod("p") | {"status": status}, timestamp="later") is None
    assert plan_not_ready(pod("p", ready=False), timestamp=STAMP) is None
