from __future__ import annotations

from typing import Any

import pytest

from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS

RESERVED = {"key": "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match", "operator": "Exists"}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"minAvailable": 1, "maxUnavailable": "5%"}, 'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"5%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'),
        ({"minAvailable": -1}, "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"),
        ({"maxUnavailable": "101%"}, 'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%'),
        ({"unhealthyPodEvictionPolicy": "No"}, 'spec.unhealthyPodEvictionPolicy: Unsupported value: "No": supported values: "AlwaysAllow", "IfHealthyBudget"'),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], text: str) -> None:
    assert judge(POD_DISRUPTION_BUDGETS).errors({"spec": spec}) == [text]


def test_the_reserved_label_says_none_or_is_dropped(judge: Any) -> None:
    budgets = judge(POD_DISRUPTION_BUDGETS)
    alone = {"matchExpressions": [RESERVED]}
    assert budgets.created({"spec": {"selector": alone}})["spec"]["selector"] == alone
    mixed = {"matchExpressions": [RESERVED], "matchLabels": {"a": "b"}}
    assert budgets.created({"spec": {"selector": mixed}})["spec"]["selector"] == {"matchLabels": {"a": "b"}}


def test_columns(judge: Any) -> None:
    cells = judge(POD_DISRUPTION_BUDGETS).cells(
        judge(POD_DISRUPTION_BUDGETS).created({"spec": {"minAvailable": "50%"}})
    )
    assert [cells[n] for n in ("Min Available", "Max Unavailable", "Allowed Disruptions")] == ["50%", "N/A", 0]
