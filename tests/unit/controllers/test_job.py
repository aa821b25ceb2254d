"""What a Job does about its pods, by plain objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.meta.times import format_time
from steersman.controllers.job.accounting import UNCOUNTED_MAX, account, conclude, settle
from steersman.controllers.job.backoff import Backoff, finished_at, remaining_s_of_index
from steersman.controllers.job.census import take_census
from steersman.controllers.job.controller import begin
from steersman.controllers.job.failures import (
    FAILURES,
    IGNORED_FAILURES,
    Reading,
    fails_its_index,
    failures_before,
    failures_with,
    has_failed,
    read_failure,
)
from steersman.controllers.job.indexes import (
    COMPLETION_INDEX,
    Indexes,
    index_of,
    indexes_of,
    parse_indexes,
)
from steersman.controllers.job.plan import BURST, Create, Delete, Wait, plan_pods, plan_removal
from steersman.controllers.job.template import INDEX_VARIABLE, TRACKING, name_prefix_of_index, pod_of_job
from steersman.controllers.job.verdict import deadline_in_s, judge, judge_completions, make_condition

from .objects import CREATED, meta
from .objects import pod as any_pod

NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)
GOING = {"deletionTimestamp": "2026-01-01T00:30:00Z"}


def job(*, status=None, metadata=None, **spec):
    template = {"metadata": {"labels": {"app": "j"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]}}
    given = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "template": template, **spec}
    made = {"metadata": meta("j", **(metadata or {})), "spec": given, "status": status or {}}
    return made | {"status": begin(made, NOW)}


def indexed(completions=3, **more):
    return job(**{"completions": completions, "parallelism": completions, "completionMode": "Indexed", **more})


def pod(name="p", *, index=None, tracked=True, code=0, annotations=None, conditions=(), **more):
    """`code`: of its container, if it has ended, at 00:30."""
    given = dict(annotations or {}) | ({COMPLETION_INDEX: str(index)} if index is not None else {})
    made = any_pod(name, annotations=given, finalizers=[TRACKING] if tracked else [], **more)
    if made["status"]["phase"] in ("Succeeded", "Failed"):
        ended = {"exitCode": code, "finishedAt": "2026-01-01T00:30:00Z"}
        made["status"]["containerStatuses"] = [{"name": "c", "restartCount": 0, "state": {"terminated": ended}}]
    if conditions:
        made["status"]["conditions"] = [{"type": each, "status": "True"} for each in conditions]
    return made


def failed(name="p", **more):
    return pod(name, **{"phase": "Failed", "code": 1, **more})


def succeeded(name="p", **more):
    return pod(name, phase="Succeeded", **more)


def uids(pods):
    return [each["metadata"]["uid"].removeprefix("uid-") for each in pods]


def plan(owner, *pods, backoff=None):
    return plan_pods(take_census(owner, pods), backoff or Backoff(), NOW)


def reason_of(owner, *pods):
    verdict = judge(take_census(owner, pods), NOW)
    return verdict and (verdict["type"], verdict["reason"], verdict["message"])


# -- indexes


@pytest.mark.parametrize("text", ["", "0", "0,1", "0-2", "0,2-4,6,7,9"])
def test_indexes_are_read_as_they_are_written(text):
    assert str(parse_indexes(text, 100)) == text


def test_indexes_beyond_the_completions_are_left_out():
    assert parse_indexes("1,3-9,12", 5) == Indexes(((1, 1), (3, 4)))
    assert parse_indexes("x,1-y,2", 5) == Indexes(((2, 2),))
    assert parse_indexes("1,2,3", 5) == Indexes(((1, 3),))


def test_indexes_are_a_set():
    some = indexes_of([5, 1, 2, 2])
    assert (str(some), len(some), 2 in some, 3 in some, None in some) == ("1,2,5", 3, True, False, False)
    assert str(some | indexes_of([3, 4])) == "1-5"
    assert str(Indexes().with_all([1])) == "1"
    assert indexes_of(range(2, 7)).overlap(indexes_of([1, 3, 4, 6, 9])) == 3


def test_the_lowest_indexes_that_are_missing():
    some = indexes_of([1, 2, 5])
    assert some.first_missing(3, below=9) == [0, 3, 4]
    assert some.first_missing(9, below=7) == [0, 3, 4, 6]
    assert Indexes().first_missing(2, below=5) == [0, 1]
    assert indexes_of([7]).first_missing(9, below=3) == [0, 1, 2]


def test_an_index_is_a_number():
    assert index_of(pod(index=3)) == 3
    assert index_of(pod()) is None
    assert index_of(pod(index="-1")) is None


# -- failures


def test_a_pod_that_is_being_deleted_has_failed_unless_its_end_is_waited_for():
    assert has_failed(pod(**GOING), job())
    assert not has_failed(pod(**GOING), job(podReplacementPolicy="Failed"))
    assert not has_failed(succeeded(**GOING), job())
    assert not has_failed(pod(), job())


def policy(*rules):
    return job(podFailurePolicy={"rules": list(rules)})


def codes(action, operator="In", *values, **more):
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values), **more}}


def test_the_first_rule_that_matches_decides():
    owner = policy(codes("Ignore", "In", 3), codes("Count", "NotIn", 3, 4), codes("FailIndex", "In", 4))
    assert read_failure(failed(code=3), owner) == Reading(counted=False, action="Ignore")
    assert read_failure(failed(code=7), owner) == Reading(action="Count")
    assert read_failure(failed(code=4), owner) == Reading(action="FailIndex")
    assert read_failure(failed(code=4), job()) == Reading()


def test_a_rule_may_mean_one_container():
    owner = policy(codes("Ignore", "In", 3, containerName="other"))
    assert read_failure(failed(code=3), owner) == Reading()


def test_success_matches_no_rule():
    assert read_failure(failed(code=0), policy(codes("Ignore", "NotIn", 5))) == Reading()


def test_a_job_that_fails_at_once_says_why():
    told = "Container c for pod ns/p failed with exit code 9 matching FailJob rule at index 0"
    assert read_failure(failed(code=9), policy(codes("FailJob", "In", 9))).message == told
    rule = {"action": "FailJob", "onPodConditions": [{"type": "ConfigIssue", "status": "True"}]}
    told = "Pod ns/p has condition ConfigIssue matching FailJob rule at index 0"
    assert read_failure(failed(conditions=["ConfigIssue"]), policy(rule)).message == told


def test_failures_of_an_index_are_handed_on():
    owner = policy(codes("Ignore", "In", 3))
    before = {FAILURES: "2", IGNORED_FAILURES: "1"}
    assert failures_with(None, owner) == (0, 0)
    assert failures_with(failed(annotations=before, code=3), owner) == (2, 2)
    assert failures_with(failed(annotations=before), owner) == (3, 1)
    assert failures_before(failed(annotations={FAILURES: "-1", IGNORED_FAILURES: "99999999999"})) == (0, 0)


def test_an_index_fails_with_more_failures_than_its_limit_or_by_rule():
    owner = indexed(backoffLimitPerIndex=1, podFailurePolicy={"rules": [codes("FailIndex", "In", 7)]})
    assert not fails_its_index(failed(index=0), owner)
    assert fails_its_index(failed(index=0, annotations={FAILURES: "1"}), owner)
    assert fails_its_index(failed(index=0, code=7), owner)
    assert not fails_its_index(pod(index=0), owner)


# -- back-off


def at(text):
    return datetime.fromisoformat(text)


def test_a_pod_ended_with_its_last_container():
    assert finished_at(failed()) == at("2026-01-01T00:30:00Z")


def test_without_containers_readiness_or_deletion_say_when_it_ended():
    bare = failed()
    bare["status"] = {"phase": "Failed"}
    assert finished_at(bare) == at(CREATED)
    bare["metadata"] |= {**GOING, "deletionGracePeriodSeconds": 30}
    assert finished_at(bare) == at("2026-01-01T00:29:30Z")
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:20:00Z"}
    bare["status"]["conditions"] = [unready]
    assert finished_at(bare) == at("2026-01-01T00:20:00Z")


def test_a_container_that_runs_has_not_ended_but_a_sidecar_may_say_so():
    one = failed()
    one["status"]["containerStatuses"].append({"name": "d", "restartCount": 0, "state": {"running": {}}})
    assert finished_at(one) == at(CREATED)
    one["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always"}, {"name": "i"}]
    ended = {"terminated": {"exitCode": 0, "finishedAt": "2026-01-01T00:40:00Z"}}
    one["status"]["initContainerStatuses"] = [{"name": "s", "state": ended}, {"name": "i", "state": {}}]
    assert finished_at(one) == at("2026-01-01T00:40:00Z")


@pytest.mark.parametrize(("failures", "delay_s"), [(1, 10), (2, 20), (6, 320), (7, 600), (50, 600)])
def test_the_wait_doubles_up_to_ten_minutes(failures, delay_s):
    assert Backoff(failures, NOW).remaining_s(NOW) == delay_s
    assert Backoff(failures, NOW).remaining_s(NOW + timedelta(seconds=delay_s)) == 0
    assert Backoff().remaining_s(NOW) == 0


def test_a_success_forgets_the_failures_before_it():
    after = Backoff().after([], [failed("a"), failed("b")])
    assert after == Backoff(2, at("2026-01-01T00:30:00Z"))
    assert after.after([], []) == after
    assert after.after([succeeded()], [failed("a")]) == Backoff()
    early = succeeded()
    early["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] = "2026-01-01T00:29:00Z"
    assert after.after([early], [failed("a")]) == Backoff(1, at("2026-01-01T00:30:00Z"))


def test_an_index_waits_by_the_failures_of_its_pods():
    last = failed(index=0, annotations={FAILURES: "1", IGNORED_FAILURES: "1"})
    assert remaining_s_of_index(last, at("2026-01-01T00:30:10Z")) == 30
    assert remaining_s_of_index(None, NOW) == 0


# -- census


def test_ended_pods_count_once():
    status = {"succeeded": 1, "failed": 2, "uncountedTerminatedPods": {"succeeded": ["uid-a"], "failed": ["uid-gone"]}}
    pods = [succeeded("a"), succeeded("b"), succeeded("c", tracked=False), failed("d"), pod("e")]
    census = take_census(job(status=status), pods)
    assert (uids(census.newly_succeeded), uids(census.newly_failed)) == (["b"], ["d"])
    assert (census.succeeded, census.failed, uids(census.active), census.ready) == (3, 4, ["e"], 1)


def test_ignored_failures_are_new_but_do_not_count():
    owner = policy(codes("Ignore", "In", 1))
    census = take_census(owner, [failed()])
    assert (len(census.newly_failed), census.failed) == (1, 0)


def test_of_an_indexed_job_indexes_count():
    owner = indexed(4, status={"completedIndexes": "0"})
    census = take_census(owner, [succeeded("a", index=0), succeeded("b", index=2), succeeded("c", index=9)])
    assert (str(census.known_indexes), str(census.succeeded_indexes), census.succeeded) == ("0", "0,2", 2)
    assert census.failed_indexes is None


def test_the_last_failed_pod_of_an_index_is_held_until_another_is_there():
    owner = indexed(3, backoffLimitPerIndex=5)
    first, second = failed("a", index=0), failed("b", index=0, annotations={FAILURES: "1"})
    assert uids(take_census(owner, [second, first]).held.values()) == ["b"]
    assert not take_census(owner, [first, pod("c", index=0)]).held
    assert not take_census(indexed(3, backoffLimitPerIndex=0), [first]).held


# -- verdict


def test_what_was_said_before_stands():
    owner = job(status={"conditions": [make_condition("SuccessCriteriaMet", "True", "R", "m", NOW)]})
    assert reason_of(owner, failed()) == ("SuccessCriteriaMet", "R", "m")
    owner = job(status={"conditions": [make_condition("FailureTarget", "True", "R", "m", NOW)]})
    assert reason_of(owner) == ("Failed", "R", "m")


def test_too_many_failures():
    told = ("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert reason_of(job(backoffLimit=1), failed("a"), failed("b")) == told
    assert reason_of(job(backoffLimit=1), failed("a")) is None


@pytest.mark.parametrize(("limit", "restarts", "over"), [(0, 0, False), (0, 1, True), (2, 1, False), (2, 2, True)])
def test_too_many_restarts(limit, restarts, over):
    template = {"spec": {"restartPolicy": "OnFailure", "containers": [{"name": "c"}]}}
    assert bool(reason_of(job(backoffLimit=limit, template=template), pod(restarts=restarts))) is over


def test_active_for_too_long():
    start = format_time(NOW - timedelta(seconds=60))
    told = ("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
    assert reason_of(job(activeDeadlineSeconds=60, status={"startTime": start})) == told
    assert reason_of(job(activeDeadlineSeconds=61, status={"startTime": start})) is None
    assert deadline_in_s(job(activeDeadlineSeconds=61, status={"startTime": start}), NOW) == 1
    assert deadline_in_s(job(activeDeadlineSeconds=1, suspend=True, status={"startTime": start}), NOW) is None
    assert deadline_in_s(job(), NOW) is None


def test_too_many_failed_indexes():
    pods = [failed("a", index=0), failed("b", index=1)]
    told = ("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
    assert reason_of(indexed(5, backoffLimitPerIndex=0, maxFailedIndexes=1), *pods)[1:] == told
    assert reason_of(indexed(5, backoffLimitPerIndex=0, maxFailedIndexes=2), *pods) is None
    told = ("FailedIndexes", "Job has failed indexes")
    assert reason_of(indexed(3, backoffLimitPerIndex=0), *pods, succeeded("c", index=2))[1:] == told


@pytest.mark.parametrize(
    ("rules", "met"),
    [
        ([{"succeededIndexes": "0-2"}], None),
        ([{"succeededIndexes": "0,1"}], 0),
        ([{"succeededIndexes": "9"}, {"succeededCount": 3}, {"succeededIndexes": "1-3", "succeededCount": 1}], 2),
        ([{"succeededCount": 2}], 0),
        ([], None),
    ],
)
def test_success_of_enough_indexes(rules, met):
    owner = indexed(4, successPolicy={"rules": rules})
    found = reason_of(owner, succeeded("a", index=0), succeeded("b", index=1))
    assert found == (None if met is None else ("SuccessCriteriaMet", "SuccessPolicy", f"Matched rules at index {met}"))


def test_complete_is_who_has_enough_successes_and_nobody_active():
    def is_complete(owner, *pods, active=0):
        return judge_completions(take_census(owner, pods), active, NOW) is not None

    assert is_complete(job(), succeeded())
    assert not is_complete(job(), succeeded(), active=1)
    assert not is_complete(job(completions=2), succeeded())
    assert is_complete(job(completions=0))
    assert is_complete(job(completions=None), succeeded())
    assert not is_complete(job(completions=None))


# -- plan


def test_as_many_as_may_run_and_are_missing():
    assert plan(job(parallelism=2, completions=9)) == Create([None, None])
    assert plan(job(parallelism=5, completions=3), succeeded("a"), pod("b")) == Create([None])
    assert plan(job(parallelism=1, completions=3), pod("b")) is None
    assert plan(job(parallelism=BURST + 1, completions=9999)) == Create([None] * BURST)


def test_without_completions_one_success_is_enough():
    assert plan(job(parallelism=2, completions=None), pod("a")) == Create([None])
    assert plan(job(parallelism=2, completions=None), succeeded("a")) is None
    assert plan(job(parallelism=1, completions=None), succeeded("a"), pod("b"), pod("c")) is None


def test_too_many_are_given_up_by_least_loss():
    found = plan(job(parallelism=1, completions=5), pod("a"), pod("b", phase="Pending"), pod("c", node=""))
    assert isinstance(found, Delete)
    assert uids(found.pods) == ["c", "b"]


def test_a_suspended_job_has_no_pods():
    assert plan(job(suspend=True)) is None
    found = plan(job(suspend=True), pod("a"), succeeded("b"))
    assert isinstance(found, Delete)
    assert uids(found.pods) == ["a"]


def test_after_a_failure_it_waits():
    backoff = Backoff(1, NOW - timedelta(seconds=4))
    assert plan(job(), backoff=backoff) == Wait(6)
    assert plan(indexed(), backoff=backoff) == Wait(6)
    assert plan(indexed(backoffLimitPerIndex=1), backoff=backoff) == Create([0, 1, 2])


def test_a_pod_that_ends_keeps_its_place_where_only_failed_ones_are_replaced():
    going = pod("a", **GOING)
    assert plan(job(podReplacementPolicy="Failed"), going) is None
    assert plan(job(), going) == Create([None])
    assert plan(indexed(2, podReplacementPolicy="Failed"), pod("a", index=0, **GOING)) == Create([1])


def test_indexes_that_nobody_has():
    pods = [pod("a", index=1), succeeded("b", index=2), failed("c", index=3)]
    assert plan(indexed(5), *pods) == Create([0, 3, 4])
    assert plan(indexed(5, parallelism=2), *pods) == Create([0])
    # Index 3 has failed for good.
    assert plan(indexed(5, backoffLimitPerIndex=0), *pods) == Create([0, 4])


def test_indexes_with_a_limit_of_their_own_wait_by_themselves():
    owner = indexed(2, backoffLimitPerIndex=9)
    pods = [failed("a", index=0), failed("b", index=1, annotations={FAILURES: "2"})]
    for each, finished in zip(pods, ("00:59:55Z", "00:59:50Z"), strict=True):
        terminated = each["status"]["containerStatuses"][0]["state"]["terminated"]
        terminated["finishedAt"] = f"2026-01-01T{finished}"
    assert plan(owner, *pods) == Wait(5)
    assert plan(owner, pods[1]) == Create([0])


def test_of_an_index_one_pod_stays():
    owner = indexed(2)
    pods = [pod("a", index=0), pod("b", index=0, phase="Pending"), pod("c"), pod("d", index=7), pod("e", index=1)]
    assert sorted(uids(plan_removal(owner, pods, 0))) == ["b", "c", "d"]
    assert len(plan_removal(owner, pods, 4)) == 4


# -- template


def test_a_pod_is_of_the_template_and_keeps_the_finalizer():
    made = pod_of_job(job())
    assert made["metadata"]["generateName"] == "j-"
    assert made["metadata"]["finalizers"] == [TRACKING]
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Job"
    assert "hostname" not in made["spec"]


def test_a_pod_of_an_index_knows_it():
    owner = indexed(backoffLimitPerIndex=2)
    mine = {"name": INDEX_VARIABLE, "value": "mine"}
    spec = {"containers": [{"name": "c"}, {"name": "d", "env": [mine]}], "initContainers": [{"name": "i"}]}
    owner["spec"]["template"] = {"metadata": {"labels": {"app": "j"}}, "spec": spec}
    made = pod_of_job(owner, index=2, replaced=failed(index=2))
    assert made["metadata"]["annotations"] == {COMPLETION_INDEX: "2", FAILURES: "1"}
    assert made["metadata"]["labels"] == {"app": "j", COMPLETION_INDEX: "2"}
    assert made["spec"]["hostname"] == "j-2"
    assert [each["env"][0]["name"] for each in made["spec"]["containers"]] == [INDEX_VARIABLE] * 2
    assert made["spec"]["containers"][1]["env"] == [mine]
    assert made["spec"]["initContainers"][0]["env"][0]["name"] == INDEX_VARIABLE


def test_a_long_name_gives_way_to_the_index():
    assert name_prefix_of_index("j" * 63, 12) == "j" * 54 + "-12-"


# -- accounting


def accounted(owner, *pods, verdict=None):
    return account(take_census(owner, pods), verdict, owner["status"], NOW)


def test_ended_pods_are_written_down_before_they_go():
    found = accounted(job(completions=9), succeeded("a"), failed("b"), pod("c"), succeeded("d", tracked=False))
    assert found.status["uncountedTerminatedPods"] == {"succeeded": ["uid-a"], "failed": ["uid-b"]}
    assert uids(found.release) == ["a", "b"]
    assert "succeeded" not in found.status


def test_uids_give_way_to_counts_when_the_finalizer_is_gone():
    listed = {"succeeded": ["x", "y"], "failed": ["z"]}
    status = settle({"failed": 1, "uncountedTerminatedPods": listed}, {"y"})
    assert status == {"succeeded": 1, "failed": 2, "uncountedTerminatedPods": {"succeeded": ["y"]}}
    assert settle(status, {"y"}) is status


def test_what_is_written_down_is_not_written_down_twice():
    owner = job(completions=9, status={"uncountedTerminatedPods": {"failed": ["uid-a"]}})
    found = accounted(owner, failed("a"))
    assert found.status["uncountedTerminatedPods"] == {"failed": ["uid-a"]}
    assert uids(found.release) == ["a"]


def test_indexes_are_written_down_in_their_order():
    owner = indexed(4, backoffLimitPerIndex=0, status={"completedIndexes": "0"})
    found = accounted(owner, succeeded("a", index=3), succeeded("b", index=1), failed("c", index=2))
    status = found.status
    assert (status["completedIndexes"], status["succeeded"], status["failedIndexes"]) == ("0,1,3", 3, "2")
    assert status["uncountedTerminatedPods"] == {"failed": ["uid-c"]}
    assert uids(found.release) == ["b", "c", "a"]


def test_a_pod_that_is_held_does_not_go():
    assert accounted(indexed(2, backoffLimitPerIndex=5), failed("a", index=0)).release == []


def test_with_a_failed_job_all_pods_have_failed():
    verdict = make_condition("FailureTarget", "True", "R", "m", NOW)
    found = accounted(job(), pod("a"), succeeded("b"), verdict=verdict)
    assert found.status["uncountedTerminatedPods"] == {"succeeded": ["uid-b"], "failed": ["uid-a"]}
    assert found.status["conditions"] == [verdict]
    assert found.verdict == make_condition("Failed", "True", "R", "m", NOW)


def test_with_success_pods_that_still_run_just_go():
    verdict = make_condition("SuccessCriteriaMet", "True", "R", "m", NOW)
    owner = job(status={"conditions": [verdict]})
    found = accounted(owner, pod("a"), verdict=verdict)
    assert found.status["uncountedTerminatedPods"] == {}
    assert uids(found.release) == ["a"]
    assert found.status["conditions"] == [verdict]
    assert found.verdict["type"] == "Complete"


def test_no_more_at_a_time_than_a_status_can_hold():
    verdict = make_condition("SuccessCriteriaMet", "True", "R", "m", NOW)
    pods = [succeeded(f"p{number}") for number in range(UNCOUNTED_MAX + 5)]
    found = accounted(job(completions=9999), *pods, verdict=verdict)
    assert len(found.release) == UNCOUNTED_MAX
    assert found.verdict is None


def test_a_job_is_over_when_nothing_is_left_to_count_or_to_end():
    verdict = make_condition("Complete", "True", "R", "m", NOW)
    over = {"uncountedTerminatedPods": {}, "terminating": 0}
    assert conclude(over | {"terminating": 1}, verdict, NOW) is None
    assert conclude(over | {"uncountedTerminatedPods": {"failed": ["x"]}}, verdict, NOW) is None
    assert conclude(over, None, NOW) is None
    told = {"conditions": [verdict], "completionTime": format_time(NOW)}
    assert conclude(over, verdict, NOW) == over | told
    assert "completionTime" not in conclude(over, verdict | {"type": "Failed"}, NOW)


def test_a_round_begins_with_a_start_unless_it_is_suspended():
    assert job()["status"] == {"uncountedTerminatedPods": {}, "startTime": format_time(NOW)}
    assert job(suspend=True)["status"] == {"uncountedTerminatedPods": {}}
