from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apps.deployment import DEPLOYMENTS, ROLLBACK_TO
from steersman.api.errors import BadRequest

POD = {"containers": [{"name": "c", "image": "i:1"}]}
GOOD: dict[str, Any] = {
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD},
    }
}
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}


def test_defaults(judge: Any, change: Any) -> None:
    spec = judge(DEPLOYMENTS).defaulted(GOOD)["spec"]
    assert spec["strategy"] == ROLLING
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    recreate = judge(DEPLOYMENTS).defaulted(change(GOOD, "spec.strategy", {"type": "Recreate"}))
    assert recreate["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        ("spec.replicas", 3, []),
        ("spec.replicas", -1, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            "spec.selector",
            None,
            [
                "spec.selector: Required value",
                'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
            ],
        ),
        ("spec.selector", {}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        (
            "spec.strategy",
            {"type": "Slow"},
            [
                (
                    'spec.strategy: Unsupported value: {"Type":"Slow","RollingUpdate":null}: '
                    'supported values: "Recreate", "RollingUpdate"'
                )
            ],
        ),
        (
            "spec.strategy",
            {"type": "Recreate", "rollingUpdate": {}},
            ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
        ),
        (
            "spec.strategy",
            {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "0%"}},
            ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
        ),
        (
            "spec.template.spec.restartPolicy",
            "Never",
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
        (
            "spec.minReadySeconds",
            600,
            ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
        ),
    ],
)
def test_each_rule(judge: Any, change: Any, path: str, value: Any, texts: list[str]) -> None:
    assert judge(DEPLOYMENTS).errors(change(GOOD, path, value)) == texts


def test_the_selector_stays(judge: Any, change: Any) -> None:
    deployments = judge(DEPLOYMENTS)
    new = change(change(GOOD, "spec.selector.matchLabels", {"c": "d"}), "spec.template.metadata.labels", {"c": "d"})
    assert deployments.update_errors(new, deployments.created(GOOD)) == [
        'spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable'
    ]


def test_a_changed_annotation_raises_the_generation(judge: Any, change: Any) -> None:
    old = judge(DEPLOYMENTS).created(GOOD)
    old["metadata"]["generation"] = 4
    new = change(old, "metadata.annotations", {"a": "b"})
    DEPLOYMENTS.strategy.prepare_update(new, old, None)
    assert new["metadata"]["generation"] == 5


def test_the_old_annotation_for_a_rollback_is_a_number(judge: Any, change: Any) -> None:
    deployments = judge(DEPLOYMENTS)
    assert (
        "annotations"
        not in deployments.defaulted(change(GOOD, "metadata", {"name": "x", "annotations": {ROLLBACK_TO: ""}}))[
            "metadata"
        ]
    )
    with pytest.raises(BadRequest, match="as int64"):
        deployments.defaulted(change(GOOD, "metadata", {"name": "x", "annotations": {ROLLBACK_TO: "x"}}))


def test_columns(judge: Any) -> None:
    deployments = judge(DEPLOYMENTS)
    made = deployments.created(GOOD) | {"status": {"readyReplicas": 1, "updatedReplicas": 2}}
    cells = deployments.cells(made)
    assert [cells[n] for n in ("Ready", "Up-to-date", "Available", "Images", "Selector")] == ["1/1", 2, 0, "i:1", "a=b"]
