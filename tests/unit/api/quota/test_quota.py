"""The arithmetic of quotas."""

from __future__ import annotations

from steersman.api.meta.quantity import parse
from steersman.api.quota.quota import Scope, compile_quota, difference, excess


def test_a_quota_is_what_its_status_says_and_its_scopes():
    expression = {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}
    spec = {"hard": {"pods": "9"}, "scopes": ["BestEffort"], "scopeSelector": {"matchExpressions": [expression]}}
    status = {"hard": {"pods": "5"}, "used": {"pods": "1"}}
    quota = compile_quota({"metadata": {"name": "q"}, "spec": spec, "status": status})
    assert (quota.hard, quota.used) == ({"pods": parse("5")}, {"pods": parse("1")})
    assert quota.scopes == (Scope("BestEffort"), Scope("PriorityClass", "In", ("high",)))


def test_what_exceeds_is_named_with_all_numbers():
    hard, used = {"pods": parse("2"), "cpu": parse("1")}, {"pods": parse("2")}
    assert excess("q", hard, used, {"pods": parse("1"), "cpu": parse("1")}) == (
        "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
    )
    assert excess("q", hard, {}, {"pods": parse("2"), "memory": parse("1")}) == ""


def test_a_difference_is_of_what_was_there_before():
    assert difference({"a": parse("3"), "b": parse("1")}, {"a": parse("1")}) == {"a": parse("2"), "b": parse("1")}
