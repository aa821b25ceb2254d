"""What a run of upstream's suite says."""

from __future__ import annotations

from typing import Any

from conformance.e2e import report
from conformance.e2e.report import Outcome


def _spec(text: str, state: str, *, failure: dict[str, Any] | None = None, kind: str = "It") -> dict[str, Any]:
    return {
        "LeafNodeType": kind,
        "ContainerHierarchyTexts": ["[sig-apps] Job"],
        "LeafNodeText": text,
        "State": state,
        "RunTime": 2_500_000_000,
        "Failure": failure,
    }


def test_specs_that_were_left_out_are_no_outcomes() -> None:
    specs = [_spec("runs", "passed"), _spec("waits", "skipped"), _spec("before all", "passed", kind="BeforeSuite")]
    assert report.parse_report([{"SpecReports": specs}]) == [Outcome("[sig-apps] Job runs", "passed", 2.5)]


def test_a_cause_is_one_line_with_its_place_and_without_go_values() -> None:
    failure = {
        "Message": "waiting for pod\nUnexpected error:\n    <*errors.errorString | 0xc000123456>: {\n    timed out\noccurred",
        "FailureNodeLocation": {"FileName": "/src/test/e2e/apps/job.go", "LineNumber": 42},
    }
    (outcome,) = report.parse_report([{"SpecReports": [_spec("runs", "failed", failure=failure)]}])
    assert outcome.cause == "waiting for pod Unexpected error: timed out (job.go:42)"
    assert (outcome.passed, outcome.sig) == (False, "sig-apps")


def test_a_suite_that_could_not_begin_says_why() -> None:
    failure = {"Message": "no schedulable nodes", "Location": {"FileName": "e2e.go", "LineNumber": 7}}
    broken = [_spec("", "failed", failure=failure, kind="SynchronizedBeforeSuite")]
    assert report.suite_problem([{"SpecReports": broken}]) == "SynchronizedBeforeSuite: no schedulable nodes (e2e.go:7)"
    assert not report.suite_problem([{"SpecReports": [_spec("runs", "failed", failure=failure)]}])


def test_only_specs_that_ran_can_fall_out() -> None:
    outcomes = [Outcome("a", "passed", 1.0), Outcome("b", "failed", 1.0), Outcome("c", "passed", 1.0)]
    assert report.compare(["a", "b", "not run"], outcomes) == (["c"], ["b"])


def test_a_summary_counts_by_sig_and_tier() -> None:
    outcomes = [
        Outcome("[sig-apps] Job runs", "passed", 2.0),
        Outcome("[sig-node] Pods run", "failed", 9.0, "it did not (pods.go:1)"),
    ]
    text = report.render(outcomes, {"[sig-apps] Job runs": "B"})
    assert "SIG: sig-apps 1/1 · sig-node 0/1" in text
    assert "tier: ? 0/1 · B 1/1" in text
    assert "all: 1 of 2 passed (50.0 %)" in text
    assert "[sig-node] Pods run\n      failed: it did not (pods.go:1)" in text
