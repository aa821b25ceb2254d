from __future__ import annotations

from typing import Any

import pytest

from steersman.api.batch.cron_job import CRON_JOBS

POD = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}
GOOD: dict[str, Any] = {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": POD}}}}}


def test_defaults(judge: Any) -> None:
    spec = judge(CRON_JOBS).defaulted(GOOD)["spec"]
    limits = (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"])
    assert (spec["concurrencyPolicy"], spec["suspend"], limits) == ("Allow", False, (3, 1))
    assert "completions" not in spec["jobTemplate"]["spec"]


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        ("spec.schedule", "@every 1h", []),
        ("spec.schedule", "", ["spec.schedule: Required value"]),
        ("spec.schedule", "* * *", ['spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]']),
        ("spec.schedule", "TZ=UTC * * * * *", ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead']),
        ("spec.timeZone", "Europe/Berlin", []),
        ("spec.timeZone", "", ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']),
        ("spec.timeZone", "../x", ['spec.timeZone: Invalid value: "../x": unknown time zone ../x']),
        ("spec.timeZone", "Local", ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']),
        ("spec.timeZone", "Nowhere", ['spec.timeZone: Invalid value: "Nowhere": unknown time zone Nowhere']),
        ("spec.concurrencyPolicy", "Both", ['spec.concurrencyPolicy: Unsupported value: "Both": supported values: "Allow", "Forbid", "Replace"']),
        ("spec.jobTemplate.spec.manualSelector", True, ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"']),
        ("spec.jobTemplate.spec.selector", {}, ["spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated"]),
        ("metadata.name", "a" * 53, [f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters']),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, change: Any, path: str, value: Any, texts: list[str]) -> None:
    assert judge(CRON_JOBS).errors(change(GOOD, path, value)) == texts


def test_an_old_schedule_with_a_zone_may_stay(judge: Any, change: Any) -> None:
    cron_jobs = judge(CRON_JOBS)
    old = cron_jobs.created(change(GOOD, "spec.schedule", "CRON_TZ=UTC 0 * * * *"))
    assert cron_jobs.update_errors(change(old, "spec.suspend", True), old) == []
    assert cron_jobs.update_errors(change(old, "spec.timeZone", "UTC"), old) == [
        'spec.schedule: Invalid value: "CRON_TZ=UTC 0 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule'
    ]
    assert CRON_JOBS.strategy.warnings(old, old)[0].startswith("cannot use TZ or CRON_TZ in spec.spec.schedule")


def test_columns(judge: Any) -> None:
    cron_jobs = judge(CRON_JOBS)
    cells = cron_jobs.cells(cron_jobs.created(GOOD))
    assert cells == {
        "Schedule": "* * * * *",
        "Timezone": "<none>",
        "Suspend": "False",
        "Active": 0,
        "Last Schedule": "<none>",
        "Age": "<unknown>",
        "Containers": "c",
        "Images": "i:1",
        "Selector": "<none>",
    }
