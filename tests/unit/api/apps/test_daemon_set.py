from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apps.daemon_set import DAEMON_SETS, TEMPLATE_GENERATION

GOOD: dict[str, Any] = {
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
}


def generation(obj: dict[str, Any]) -> str:
    return obj["metadata"]["annotations"][TEMPLATE_GENERATION]


def test_the_template_generation_counts_changes_of_the_template(judge: Any, change: Any) -> None:
    daemon_sets = judge(DAEMON_SETS)
    old = daemon_sets.created(GOOD)
    assert generation(old) == "1"
    same, other = daemon_sets.defaulted(GOOD), daemon_sets.defaulted(change(GOOD, "spec.template.spec.hostPID", True))
    for new in (same, other):
        DAEMON_SETS.strategy.prepare_update(new, old, None)
    assert (generation(same), generation(other)) == ("1", "2")


def test_defaults(judge: Any) -> None:
    assert judge(DAEMON_SETS).defaulted(GOOD)["spec"]["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
    }


@pytest.mark.parametrize(
    ("rolling", "text"),
    [
        ({"maxUnavailable": 1, "maxSurge": 1}, "maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"),
        ({"maxUnavailable": 0}, "maxUnavailable: Required value: cannot be 0 when maxSurge is 0"),
        ({"maxUnavailable": "101%"}, 'maxUnavailable: Invalid value: "101%": must not be greater than 100%'),
    ],
)  # fmt: skip
def test_either_more_or_fewer_pods_while_rolling(judge: Any, change: Any, rolling: Any, text: str) -> None:
    wrong = change(GOOD, "spec.updateStrategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    assert judge(DAEMON_SETS).errors(wrong) == [f"spec.updateStrategy.rollingUpdate.{text}"]


def test_the_selector_stays(judge: Any, change: Any) -> None:
    daemon_sets = judge(DAEMON_SETS)
    new = change(change(GOOD, "spec.selector.matchLabels", {"c": "d"}), "spec.template.metadata.labels", {"c": "d"})
    assert daemon_sets.update_errors(new, daemon_sets.created(GOOD)) == [
        'spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable'
    ]


def test_columns(judge: Any, change: Any) -> None:
    obj = change(GOOD, "spec.template.spec.nodeSelector", {"disk": "ssd"}) | {"status": {"numberReady": 2}}
    cells = judge(DAEMON_SETS).cells(obj | {"metadata": {}})
    assert [cells[name] for name in ("Desired", "Ready", "Node Selector", "Age")] == [0, 2, "disk=ssd", "<unknown>"]
