from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.resource_quota import RESOURCE_QUOTAS


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"hard": {"storage": "1"}}, ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota']),
        ({"hard": {"pods": "-1"}}, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"hard": {"pods": "500m"}}, ['spec.hard[pods]: Invalid value: "500m": must be an integer']),
        ({"hard": {"count/widgets.example.com": "1", "requests.hugepages-2Mi": "2Mi"}}, []),
        ({"scopes": ["Sock"]}, ['spec.scopes: Invalid value: ["Sock"]: unsupported scope']),
        ({"hard": {"cpu": "1"}, "scopes": ["BestEffort"]}, ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource']),
        ({"scopes": ["Terminating", "NotTerminating"]}, ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes']),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}}, [
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ]),
        ({"hard": {"secrets": "1"}, "scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}}, [
            'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"Exists","Values":null}]}: unsupported scope applied to resource',
        ]),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, spec: dict[str, Any], texts: list[str]) -> None:
    assert judge(RESOURCE_QUOTAS).errors({"spec": spec}) == texts


def test_scopes_never_change(judge: Any) -> None:
    quotas = judge(RESOURCE_QUOTAS)
    old = quotas.created({"spec": {"scopes": ["BestEffort"]}})
    assert quotas.update_errors({"spec": {}}, old) == ["spec.scopes: Invalid value: null: field is immutable"]


def test_what_is_used_is_judged_like_what_is_allowed(judge: Any) -> None:
    new = {"status": {"hard": {"x": "1"}, "used": {"pods": "-1"}}}
    assert judge(RESOURCE_QUOTAS).status_errors(new, {}) == [
        'status.hard[x]: Invalid value: "x": must be a standard resource type or fully qualified',
        'status.hard[x]: Invalid value: "x": must be a standard resource for quota',
        'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
    ]


def test_requests_beyond_limits_are_warned_of_once() -> None:
    warnings = RESOURCE_QUOTAS.strategy.warnings
    assert warnings is not None
    quota = {"spec": {"hard": {"cpu": "2", "limits.cpu": "1", "requests.memory": "1Gi", "limits.memory": "2Gi"}}}
    assert warnings(quota, None) == ["ResourceQuota cpu (2) should be less than limits.cpu (1)"]
    assert warnings(quota, quota) == []


def test_columns_tell_use_by_limit_and_request(judge: Any) -> None:
    status = {"hard": {"pods": "5", "cpu": "2", "limits.cpu": "4"}, "used": {"pods": "1"}}
    cells = judge(RESOURCE_QUOTAS).cells({"metadata": {}, "status": status})
    assert cells["Request"] == "cpu: 0/2, pods: 1/5"
    assert cells["Limit"] == "limits.cpu: 0/4"
