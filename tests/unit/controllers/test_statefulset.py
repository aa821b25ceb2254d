"""Pods with stable names and storage, in order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.controllers.history import template_patch
from steersman.controllers.statefulset.claims import (
    has_foreign_controller,
    has_right_owners,
    is_stale,
    new_claims,
    right_owners,
)
from steersman.controllers.statefulset.identity import (
    has_identity,
    has_storage,
    new_pod,
    ordinals,
    parent_and_ordinal,
    sets_of_claim,
    with_identity,
    with_storage,
)
from steersman.controllers.statefulset.plan import Version, plan_set
from steersman.controllers.statefulset.revisions import is_same_when_defaulted, plan_clean_up
from steersman.controllers.statefulset.rollout import plan_rollout, unavailable_max
from steersman.controllers.statefulset.status import is_told, plan_status

from .objects import meta, pod

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GOING = {"deletionTimestamp": "2026-01-01T00:00:10Z"}
OLD = Version(
    "web-old", {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
)
NEW = Version(
    "web-new", {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i:2"}]}}
)


def stateful_set(replicas=3, *, start=0, storage=False, policy=("Retain", "Retain"), status=None, **spec):
    rolling = {"partition": spec.pop("partition", 0), "maxUnavailable": spec.pop("max_unavailable", 1)}
    claim = {"metadata": {"name": "data", "labels": {"v": "1"}}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    return {
        "metadata": meta("web", generation=1),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "serviceName": "web-svc",
            "template": NEW.template,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
            "podManagementPolicy": "OrderedReady",
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": policy[0], "whenScaled": policy[1]},
            "revisionHistoryLimit": 10,
            **({"ordinals": {"start": start}} if start else {}),
            **({"volumeClaimTemplates": [claim]} if storage else {}),
            **spec,
        },
        "status": status or {},
    }


def member(ordinal, version=NEW, *, storage=False, **more):
    name = f"web-{ordinal}"
    labels = {
        "app": "web",
        "controller-revision-hash": version.revision,
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(ordinal),
    }
    made = pod(name, labels=labels, **more)
    if storage:
        made["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}}]
    return made


def claim(ordinal, *owners, **metadata):
    return {"metadata": meta(f"data-web-{ordinal}", ownerReferences=list(owners), **metadata)}


def reference(kind, name, *, uid=None, controller=True):
    version = "v1" if kind == "Pod" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid or f"uid-{name}", "controller": controller}


SET, POD_0 = reference("StatefulSet", "web"), reference("Pod", "web-0")


def planned(owner, pods, claims=(), *, current=OLD):
    """Each round as text, then the pods that give way."""
    named = {each["metadata"]["name"]: each for each in claims}
    plan = plan_set(owner, pods, current=current, update=NEW, claim=named.get, now=NOW)
    rounds = [
        [f"{'+'.join(act.value for act in acts)} {each['metadata']['name']}" for each, acts in acts_of_round]
        for acts_of_round in plan.rounds
    ]
    return [text for acts in rounds for text in acts], [each["metadata"]["name"] for each in plan.rollout]


# -- identity


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-0", ("web", 0)),
        ("a-b-12", ("a-b", 12)),
        ("web", ("", -1)),
        ("web-x", ("", -1)),
        ("w-99999999999", ("w", -1)),
    ],
)
def test_a_name_tells_whose_pod_it_is(name, expected):
    assert parent_and_ordinal(name) == expected


def test_ordinals_begin_where_the_set_says():
    assert [list(ordinals(stateful_set(2))), list(ordinals(stateful_set(2, start=5)))] == [[0, 1], [5, 6]]


def test_a_new_pod_has_its_identity_and_storage():
    made = new_pod(stateful_set(storage=True), NEW.template, 1, "web-new")
    assert made["metadata"]["name"] == "web-1"
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["labels"] == {
        "app": "web",
        "controller-revision-hash": "web-new",
        "statefulset.kubernetes.io/pod-name": "web-1",
        "apps.kubernetes.io/pod-index": "1",
    }
    assert (made["spec"]["hostname"], made["spec"]["subdomain"]) == ("web-1", "web-svc")
    assert made["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}]
    assert "volumes" not in new_pod(stateful_set(), NEW.template, 1, "web-new")["spec"]


def test_identity_and_storage_are_checked_and_mended():
    owner, bare = stateful_set(storage=True), pod("web-0")
    bare["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    assert (has_identity(owner, bare), has_storage(owner, bare)) == (False, False)
    mended = with_storage(owner, with_identity(bare))
    assert (has_identity(owner, mended), has_storage(owner, mended)) == (True, True)
    assert [volume["name"] for volume in mended["spec"]["volumes"]] == ["data", "tmp"]
    assert not has_identity(owner, pod("web-00", labels={"statefulset.kubernetes.io/pod-name": "web-00"}))


def test_a_claim_tells_which_set_made_it():
    sets = [stateful_set(storage=True), stateful_set()]
    assert list(sets_of_claim("data-web-3", sets)) == sets[:1]
    assert list(sets_of_claim("data-web", sets)) == list(sets_of_claim("other-web-3", sets)) == []


# -- claims


def test_a_new_claim_has_the_labels_of_the_selector():
    (made,) = new_claims(stateful_set(storage=True), member(1))
    assert made == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-web-1", "namespace": "ns", "labels": {"v": "1", "app": "web"}},
        "spec": {"accessModes": ["ReadWriteOnce"]},
    }


@pytest.mark.parametrize(
    ("policy", "replicas", "kinds"),
    [
        (("Retain", "Retain"), 1, []),
        (("Delete", "Retain"), 1, ["StatefulSet"]),
        (("Delete", "Retain"), 0, ["StatefulSet"]),
        (("Retain", "Delete"), 1, []),
        (("Retain", "Delete"), 0, ["Pod"]),
        (("Delete", "Delete"), 1, ["StatefulSet"]),
        (("Delete", "Delete"), 0, ["Pod"]),
    ],
)
def test_who_owns_a_claim_follows_from_the_policy_and_whether_its_pod_is_given_up(policy, replicas, kinds):
    owner, its_pod = stateful_set(replicas, policy=policy), member(0)
    for before in (claim(0), claim(0, SET), claim(0, POD_0), claim(0, SET, POD_0)):
        after = right_owners(owner, its_pod, before)
        assert [each["kind"] for each in after] == kinds
        assert all(each["controller"] and each["blockOwnerDeletion"] for each in after)
        had = sorted(each["kind"] for each in before["metadata"]["ownerReferences"])
        assert has_right_owners(owner, its_pod, before) is (had == kinds)
        assert has_right_owners(owner, its_pod, claim(0, *after))


def test_an_owner_that_does_not_control_is_made_to():
    before = claim(0, SET | {"controller": False})
    owner = stateful_set(policy=("Delete", "Retain"))
    assert not has_right_owners(owner, member(0), before)
    assert [each["controller"] for each in right_owners(owner, member(0), before)] == [True]


def test_a_claim_of_another_controller_is_left_to_it():
    owner, foreign = stateful_set(policy=("Delete", "Delete")), reference("Thing", "t")
    assert has_foreign_controller(owner, member(0), claim(0, foreign))
    assert has_right_owners(owner, member(0), claim(0, foreign))
    assert not has_right_owners(owner, member(0), claim(0, foreign, SET))
    assert right_owners(owner, member(0), claim(0, foreign, SET)) == [foreign]
    assert not has_foreign_controller(stateful_set(), member(0), claim(0, foreign))


def test_a_claim_of_a_former_pod_is_left_alone_and_waited_for():
    owner = stateful_set(policy=("Retain", "Delete"))
    former = claim(0, reference("Pod", "web-0", uid="former"))
    assert has_right_owners(owner, member(0), former)
    assert has_foreign_controller(owner, member(0), former)
    assert is_stale(owner, member(0), former)
    assert is_stale(owner, new_pod(owner, NEW.template, 0, "r"), claim(0, POD_0))
    assert not is_stale(stateful_set(), member(0), former)


# -- plan


def test_ordered_pods_are_made_one_at_a_time():
    assert planned(stateful_set(), []) == (["create web-0"], [])
    assert planned(stateful_set(), [member(0)]) == (["create web-1"], [])
    assert planned(stateful_set(), [member(0, ready=False)]) == ([], [])
    assert planned(stateful_set(), [member(0, phase="Pending", ready=False)]) == ([], [])
    assert planned(stateful_set(minReadySeconds=60), [member(0, ready="2026-01-01T23:59:30Z")]) == ([], [])


def test_a_pod_that_is_going_is_waited_for():
    assert planned(stateful_set(), [member(0, **GOING), member(1)]) == ([], [])


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_ended_is_deleted_to_be_made_again(phase):
    assert planned(stateful_set(), [member(0, phase=phase), member(1)]) == (["delete web-0"], [])
    assert planned(stateful_set(), [member(0, phase=phase, **GOING)]) == ([], [])


def test_parallel_pods_are_made_at_once():
    owner = stateful_set(podManagementPolicy="Parallel")
    assert planned(owner, [member(1, ready=False)]) == (["create web-0", "create web-2"], [])
    ended = [member(0, phase="Failed"), member(1), member(2)]
    assert planned(owner, ended) == (["delete web-0"], [])


def test_pods_are_given_up_from_the_highest_ordinal_down_one_at_a_time():
    assert planned(stateful_set(1), [member(0), member(1), member(2)]) == (["delete web-2"], [])
    assert planned(stateful_set(1), [member(0), member(1), member(2, **GOING)]) == ([], [])
    assert planned(stateful_set(0, podManagementPolicy="Parallel"), [member(0), member(1)]) == (
        ["delete web-1", "delete web-0"],
        [],
    )


def test_giving_up_waits_for_the_pods_that_stay_and_for_worse_ones():
    assert planned(stateful_set(1), [member(0, ready=False), member(1)]) == ([], [])
    assert planned(stateful_set(1), [member(0), member(1), member(2, ready=False)]) == (["delete web-2"], [])
    assert planned(stateful_set(1), [member(0), member(1, ready=False), member(2, ready=False)]) == ([], [])


def test_another_start_makes_pods_at_one_end_and_gives_them_up_at_the_other():
    pods = [member(3), member(4)]
    assert planned(stateful_set(2, start=4), pods) == (["create web-5"], [])
    assert planned(stateful_set(2, start=4), [*pods, member(5)]) == (["delete web-3"], [])


def test_a_new_pod_is_of_the_old_template_below_the_partition():
    def revisions(owner):
        plan = plan_set(owner, [], current=OLD, update=NEW, claim=lambda _name: None, now=NOW)
        return [made["metadata"]["labels"]["controller-revision-hash"] for made, _ in plan.rounds[0]]

    parallel = {"podManagementPolicy": "Parallel"}
    assert revisions(stateful_set(2, partition=1, **parallel)) == ["web-old", "web-new"]
    assert revisions(stateful_set(2, start=4, partition=1, **parallel)) == ["web-old", "web-new"]
    assert revisions(stateful_set(2, updateStrategy={"type": "OnDelete"}, **parallel)) == ["web-new", "web-new"]
    unsaid = stateful_set(2, updateStrategy={"type": "RollingUpdate"}, status={"currentReplicas": 1}, **parallel)
    assert revisions(unsaid) == ["web-old", "web-new"]


def test_a_set_that_is_being_deleted_is_left_to_the_garbage_collector():
    owner = stateful_set()
    owner["metadata"] |= GOING
    assert planned(owner, [member(0, phase="Failed")]) == ([], [])


def test_a_waiting_pod_gets_the_claims_that_it_lacks():
    owner, waiting = stateful_set(1, storage=True), member(0, storage=True, phase="Pending", ready=False)
    assert planned(owner, [waiting]) == (["furnish web-0"], [])
    assert planned(owner, [waiting], [claim(0)]) == ([], [])
    assert planned(owner, [waiting], [claim(0, **GOING)]) == (["furnish web-0"], [])


def test_a_pod_waits_for_the_end_of_a_former_claim():
    owner = stateful_set(1, storage=True, policy=("Retain", "Delete"))
    assert planned(owner, [], [claim(0, POD_0)]) == ([], [])
    assert planned(owner, [], [claim(0)]) == (["create web-0"], [])


def test_what_is_not_as_it_should_be_is_mended():
    assert planned(stateful_set(1), [pod("web-0")]) == (["mend web-0"], ["web-0"])
    owner = stateful_set(1, storage=True, policy=("Delete", "Retain"))
    assert planned(owner, [member(0, storage=True)], [claim(0)]) == (["mend web-0"], [])
    assert planned(owner, [member(0, storage=True)], [claim(0, SET)]) == ([], [])


def test_claims_of_pods_that_are_given_up_are_handed_over_first():
    owner = stateful_set(0, storage=True, policy=("Retain", "Delete"))
    assert planned(owner, [member(0, storage=True)], [claim(0)]) == (["hand over web-0", "delete web-0"], [])


# -- rollout


def test_a_template_is_rolled_out_from_the_highest_ordinal_down():
    assert planned(stateful_set(), [member(i, OLD) for i in range(3)]) == ([], ["web-2"])
    assert planned(stateful_set(), [member(0, OLD), member(1, OLD), member(2)]) == ([], ["web-1"])
    assert planned(stateful_set(max_unavailable=2), [member(i, OLD) for i in range(3)]) == ([], ["web-2", "web-1"])


def test_below_the_partition_nothing_is_replaced():
    assert planned(stateful_set(partition=2), [member(0, OLD), member(1, OLD), member(2)]) == ([], [])


def test_other_strategies_replace_nothing():
    pods = [member(i, OLD) for i in range(3)]
    assert planned(stateful_set(updateStrategy={"type": "OnDelete"}), pods) == ([], [])


def test_parallel_replaces_what_is_not_available_first_and_beyond_the_limit():
    owner = stateful_set(podManagementPolicy="Parallel", max_unavailable=2)
    pods = [member(0, OLD, ready=False), member(1, OLD), member(2, OLD)]
    assert plan_rollout(owner, pods, "web-new", NOW) == [pods[0], pods[2]]
    worse = [member(0, OLD, ready=False), member(1, OLD, ready=False), member(2, OLD)]
    assert plan_rollout(owner, worse, "web-new", NOW) == [worse[1], worse[0]]
    going = [member(0, OLD), member(1, OLD, **GOING), member(2, **GOING)]
    assert plan_rollout(owner, going, "web-new", NOW) == []


@pytest.mark.parametrize(("amount", "expected"), [(3, 3), ("30%", 3), ("1%", 1)])
def test_the_limit_is_rounded_down_to_at_least_one(amount, expected):
    assert unavailable_max({"maxUnavailable": amount}, 10) == expected
    assert unavailable_max({}, 10) == 1


# -- status, history


def status_of(owner, pods, given_up=0, current="web-old"):
    return plan_status(owner, pods, current=current, update="web-new", collisions=0, given_up=given_up, now=NOW)


def test_a_status_counts_pods_by_revision():
    pods = [member(0, OLD), member(1, OLD, ready=False), member(2, **GOING)]
    assert status_of(stateful_set(), pods, given_up=1) == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "currentReplicas": 1,
        "currentRevision": "web-old",
        "updateRevision": "web-new",
        "collisionCount": 0,
    }


def test_an_update_is_over_when_all_pods_are_ready_and_of_it():
    status = status_of(stateful_set(2), [member(0), member(1)])
    assert (status["currentRevision"], status["currentReplicas"], status["updatedReplicas"]) == ("web-new", 2, 2)
    assert status_of(stateful_set(2), [member(0), member(1, ready=False)])["currentRevision"] == "web-old"


def test_conditions_of_others_are_kept_and_what_is_told_is_not_told_again():
    owner = stateful_set(0, status={"conditions": [{"type": "Mine"}]})
    status = status_of(owner, [])
    assert status["conditions"] == [{"type": "Mine"}]
    assert not is_told(owner, status)
    assert is_told(owner | {"status": status}, status | {"collisionCount": 3})


def revision(name, number, template=None):
    data = template_patch({"spec": {"template": template or NEW.template}})
    return {"metadata": meta(name), "revision": number, "data": data}


def test_revisions_in_use_are_kept_and_the_oldest_of_the_others_go():
    history = [revision(f"web-{i}", i) for i in range(5)]
    owner = stateful_set(revisionHistoryLimit=1)
    in_use = member(0, Version("web-1", {}))
    assert plan_clean_up(owner, history, ["web-4"], [in_use]) == [history[0], history[2]]
    assert plan_clean_up(stateful_set(revisionHistoryLimit=-1), history, [], []) == []


def test_a_template_that_lacks_only_defaults_is_the_same():
    full = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "containers": [
                {
                    "name": "c",
                    "image": "i:2",
                    "resources": {},
                    "imagePullPolicy": "IfNotPresent",
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        },
    }
    owner = stateful_set(template=full)
    older = {
        **full,
        "spec": {"containers": [{"name": "c", "image": "i:2", "resources": {}}], "restartPolicy": "Always"},
    }
    assert is_same_when_defaulted(owner, revision("web-1", 1, older))
    assert not is_same_when_defaulted(owner, revision("web-1", 1, OLD.template))
