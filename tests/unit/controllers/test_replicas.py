"""As many pods as asked for, and a status that says so."""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.api.errors import Forbidden
from steersman.controllers.replicas import (
    Create,
    Delete,
    plan_replicas,
    plan_status,
    standing,
)

from .objects import pod, replica_set

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STAMP = "2026-01-02T00:00:00Z"


def status_of(owner, pods, leaving=(), failure=None):
    return plan_status(owner, pods, leaving, failure=failure, now=NOW, timestamp=STAMP)


def test_what_is_missing_is_created_and_what_is_too_much_deleted():
    owner = replica_set(replicas=2)
    assert plan_replicas(owner, [pod("a")], [], NOW) == Create(1)
    assert plan_replicas(owner, [pod("a"), pod("b")], [], NOW) is None
    unready = pod("c", ready=False)
    assert plan_replicas(owner, [pod("a"), pod("b"), unready], [], NOW) == Delete([unready])


def test_a_round_has_a_limit():
    assert plan_replicas(replica_set(replicas=10_000), [], [], NOW) == Create(500)


def test_a_status_counts():
    owner = replica_set(replicas=3)
    pods = [pod("a"), pod("b", ready=False), pod("c", labels={"app": "web", "more": "x"})]
    assert status_of(owner, pods, [pod("d")]) == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 1,
        "observedGeneration": 1,
    }


def test_who_is_ready_for_too_short_is_not_available():
    owner = replica_set(replicas=1)
    owner["spec"]["minReadySeconds"] = 60
    status = status_of(owner, [pod("a", ready="2026-01-01T23:59:30Z")])
    assert (status["readyReplicas"], status.get("availableReplicas")) == (1, None)


def test_a_status_that_says_it_all_is_not_written():
    owner = replica_set(replicas=0)
    status = status_of(owner, [])
    assert status_of(owner | {"status": status}, []) is None


def test_a_failure_is_told_once_and_forgotten_when_it_is_over():
    owner = replica_set(replicas=3)
    first = status_of(owner, [pod("a")], failure=Forbidden("over quota"))
    assert first["conditions"] == [
        {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": STAMP,
            "message": "over quota",
            "reason": "FailedCreate",
        }
    ]
    assert status_of(owner | {"status": first}, [pod("a")], failure=Forbidden("another")) is None
    assert "conditions" not in status_of(owner | {"status": first}, [pod("a")])


def test_a_node_is_nothing_by_which_a_pod_counts_but_being_ready_is():
    before = pod("a", ready=False)
    assert standing(before | {"spec": {**before["spec"], "nodeName": "n"}}) == standing(before)
    assert standing(pod("a")) != standing(before)
    gone = before | {"metadata": {**before["metadata"], "deletionTimestamp": STAMP}}
    assert standing(gone) != standing(before)
