"""Who grows and who shrinks, what is noted where, and when a rollout is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.controllers.deployment.amounts import surge_max, total_max, unavailable_max
from steersman.controllers.deployment.clean_up import plan_clean_up
from steersman.controllers.deployment.creation import render_replica_set, replica_set_name
from steersman.controllers.deployment.replica_sets import Sets, same_template, sort_out, terminating
from steersman.controllers.deployment.revisions import DESIRED, HISTORY, MAX, REVISION, noted, plan_annotations
from steersman.controllers.deployment.rollback import plan_rollback, wanted_revision
from steersman.controllers.deployment.rollout import has_old_pods, new_size, plan_recreate_end, plan_rolling
from steersman.controllers.deployment.scaling import is_saturated, is_scaled, plan_scaling
from steersman.controllers.deployment.status import (
    checked_in_s,
    is_complete,
    plan_pause,
    plan_rollout_status,
    plan_status,
)

from .objects import deployment, meta, pod

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NOON = "2026-01-02T00:00:00Z"
RECREATE = {"strategy": {"type": "Recreate"}}


def of(name, size, available=None, *, image="old", present=None, created=0, **annotations):
    """A ReplicaSet; all its pods are available unless told otherwise."""
    available = size if available is None else available
    counts = {
        "replicas": size if present is None else present,
        "readyReplicas": available,
        "availableReplicas": available,
    }
    names = {"revision": REVISION, "desired": DESIRED, "max": MAX, "history": HISTORY}
    notes = {names.get(key, key): value for key, value in annotations.items()}
    metadata = meta(name, generation=1, creationTimestamp=f"2026-01-01T00:00:{created:02}Z", annotations=notes)
    labels = {"app": "web", "pod-template-hash": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    status = {**counts, "observedGeneration": 1, "terminatingReplicas": 0}
    return {
        "kind": "ReplicaSet",
        "metadata": metadata,
        "spec": {"replicas": size, "template": template},
        "status": status,
    }


def rolling(surge, unavailable):
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}


def shown(steps):
    return [(step.replica_set["metadata"]["name"], step.replicas) for step in steps]


def condition(kind, status, reason, at=NOON, **more):
    return {"type": kind, "status": status, "reason": reason, "lastUpdateTime": at, "lastTransitionTime": at, **more}


def told(status, kind="Progressing"):
    found = next((each for each in status.get("conditions", ()) if each["type"] == kind), None)
    return found and (found["status"], found["reason"])


# -- amounts


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (10, "25%", "25%", (3, 2)),
        (5, "30%", "30%", (2, 1)),
        (1, "25%", "25%", (1, 0)),
        (1, 0, "1%", (0, 1)),
        (2, "1%", 0, (1, 0)),
        (2, 1, 5, (1, 2)),
        (0, "25%", "25%", (0, 0)),
    ],
)
def test_surge_rounds_up_and_absence_down_but_not_both_to_nothing(replicas, surge, unavailable, expected):
    wanted = deployment(replicas=replicas, **rolling(surge, unavailable))
    assert (surge_max(wanted), unavailable_max(wanted)) == expected


def test_what_is_recreated_has_neither():
    assert (surge_max(deployment(**RECREATE)), unavailable_max(deployment(**RECREATE))) == (0, 0)


# -- which is which


def test_the_oldest_with_the_template_is_the_new_one():
    first, second, third = of("a", 1, image="v1", created=2), of("b", 1, image="v1", created=1), of("c", 1)
    sets = sort_out(deployment(), [first, second, third])
    assert (sets.new, sets.old) == (second, (third, first))


def test_templates_are_compared_by_meaning_and_without_the_hash():
    a = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1"}}}]},
    }
    b = {
        "metadata": {"labels": {"app": "web", "pod-template-hash": "x"}},
        "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1000m"}}}], "volumes": []},
    }
    assert same_template(a, b)
    assert not same_template(a, {**b, "spec": {**b["spec"], "hostNetwork": True}})


def test_pods_that_end_are_unknown_while_one_does_not_tell():
    silent, unseen = of("a", 1), of("b", 1)
    del silent["status"]["terminatingReplicas"]
    unseen["status"] = {"replicas": 0}
    assert terminating([of("c", 1), unseen]) == 0
    assert terminating([of("c", 1), silent]) is None


# -- names and annotations


def test_a_replica_set_is_named_by_its_template():
    made = render_replica_set(deployment(minReadySeconds=5), replicas=2, revision=7)
    suffix = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{suffix}"
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web", "pod-template-hash": suffix}}
    assert made["spec"]["minReadySeconds"] == 5
    assert made["metadata"]["annotations"] == {REVISION: "7", DESIRED: "3", MAX: "4"}
    again = deployment(status={"collisionCount": 1})
    assert render_replica_set(again, replicas=2, revision=7)["metadata"]["name"] != made["metadata"]["name"]
    assert len(replica_set_name("x" * 253, suffix)) == 253


def test_annotations_of_users_are_copied_and_ours_are_not():
    wanted = deployment(metadata={"annotations": {"note": "1", REVISION: "9", DESIRED: "5", "kept": "d"}})
    assert plan_annotations(wanted, of("a", 1, revision="3", kept="r", other="o"), 2) == {
        "note": "1",
        "kept": "d",
        "other": "o",
        REVISION: "3",
    }


def test_a_revision_rises_and_what_it_was_is_history():
    huge = 3546343826724305833
    assert plan_annotations(deployment(), of("a", 1, revision="1"), huge) == {REVISION: str(huge), HISTORY: "1"}
    known = plan_annotations(deployment(), of("a", 1, revision="3", history="1"), 5)
    assert known == {REVISION: "5", HISTORY: "1,3"}
    assert plan_annotations(deployment(), of("a", 1, revision="words"), 5) == {REVISION: "words"}
    long = ",".join(["12345678"] * 222)
    assert len(plan_annotations(deployment(), of("a", 1, revision="123", history=long), 456)[HISTORY]) <= 2000


def test_noted_numbers_that_cannot_be_are_none():
    assert [noted(of("a", 1, desired=text), DESIRED) for text in ("3", "-1", "+1", "x", str(1 << 31))] == [
        3,
        *[None] * 4,
    ]


# -- rolling


def test_the_new_one_grows_as_far_as_surge_allows():
    wanted = deployment(replicas=10, **rolling(3, 2))
    assert shown(plan_rolling(wanted, Sets(of("new", 0), (of("old", 10),)))) == [("new", 3)]
    assert shown(plan_rolling(wanted, Sets(of("new", 8), (of("old", 4),)))) == [("new", 9)]
    assert shown(plan_rolling(wanted, Sets(of("new", 12), ()))) == [("new", 10)]
    assert new_size(deployment(replicas=4, **RECREATE), [of("old", 9)], 0) == 4


def test_old_ones_shrink_by_what_may_be_missing():
    wanted = deployment(replicas=10, **rolling(3, 2))
    assert shown(plan_rolling(wanted, Sets(of("new", 3, 0), (of("old", 10),)))) == [("old", 8)]
    assert shown(plan_rolling(wanted, Sets(of("new", 5, 5), (of("a", 4, created=2), of("b", 4, created=1))))) == [
        ("b", 0),
        ("a", 3),
    ]
    assert plan_rolling(wanted, Sets(of("new", 5, 0), (of("old", 8),))) == []


def test_old_pods_that_do_not_work_go_first():
    wanted = deployment(replicas=10, **rolling(3, 2))
    old = (of("broken", 3, 0, created=2), of("fine", 8, created=1))
    assert shown(plan_rolling(wanted, Sets(of("new", 2, 0), old))) == [("broken", 0)]


def test_one_that_is_still_shrinking_is_waited_for():
    wanted = deployment(replicas=10, **rolling(3, 2))
    assert plan_rolling(wanted, Sets(of("new", 4, 0), (of("old", 9, 10),))) == []


def test_recreation_ends_all_old_ones_and_waits_for_their_pods():
    sets = Sets(of("new", 0), (of("a", 2), of("b", 0)))
    assert shown(plan_recreate_end(sets)) == [("a", 0)]
    ended = Sets(of("new", 0), (of("a", 0),))
    assert has_old_pods(sets, {})
    assert has_old_pods(ended, {"uid-a": [pod("p", phase="Unknown")]})
    assert not has_old_pods(ended, {"uid-a": [pod("p", phase="Failed")], "uid-new": [pod("q")]})


# -- scaling


def test_another_number_of_replicas_is_seen_by_the_note():
    assert is_scaled(deployment(replicas=5), Sets(of("new", 3, desired="3"), ()))
    assert not is_scaled(deployment(replicas=5), Sets(of("new", 3, desired="5"), (of("old", 0, desired="3"),)))


def test_the_only_active_one_or_else_the_newest_takes_it_all():
    wanted = deployment(replicas=5)
    assert shown(plan_scaling(wanted, Sets(of("new", 3), (of("old", 0),)))) == [("new", 5)]
    assert shown(plan_scaling(wanted, Sets(None, (of("a", 0, created=1), of("b", 0, created=2))))) == [("b", 5)]
    assert plan_scaling(wanted, Sets(None, ())) == []


def test_beside_one_that_is_full_the_others_end():
    wanted = deployment(replicas=5)
    new = of("new", 5, desired="5")
    assert is_saturated(wanted, new)
    assert shown(plan_scaling(wanted, Sets(new, (of("old", 2),)))) == [("old", 0)]


def test_in_a_rollout_all_keep_their_part():
    # 8 of 13 and 5 of 13 (surge 3), from 10 to 30 replicas.
    notes = {"desired": "10", "max": "13"}
    wanted = deployment(replicas=30, **rolling(3, 2))
    assert total_max(wanted) == 33
    sets = Sets(of("new", 5, 0, created=2, **notes), (of("old", 8, created=1, **notes),))
    assert shown(plan_scaling(wanted, sets)) == [("old", 20), ("new", 13)]


def test_what_is_left_over_goes_to_the_largest_and_newest():
    notes = {"desired": "10", "max": "10"}
    wanted = deployment(replicas=14, **rolling(0, 1))
    sets = Sets(of("c", 4, created=3, **notes), (of("b", 3, created=2, **notes), of("a", 3, created=1, **notes)))
    assert shown(plan_scaling(wanted, sets)) == [("c", 6), ("b", 4), ("a", 4)]
    down = deployment(replicas=0, **rolling(0, 1))
    assert shown(plan_scaling(down, sets)) == [("c", 0), ("a", 0), ("b", 0)]


# -- status


def test_a_status_counts_all_and_the_new():
    status = plan_status(deployment(replicas=4), Sets(of("new", 2, 1), (of("old", 3),)), now=NOW)
    assert told(status, "Available") == ("True", "MinimumReplicasAvailable")
    assert {name: value for name, value in status.items() if name != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 5,
        "updatedReplicas": 2,
        "readyReplicas": 4,
        "availableReplicas": 4,
        "unavailableReplicas": 1,
        "terminatingReplicas": 0,
    }


def test_too_few_are_unavailability():
    status = plan_status(deployment(replicas=4), Sets(of("new", 4, 2), ()), now=NOW)
    assert told(status, "Available") == ("False", "MinimumReplicasUnavailable")


def status_after(old, sets, **spec):
    return plan_rollout_status(deployment(replicas=2, status=old, **spec), sets, now=NOW)


def test_progress_is_told_with_the_time_of_its_last_step():
    early = "2026-01-01T23:59:00Z"
    old = {
        "replicas": 1,
        "updatedReplicas": 1,
        "conditions": [condition("Progressing", "True", "ReplicaSetUpdated", early)],
    }
    status = status_after(old, Sets(of("new", 2, 0), ()))
    assert status["conditions"][-1] == {
        "type": "Progressing",
        "status": "True",
        "reason": "ReplicaSetUpdated",
        "message": 'ReplicaSet "new" is progressing.',
        "lastUpdateTime": NOON,
        "lastTransitionTime": early,
    }


def test_complete_is_all_new_and_available():
    status = status_after({}, Sets(of("new", 2), ()))
    assert told(status) == ("True", "NewReplicaSetAvailable")
    assert is_complete(deployment(replicas=2), status)
    assert not is_complete(deployment(replicas=2, metadata={"generation": 2}), status)


def test_after_that_lost_pods_are_no_rollout():
    old = {
        "replicas": 2,
        "updatedReplicas": 2,
        "conditions": [condition("Progressing", "True", "NewReplicaSetAvailable")],
    }
    assert told(status_after(old, Sets(of("new", 2, 0), ()))) == ("True", "NewReplicaSetAvailable")


def test_without_progress_the_deadline_passes():
    for age_s, expected in ((600, ("True", "ReplicaSetUpdated")), (601, ("False", "ProgressDeadlineExceeded"))):
        then = (NOW - timedelta(seconds=age_s)).isoformat()[:19] + "Z"
        old = {
            "replicas": 2,
            "updatedReplicas": 2,
            "conditions": [condition("Progressing", "True", "ReplicaSetUpdated", then)],
        }
        assert told(status_after(old, Sets(of("new", 2, 0), ()))) == expected


def test_no_deadline_no_word_of_progress():
    old = {"conditions": [condition("Progressing", "True", "ReplicaSetUpdated")]}
    assert told(status_after(old, Sets(of("new", 2, 0), ()), progressDeadlineSeconds=(1 << 31) - 1)) is None


def test_failures_are_those_of_the_new_one_first():
    failed = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": NOON}
    new, old = of("new", 2, 0), of("old", 2, 0)
    old["status"]["conditions"] = [failed | {"reason": "old"}]
    status = status_after({}, Sets(new, (old,)))
    assert told(status, "ReplicaFailure") == ("True", "old")
    new["status"]["conditions"] = [failed | {"reason": "new"}]
    assert told(status_after({}, Sets(new, (old,))), "ReplicaFailure") == ("True", "new")
    assert told(status_after(status, Sets(of("new", 2), ())), "ReplicaFailure") is None


def test_a_check_is_due_when_the_deadline_has_passed():
    then = (NOW - timedelta(seconds=180)).isoformat()[:19] + "Z"
    status = {"conditions": [condition("Progressing", "True", "ReplicaSetUpdated", then)]}
    assert checked_in_s(deployment(status=status), status, now=NOW) == 421
    status = {"conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded", then)]}
    assert checked_in_s(deployment(status=status), status, now=NOW) is None


def test_pauses_are_no_lack_of_progress_but_do_not_hide_one():
    running = {"conditions": [condition("Progressing", "True", "ReplicaSetUpdated")]}
    paused = plan_pause(deployment(status=running, paused=True), now=NOW)
    assert told(paused) == ("Unknown", "DeploymentPaused")
    assert plan_pause(deployment(status=paused, paused=True), now=NOW) is None
    assert told(plan_pause(deployment(status=paused), now=NOW)) == ("Unknown", "DeploymentResumed")
    late = {"conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded")]}
    assert plan_pause(deployment(status=late, paused=True), now=NOW) is None


# -- history


def test_the_lowest_revisions_go_unless_they_have_pods():
    sets = [of("c", 0, revision="10"), of("a", 0, revision="9"), of("b", 0, present=1, revision="2")]
    gone = [each["metadata"]["name"] for each in plan_clean_up(deployment(revisionHistoryLimit=1), sets)]
    assert gone == ["a"]
    assert plan_clean_up(deployment(revisionHistoryLimit=3), sets) == []
    assert len(plan_clean_up(deployment(revisionHistoryLimit=0), sets)) == 2


def wish(revision, **annotations):
    return deployment(metadata={"annotations": {"deprecated.deployment.rollback.to": str(revision), **annotations}})


def test_a_rollback_takes_template_and_annotations_of_a_revision():
    sets = Sets(of("new", 1, image="v1", revision="2"), (of("old", 0, revision="1", cause="first"),))
    plan = plan_rollback(wish(0, cause="second", **{REVISION: "2"}), sets)
    assert (plan.reason, plan.message) == ("DeploymentRollback", 'Rolled back deployment "web" to revision 1')
    assert plan.deployment["metadata"]["annotations"] == {"cause": "first", REVISION: "2"}
    template = plan.deployment["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "web"}
    assert template["spec"]["containers"][0]["image"] == "old"


@pytest.mark.parametrize(
    ("revision", "reason"),
    [(7, "DeploymentRollbackRevisionNotFound"), (2, "DeploymentRollbackTemplateUnchanged")],
)
def test_a_rollback_that_cannot_be_is_forgotten(revision, reason):
    sets = Sets(of("new", 1, image="v1", revision="2"), (of("old", 0, revision="1"),))
    plan = plan_rollback(wish(revision), sets)
    assert (plan.type, plan.reason) == ("Warning", reason)
    assert wanted_revision(plan.deployment) is None
    assert plan.deployment["spec"] == deployment()["spec"]
