"""When a CronJob starts what, by plain objects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.controllers.cronjob.jobs import (
    SCHEDULED,
    end_of,
    entry_of,
    is_listed,
    job_of,
    name_of_job,
    plan_history,
    with_success,
    without,
)
from steersman.controllers.cronjob.plan import Plan, plan_start
from steersman.controllers.cronjob.schedule import look_back, next_in_s, schedule_of

from .objects import meta


def at(text):
    return datetime.fromisoformat(f"2026-01-01T{text}+00:00")


def cron_job(schedule="0 * * * *", *, status=None, **spec):
    """Made at midnight."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {}}}
    return {
        "metadata": meta("c"),
        "spec": {"schedule": schedule, "concurrencyPolicy": "Allow", "jobTemplate": template, **spec},
        "status": status or {},
    }


def job(name, *, end="", start="", ended="", **metadata):
    conditions = [{"type": end, "status": "True"}] if end else []
    times = {"startTime": start, "completionTime": ended}
    status = {"conditions": conditions, **{field: value for field, value in times.items() if value}}
    return {"metadata": meta(name, **metadata), "status": status}


def past(owner, now, *, deadline=True):
    found = look_back(owner, schedule_of(owner), now, deadline=deadline)
    return found.latest, found.missed


def told(plan):
    return [each.reason for each in plan.tells]


# -- the schedule


def test_times_since_the_creation_or_the_last_start():
    assert past(cron_job(), at("00:59:59")) == (None, 0)
    assert past(cron_job(), at("01:00:00")) == (at("01:00:00"), 0)
    assert past(cron_job(), at("03:30:00")) == (at("03:00:00"), 3)
    started = cron_job(status={"lastScheduleTime": "2026-01-01T03:00:00Z"})
    assert past(started, at("03:30:00")) == (None, 0)


def test_times_that_are_too_late_do_not_count():
    owner = cron_job(startingDeadlineSeconds=600)
    assert past(owner, at("03:30:00")) == (None, 0)
    assert past(owner, at("03:05:00")) == (at("03:00:00"), 0)
    assert past(owner, at("03:30:00"), deadline=False) == (at("03:00:00"), 3)


def test_intervals_need_not_be_equal():
    owner = cron_job("0 1,2,8 * * *")
    assert past(owner, at("08:30:00")) == (at("08:00:00"), 8)
    # By the first interval the latest time would be 08:00 or later, so upstream looks no further back, and so do we.
    assert past(owner, at("09:00:00")) == (None, 9)
    assert next_in_s(owner, schedule_of(owner), at("09:00:00")) == 16 * 3600 + 0.1


def test_every_so_often_counts_from_the_beginning():
    assert past(cron_job("@every 7m"), at("00:30:00")) == (at("00:28:00"), 4)


def test_a_schedule_that_never_happens_is_invalid():
    with pytest.raises(ValueError, match="less than 1 second"):
        past(cron_job("0 0 30 2 *"), at("01:00:00"))
    assert next_in_s(cron_job("0 0 30 2 *"), schedule_of(cron_job("0 0 30 2 *")), at("01:00:00")) is None


def test_the_next_look_is_a_little_after_the_next_time():
    owner = cron_job()
    schedule = schedule_of(owner)
    assert next_in_s(owner, schedule, at("00:30:00")) == 1800.1
    assert next_in_s(owner, schedule, at("05:30:00")) == 1800.1


def test_a_schedule_is_of_its_time_zone():
    owner = cron_job("30 5 * * *", timeZone="Asia/Kolkata")
    assert past(owner, at("00:00:00")) == (None, 0)
    assert schedule_of(owner).next(at("00:00:00")) == datetime(2026, 1, 2, tzinfo=UTC)


# -- whether to start


def test_a_time_that_has_come_is_started():
    assert plan_start(cron_job(), at("01:00:00")) == Plan(start=at("01:00:00"))
    assert plan_start(cron_job(), at("00:30:00")) == Plan(wait_s=1800.1)


def test_a_time_that_was_started_is_not_started_again():
    name = name_of_job(cron_job(), at("01:00:00"))
    known = cron_job(status={"active": [{"name": name, "namespace": "ns", "uid": "x"}]})
    assert plan_start(known, at("01:00:00")).start is None


def test_forbid_waits_for_what_is_active():
    status = {"active": [{"name": "before", "namespace": "ns", "uid": "x"}]}
    found = plan_start(cron_job(status=status, concurrencyPolicy="Forbid"), at("01:00:00"))
    assert (found.start, told(found), found.wait_s) == (None, ["JobAlreadyActive"], 3600.1)
    assert plan_start(cron_job(status=status), at("01:00:00")).start == at("01:00:00")


def test_a_suspended_one_starts_nothing():
    assert plan_start(cron_job(suspend=True), at("01:00:00")) == Plan()


def test_an_unknown_time_zone_starts_nothing():
    found = plan_start(cron_job(timeZone="Nowhere/At"), at("01:00:00"))
    assert [each.message for each in found.tells] == ['invalid timeZone: "Nowhere/At": unknown time zone Nowhere/At']
    assert (found.start, found.wait_s) == (None, None)


def test_a_schedule_that_cannot_be_read_or_never_happens_starts_nothing():
    found = plan_start(cron_job("61 * * * *"), at("01:00:00"))
    assert (found.start, found.wait_s, told(found)) == (None, None, ["UnparseableSchedule"])
    found = plan_start(cron_job("0 0 30 2 *"), at("01:00:00"))
    assert (found.start, found.wait_s, told(found)) == (None, None, ["InvalidSchedule"])


def test_a_schedule_with_a_zone_of_its_own_works_but_is_told_of():
    found = plan_start(cron_job("TZ=Europe/Berlin 0 2 * * *"), at("01:00:00"))
    assert (found.start, told(found)) == (at("01:00:00"), ["UnsupportedSchedule"])


def test_many_missed_times_are_told_of_and_the_last_is_started():
    found = plan_start(cron_job("* * * * *"), at("02:00:30"))
    assert (found.start, told(found)) == (at("02:00:00"), ["TooManyMissedTimes"])
    assert told(plan_start(cron_job("* * * * *"), at("01:30:00"))) == []


# -- jobs


def test_a_job_is_called_after_the_minute_of_its_time():
    made = job_of(cron_job(timeZone="Europe/Berlin"), at("01:00:00"))
    assert made["metadata"]["name"] == "c-29453820"
    assert made["metadata"]["labels"] == {"a": "b"}
    assert made["metadata"]["annotations"] == {SCHEDULED: "2026-01-01T02:00:00+01:00"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid-c"
    assert made["spec"] == {"template": {}}
    utc = job_of(cron_job(), at("01:00:00"))
    assert utc["metadata"]["annotations"] == {SCHEDULED: "2026-01-01T01:00:00Z"}


def test_active_jobs_are_listed_by_uid():
    one = job("a")
    status = {"active": [entry_of(one)]}
    assert status["active"][0]["kind"] == "Job"
    assert is_listed(status, one)
    assert not is_listed(status, job("b"))
    assert without(status, "uid-a") == {}
    assert without(status, "uid-b") == status


def test_the_latest_success_is_remembered():
    first, second = (job("a", end="Complete", ended=f"2026-01-01T0{hour}:00:00Z") for hour in (1, 2))
    status = with_success({}, second)
    assert status == {"lastSuccessfulTime": "2026-01-01T02:00:00Z"}
    assert with_success(status, first) is status
    assert end_of(first) == "Complete"
    assert end_of(job("b")) == ""


def test_old_jobs_go_first_each_kind_by_its_own_limit():
    done = [
        job(name, end="Complete", start=f"2026-01-01T0{hour}:00:00Z") for name, hour in (("a", 3), ("b", 1), ("c", 1))
    ]
    lost = [job("d", end="Failed", start="2026-01-01T01:00:00Z"), job("e", end="Failed")]
    owner = cron_job(successfulJobsHistoryLimit=1, failedJobsHistoryLimit=1)
    names = [each["metadata"]["name"] for each in plan_history(owner, [*done, *lost, job("f")])]
    assert names == ["b", "c", "d"]
    assert plan_history(cron_job(), done) == []


def test_a_job_that_is_being_deleted_is_not_deleted_again():
    going = job("a", end="Complete", deletionTimestamp="2026-01-01T01:00:00Z")
    assert plan_history(cron_job(successfulJobsHistoryLimit=0), [going]) == []
