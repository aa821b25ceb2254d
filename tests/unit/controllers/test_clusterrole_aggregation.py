"""Which rules an aggregating ClusterRole has."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.rbac.cluster_role import CLUSTER_ROLES
from steersman.client.request import Key
from steersman.controllers.clusterrole_aggregation import ClusterRoleAggregation, compute_rules

pytestmark = pytest.mark.virtual_time

SELECTS = {"clusterRoleSelectors": [{"matchLabels": {"agg": "x"}}]}


def rule(*resources, verbs=("get",)):
    return {"verbs": list(verbs), "apiGroups": [""], "resources": list(resources)}


def role(name, *rules, labels=None, aggregates=None):
    made = {"metadata": {"name": name, "labels": labels if labels is not None else {"agg": "x"}}, "rules": list(rules)}
    return made | ({"aggregationRule": aggregates} if aggregates else {})


def total(*rules, aggregates=SELECTS):
    return role("sum", *rules, aggregates=aggregates)


def test_rules_come_in_the_order_of_names_and_once():
    sources = [role("b", rule("pods"), rule("nodes")), role("a", rule("pods")), role("c", rule("x"), labels={})]
    assert compute_rules(total(), sources) == [rule("pods"), rule("nodes")]


def test_the_order_of_selectors_comes_before_that_of_names():
    aggregates = {"clusterRoleSelectors": [{"matchLabels": {"second": ""}}, {"matchLabels": {"agg": "x"}}]}
    sources = [role("a", rule("pods")), role("b", rule("nodes"), labels={"second": ""})]
    assert compute_rules(total(aggregates=aggregates), sources) == [rule("nodes"), rule("pods")]


def test_a_role_is_no_source_of_itself_and_what_else_it_has_goes():
    aggregating = total(rule("secrets"))
    assert compute_rules(aggregating, [aggregating, role("a", rule("pods"))]) == [rule("pods")]
    assert compute_rules(aggregating, [aggregating]) == []


def test_nothing_is_to_be_done():
    assert compute_rules(role("a", rule("pods")), []) is None, "it aggregates nothing"
    assert compute_rules(total(rule("pods")), [role("a", rule("pods") | {"resourceNames": []})]) is None
    invalid = {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]}
    assert compute_rules(total(aggregates=invalid), [role("a", rule("pods"))]) is None


async def test_sources_come_change_and_go(run, client):
    async def rules():
        await asyncio.sleep(1)
        return (await client.get(CLUSTER_ROLES, Key("", "sum"))).get("rules")

    await run(ClusterRoleAggregation)
    await client.create(CLUSTER_ROLES, role("a", rule("pods")))
    await client.create(CLUSTER_ROLES, total(rule("nodes")))
    assert await rules() == [rule("pods")]
    await client.create(CLUSTER_ROLES, role("b", rule("secrets")))
    assert await rules() == [rule("pods"), rule("secrets")]
    await client.patch(CLUSTER_ROLES, Key("", "sum"), {"rules": [rule("nodes")]})
    assert await rules() == [rule("pods"), rule("secrets")]
    await client.delete(CLUSTER_ROLES, Key("", "a"))
    await client.patch(CLUSTER_ROLES, Key("", "b"), {"metadata": {"labels": {"agg": None}}})
    assert await rules() is None
