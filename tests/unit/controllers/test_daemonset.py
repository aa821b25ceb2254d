"""A pod of a DaemonSet on every node that it fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.controllers.daemonset.amounts import allows_surge, surge_max, unavailable_max
from steersman.controllers.daemonset.failures import LONGEST_S, Failures
from steersman.controllers.daemonset.placement import FITS, FITS_NOT, MAY_STAY, Placement, same_to_daemons
from steersman.controllers.daemonset.pods import by_node, is_updated, node_of, oldest_first, pods_for
from steersman.controllers.daemonset.presence import plan_presence
from steersman.controllers.daemonset.revisions import plan_clean_up
from steersman.controllers.daemonset.rollout import plan_rollout
from steersman.controllers.daemonset.status import plan_status

from .objects import meta, pod

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATE = "2026-01-01T00:00:10Z"
GENERATION = "deprecated.daemonset.template.generation"


def daemon_set(*, min_ready_s=0, template=None, status=None, **rolling):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0, **rolling}}
    spec = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [], **(template or {})}},
        "updateStrategy": strategy if rolling.get("type") != "OnDelete" else {"type": "OnDelete"},
        "revisionHistoryLimit": 10,
        "minReadySeconds": min_ready_s,
    }
    return {"metadata": meta("web", generation=2), "spec": spec, "status": status or {}}


def node(name, *taints, **labels):
    spec = {"taints": [{"key": key, "effect": effect} for key, _, effect in (each.partition(":") for each in taints)]}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec if taints else {}}


def daemon(name, node="n1", *, content_hash="new", **more):
    return pod(name, node=node, labels={"app": "web", "controller-revision-hash": content_hash}, **more)


def presence(owner, nodes, pods, *, backoff_s=0.0):
    return plan_presence(
        owner, nodes, by_node(pods), Placement(owner), content_hash="new", backoff_s=lambda _node: backoff_s, now=NOW
    )


def rollout(owner, nodes, pods):
    steps = plan_rollout(owner, nodes, by_node(pods), Placement(owner), content_hash="new", now=NOW)
    return steps.create, [each["metadata"]["name"] for each in steps.delete]


def names(pods):
    return [each["metadata"]["name"] for each in pods]


# -- placement


@pytest.mark.parametrize(
    ("taint", "fit"),
    [
        ("node.kubernetes.io/not-ready:NoExecute", FITS),
        ("node.kubernetes.io/unreachable:NoExecute", FITS),
        ("node.kubernetes.io/unschedulable:NoSchedule", FITS),
        ("node.kubernetes.io/disk-pressure:NoSchedule", FITS),
        ("node.kubernetes.io/memory-pressure:NoSchedule", FITS),
        ("node.kubernetes.io/pid-pressure:NoSchedule", FITS),
        ("node.kubernetes.io/not-ready:NoSchedule", MAY_STAY),
        ("node.kubernetes.io/network-unavailable:NoSchedule", MAY_STAY),
        ("mine:NoSchedule", MAY_STAY),
        ("mine:PreferNoSchedule", FITS),
        ("mine:NoExecute", FITS_NOT),
    ],
)
def test_daemons_bear_nodes_in_trouble_and_no_other_taints(taint, fit):
    assert Placement(daemon_set()).fit(node("n1", taint)) is fit


def test_daemons_on_the_host_network_do_without_a_network():
    tainted = node("n1", "node.kubernetes.io/network-unavailable:NoSchedule")
    assert Placement(daemon_set(template={"hostNetwork": True})).fit(tainted) is FITS


def test_conditions_of_a_node_decide_nothing():
    unready = node("n1") | {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    assert Placement(daemon_set()).fit(unready) is FITS


def test_selector_affinity_and_name_decide():
    by_label = Placement(daemon_set(template={"nodeSelector": {"pool": "a"}}))
    assert [by_label.fit(node("n1", pool="a")), by_label.fit(node("n2"))] == [FITS, FITS_NOT]
    by_name = Placement(daemon_set(template={"nodeName": "n1"}))
    assert [by_name.fit(node("n1")), by_name.fit(node("n2"))] == [FITS, FITS_NOT]


def test_of_a_node_only_labels_and_taints_matter():
    assert same_to_daemons(node("n1", pool="a"), node("n1", pool="a") | {"status": {"x": 1}})
    assert not same_to_daemons(node("n1"), node("n1", pool="a"))
    assert not same_to_daemons(node("n1"), node("n1", "mine:NoSchedule"))


# -- pods


def test_a_pod_is_made_for_one_node():
    owner = daemon_set()
    owner["metadata"]["annotations"] = {GENERATION: "4"}
    (made,) = pods_for(owner, ["n1"], "new")
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["labels"] == {
        "app": "web",
        "controller-revision-hash": "new",
        "pod-template-generation": "4",
    }
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid-web"
    assert len(made["spec"]["tolerations"]) == 6
    assert "nodeName" not in made["spec"]
    assert node_of(made) == "n1"


def test_a_pod_is_of_the_node_that_it_is_on_or_meant_for():
    waiting = pods_for(daemon_set(), ["n2"], "new")[0]
    waiting["metadata"] |= meta("b")
    ended = daemon("c", phase="Failed", deletionTimestamp=LATE)
    assert by_node([daemon("a"), waiting, ended]) == {"n1": [daemon("a")], "n2": [waiting]}
    assert by_node([ended], with_ended=True) == {"n1": [ended]}


def test_a_pod_is_up_to_date_by_hash_or_by_generation():
    by_generation = pod("a", labels={"pod-template-generation": "2"})
    assert is_updated(daemon("a"), "new", None)
    assert not is_updated(daemon("a", content_hash="old"), "new", None)
    assert is_updated(by_generation, "new", 2)
    assert not is_updated(by_generation, "new", None)
    assert not is_updated(pod("a", labels={}), "", None)


def test_the_oldest_is_first_and_what_has_no_node_last():
    pods = [daemon("c", node=""), daemon("b"), daemon("a"), daemon("z", creationTimestamp="2025-12-31T00:00:00Z")]
    assert names(oldest_first(pods)) == ["z", "a", "b", "c"]


# -- presence


def test_what_is_missing_is_made_where_it_fits():
    steps = presence(daemon_set(), [node("n1"), node("n2"), node("n3", "mine:NoSchedule")], [daemon("a")])
    assert (steps.create, steps.delete) == (["n2"], [])


def test_a_pod_that_is_being_deleted_still_takes_its_place():
    steps = presence(daemon_set(), [node("n1")], [daemon("a", deletionTimestamp=LATE)])
    assert not steps


def test_a_surge_does_not_wait_for_a_pod_that_is_being_deleted():
    steps = presence(daemon_set(maxSurge=1, maxUnavailable=0), [node("n1")], [daemon("a", deletionTimestamp=LATE)])
    assert steps.create == ["n1"]


def test_pods_go_where_they_may_not_stay():
    tainted, kept = node("n1", "mine:NoExecute"), node("n2", "mine:NoSchedule")
    steps = presence(daemon_set(), [tainted, kept], [daemon("a"), daemon("b", node="n2")])
    assert (steps.create, names(steps.delete)) == ([], ["a"])


def test_of_several_pods_the_oldest_stays():
    steps = presence(daemon_set(), [node("n1")], [daemon("b", creationTimestamp=LATE), daemon("a")])
    assert names(steps.delete) == ["b"]


def test_a_failed_pod_is_deleted_and_told_of():
    steps = presence(daemon_set(), [node("n1")], [daemon("a", phase="Failed")])
    assert (names(steps.delete), steps.create, steps.failed) == (["a"], [], ["n1"])
    message = "Found failed daemon pod ns/a on node n1, will try to kill it"
    assert steps.tell == [("Warning", "FailedDaemonPod", message)]


def test_a_failed_pod_stays_while_its_node_is_given_a_pause():
    steps = presence(daemon_set(), [node("n1")], [daemon("a", phase="Failed")], backoff_s=3.0)
    assert not steps
    assert steps.retry_s == [3.0]


def test_of_two_failed_pods_of_a_node_one_is_deleted_at_a_time():
    steps = presence(daemon_set(), [node("n1")], [daemon("a", phase="Failed"), daemon("b", phase="Failed")])
    assert names(steps.delete) == ["a"]


def test_a_daemon_that_succeeded_is_deleted():
    steps = presence(daemon_set(), [node("n1")], [daemon("a", phase="Succeeded")])
    assert names(steps.delete) == ["a"]
    message = "Found succeeded daemon pod ns/a on node n1, will try to delete it"
    assert steps.tell == [("Normal", "SucceededDaemonPod", message)]


def test_a_pod_that_waits_for_a_node_which_is_gone_is_deleted():
    waiting = pods_for(daemon_set(), ["n9"], "new")[0]
    waiting["metadata"] |= meta("a")
    steps = presence(daemon_set(), [], [waiting, daemon("b", node="n8")])
    assert names(steps.delete) == ["a"]


@pytest.mark.parametrize(
    ("old", "fresh", "deleted"),
    [
        ({}, {"ready": False}, []),
        ({}, {}, ["old"]),
        ({"ready": False}, {"ready": False}, ["old"]),
    ],
)
def test_while_surging_the_old_pod_stays_until_the_new_one_is_available(old, fresh, deleted):
    pods = [daemon("old", content_hash="old", **old), daemon("new", creationTimestamp=LATE, **fresh)]
    steps = presence(daemon_set(maxSurge=1, maxUnavailable=0), [node("n1")], pods)
    assert names(steps.delete) == deleted


def test_failed_pods_stay_longer_each_time():
    failures = Failures()
    assert failures.remaining_s("u", 1, "n1", 0.0) == 0
    failures.note("u", 1, "n1", 0.0)
    assert [failures.remaining_s("u", 1, "n1", now) for now in (0.25, 1.0)] == [0.75, 0.0]
    failures.note("u", 1, "n1", 10.0)
    assert failures.remaining_s("u", 1, "n1", 10.0) == 2.0
    for now in range(20, 40):
        failures.note("u", 1, "n1", float(now))
    assert failures.remaining_s("u", 1, "n1", 39.0) == LONGEST_S
    assert failures.remaining_s("u", 2, "n1", 39.0) == 0  # of a new generation
    failures.note("u", 1, "n2", 5000.0)
    failures.note("u", 1, "n1", 5000.0)
    assert failures.remaining_s("u", 1, "n1", 5000.0) == 1.0  # long past
    failures.forget("u")
    assert failures.remaining_s("u", 1, "n2", 5000.0) == 0


# -- rollout


def test_amounts_are_of_the_nodes_that_fit():
    owner = daemon_set(maxUnavailable="30%", maxSurge="10%")
    assert (unavailable_max(owner, 10), surge_max(owner, 11)) == (3, 2)
    assert allows_surge(owner)
    assert not allows_surge(daemon_set())
    assert unavailable_max({"spec": {"updateStrategy": {"type": "OnDelete"}}}, 10) == 0


def three(*old_or_new, **more):
    return [daemon(f"p{i}", node=f"n{i}", content_hash=which, **more) for i, which in enumerate(old_or_new)]


NODES = [node("n0"), node("n1"), node("n2")]


def test_old_pods_go_as_many_at_a_time_as_may_be_unavailable():
    assert rollout(daemon_set(), NODES, three("old", "old", "old")) == ([], ["p0"])
    assert rollout(daemon_set(maxUnavailable=2), NODES, three("new", "old", "old")) == ([], ["p1", "p2"])
    assert rollout(daemon_set(), NODES, three("new", "new", "new")) == ([], [])


def test_who_waits_for_a_new_pod_counts_as_unavailable():
    pods = three("old", "old")
    assert rollout(daemon_set(), NODES, pods) == ([], [])
    assert rollout(daemon_set(maxUnavailable=2), NODES, pods) == ([], ["p0"])
    starting = [*three("old", "old"), daemon("p2", node="n2", ready=False)]
    assert rollout(daemon_set(), NODES, starting) == ([], [])


def test_an_old_pod_that_is_not_available_goes_in_any_case():
    pods = [
        *three("old"),
        daemon("p1", node="n1", content_hash="old", ready=False),
        daemon("p2", node="n2", ready=False),
    ]
    assert rollout(daemon_set(), NODES, pods) == ([], ["p1"])


def test_neither_surge_nor_unavailability_is_one_unavailable():
    assert rollout(daemon_set(maxUnavailable=0), NODES, three("old", "old", "old")) == ([], ["p0"])


def test_a_surge_makes_new_pods_beside_the_old():
    owner = daemon_set(maxSurge=1, maxUnavailable=0)
    assert rollout(owner, NODES, three("old", "old", "old")) == (["n0"], [])
    starting = [*three("old", "old", "old"), daemon("new", node="n0", ready=False)]
    assert rollout(owner, NODES, starting) == ([], [])
    started = [*three("old", "old", "old"), daemon("new", node="n0")]
    assert rollout(owner, NODES, started) == (["n1"], ["p0"])


def test_a_surge_replaces_what_is_not_available_beyond_its_limit():
    pods = [daemon(f"p{i}", node=f"n{i}", content_hash="old", ready=i == 0) for i in range(3)]
    assert rollout(daemon_set(maxSurge=1, maxUnavailable=0), NODES, pods) == (["n1", "n2", "n0"], [])


def test_a_surge_gives_up_a_misplaced_pod_when_there_are_enough_others():
    owner = daemon_set(maxSurge=1, maxUnavailable=0, template={"nodeSelector": {"pool": "a"}})
    nodes = [node("n0"), node("n1", pool="a")]
    assert rollout(owner, nodes, three("old")) == ([], [])
    assert rollout(owner, nodes, [*three("old"), daemon("p1", node="n1", ready=False)]) == ([], [])
    assert rollout(owner, nodes, [*three("old"), daemon("p1", node="n1")]) == ([], ["p0"])


def test_a_pod_is_available_after_it_has_been_ready_for_long_enough():
    owner = daemon_set(min_ready_s=60)
    pods = [*three("old", "old"), daemon("p2", node="n2", ready="2026-01-01T23:59:30Z")]
    assert rollout(owner, NODES, pods) == ([], [])


# -- status, history


def status_of(owner, nodes, pods):
    return plan_status(owner, nodes, by_node(pods), Placement(owner), content_hash="new", now=NOW)


def test_a_status_counts_nodes():
    nodes = [*NODES, node("n3", "mine:NoSchedule")]
    pods = [*three("new", "old"), daemon("p3", node="n3")]
    assert status_of(daemon_set(status={"collisionCount": 1}), nodes, pods) == {
        "currentNumberScheduled": 2,
        "desiredNumberScheduled": 3,
        "numberMisscheduled": 1,
        "numberReady": 2,
        "numberAvailable": 2,
        "numberUnavailable": 1,
        "updatedNumberScheduled": 1,
        "observedGeneration": 2,
        "collisionCount": 1,
    }


def test_a_status_that_says_it_all_is_not_written():
    owner = daemon_set()
    status = status_of(owner, [], [])
    assert status == {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
        "observedGeneration": 2,
    }
    assert status_of(owner | {"status": status}, [], []) is None


def test_a_node_counts_by_its_oldest_pod():
    pods = [daemon("new", creationTimestamp=LATE), daemon("old", content_hash="old", ready=False)]
    status = status_of(daemon_set(), [node("n1")], pods)
    assert (status["numberReady"], status.get("updatedNumberScheduled")) == (0, None)


def test_old_revisions_are_kept_up_to_a_limit_and_those_in_use_in_any_case():
    old = [
        {"metadata": meta(f"web-{i}", labels={"controller-revision-hash": f"h{i}"}), "revision": i} for i in range(4)
    ]
    owner = daemon_set()
    owner["spec"]["revisionHistoryLimit"] = 2
    assert plan_clean_up(owner, old, []) == old[:2]
    assert plan_clean_up(owner, old, [daemon("a", content_hash="h0")]) == old[1:3]
    assert plan_clean_up(daemon_set(), old, []) == []
