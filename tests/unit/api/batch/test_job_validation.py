from __future__ import annotations

from typing import Any

import pytest

from steersman.api.batch.job import JOBS

INDEXED: dict[str, Any] = {
    "spec": {
        "completionMode": "Indexed",
        "completions": 4,
        "parallelism": 2,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}},
    }
}


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({}, []),
        ({"parallelism": -1}, ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]),
        ({"managedBy": "x"}, ['spec.managedBy: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")']),
        ({"completions": None}, ["spec.completions: Required value: when completion mode is Indexed"]),
        ({"maxFailedIndexes": 1}, ["spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"]),
        ({"completionMode": "NonIndexed", "backoffLimitPerIndex": 1}, ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]),
        ({"podReplacementPolicy": "Never"}, ['spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"']),
        ({"successPolicy": {}}, ["spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified"]),
        (
            {"successPolicy": {"rules": [{"succeededIndexes": "0-9"}]}},
            ['spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9"'],
        ),
        (
            {"successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 3}]}},
            ["spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)"],
        ),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], texts: list[str]) -> None:
    assert judge(JOBS).errors({"spec": INDEXED["spec"] | spec}) == texts


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}, []),
        ({"action": "Ignore"}, [": Invalid value: specifying one of OnExitCodes and OnPodConditions is required"]),
        (
            {"action": "Stop", "onPodConditions": [{"type": "A"}]},
            ['.action: Unsupported value: "Stop": supported values: "Count", "FailIndex", "FailJob", "Ignore"'],
        ),
        (
            {"action": "FailJob", "onExitCodes": {"operator": "In", "containerName": "d", "values": [2, 0, 2]}},
            [
                '.onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template',
                ".onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
                ".onExitCodes.values[2]: Duplicate value: 2",
                ".onExitCodes.values: Invalid value: [2,0,2]: must be ordered",
            ],
        ),
    ],
)  # fmt: skip
def test_failure_policies(judge: Any, change: Any, rule: dict[str, Any], texts: list[str]) -> None:
    job = change(INDEXED, "spec.podFailurePolicy", {"rules": [rule]})
    assert judge(JOBS).errors(job) == [f"spec.podFailurePolicy.rules[0]{text}" for text in texts]


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("Always", 'Required value: valid values: "OnFailure", "Never"'),
        ("Perhaps", 'Unsupported value: "Perhaps": supported values: "OnFailure", "Never"'),
    ],
)
def test_pods_of_jobs_end(judge: Any, change: Any, policy: str, text: str) -> None:
    errors = judge(JOBS).errors(change(INDEXED, "spec.template.spec.restartPolicy", policy))
    assert errors[-1] == f"spec.template.spec.restartPolicy: {text}"


def test_indexed_jobs_grow_in_tandem(judge: Any, change: Any) -> None:
    jobs = judge(JOBS)
    old = jobs.created(INDEXED)
    assert jobs.update_errors(change(old, "spec.completions", 5), old) == [
        "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"
    ]
    assert jobs.update_errors(change(change(old, "spec.completions", 5), "spec.parallelism", 5), old) == []


def test_policies_stay(judge: Any, change: Any) -> None:
    jobs = judge(JOBS)
    old = jobs.created(INDEXED)
    new = change(old, "spec.successPolicy", {"rules": [{"succeededCount": 1}]})
    assert jobs.update_errors(new, old) == [
        'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: field is immutable'
    ]


def test_the_last_pod_needs_a_host_name(judge: Any) -> None:
    name = "a" * 62
    job = INDEXED | {"metadata": {"name": name}}
    assert judge(JOBS).errors(job) == [
        f'metadata.name: Invalid value: "{name}": will not able to create pod with invalid DNS label: {name}-3'
    ]
