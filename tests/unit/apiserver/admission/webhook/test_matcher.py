from __future__ import annotations

import pytest
from tests.unit.apiserver.admission.shelf import Shelf, core, review

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.node import NODES
from steersman.api.errors import Forbidden, InternalError, NotFound
from steersman.apiserver.admission.webhook.hooks import compile_hooks
from steersman.apiserver.admission.webhook.match_conditions import ConditionError, Unevaluated
from steersman.apiserver.admission.webhook.matcher import Matcher
from steersman.apiserver.admission.webhook.metrics import WebhookMetrics
from steersman.apiserver.admission.webhook.source import Candidate
from steersman.apiserver.admission.webhook.versioned import Versioned
from steersman.lib.metrics import Registry

from .hooks import configuration, webhook

RED = {"matchLabels": {"color": "red"}}


class Conditions:
    """Evaluates `true`, `false`, and the object's name; anything else fails."""

    def __init__(self):
        self.seen = []

    def hold(self, conditions, variables):
        self.seen.append(variables)
        for _, expression in conditions:
            if expression not in ("true", "false"):
                raise ConditionError(f"cannot evaluate {expression}")
        return all(expression == "true" for _, expression in conditions)


class Asking:
    def __init__(self, made, conditions):
        self.shelf = Shelf()
        self.table = made.table
        self.registry = Registry()
        metrics = WebhookMetrics(registry=self.registry)
        self.matcher = Matcher(reader=self.shelf, conditions=conditions, metrics=metrics, step="admit")

    async def wants(self, asked, **fields):
        [hook] = compile_hooks([configuration(webhook(**fields))])
        candidate = Candidate(hook, self.table.of(asked.resource))
        return await self.matcher.wants(candidate, asked, Versioned(self.table, asked))


@pytest.fixture
async def asking():
    async with core() as made:
        yield Asking(made, Unevaluated())


def labelled(color="", **metadata):
    return {"metadata": {"name": "x"} | ({"labels": {"color": color}} if color else {}) | metadata}


async def test_the_namespace_has_to_be_selected(asking):
    asking.shelf.put(NAMESPACES, {"metadata": {"labels": {"color": "blue"}}}, name="ns")
    assert not await asking.wants(review(CONFIG_MAPS, labelled("red")), namespaceSelector=RED)
    asking.shelf.put(NAMESPACES, {"metadata": {"labels": {"color": "red"}}}, name="ns")
    assert await asking.wants(review(CONFIG_MAPS, labelled()), namespaceSelector=RED)


async def test_what_is_in_no_namespace_is_not_exempted_by_one(asking):
    assert await asking.wants(review(NODES, labelled()), namespaceSelector=RED)


async def test_a_namespace_is_selected_by_its_own_latest_labels(asking):
    asking.shelf.put(NAMESPACES, {"metadata": {"labels": {"color": "blue"}}}, name="x")
    for operation, old, selected in (("CREATE", None, True), ("UPDATE", labelled("blue"), True)):
        asked = review(NAMESPACES, labelled("red"), old, operation=operation)
        assert await asking.wants(asked, namespaceSelector=RED) is selected
    asked = review(NAMESPACES, None, labelled("red"), operation="DELETE")
    assert not await asking.wants(asked, namespaceSelector=RED)


async def test_a_namespace_that_is_not_there_is_not_found_if_it_matters(asking):
    with pytest.raises(NotFound):
        await asking.wants(review(CONFIG_MAPS, labelled()), namespaceSelector=RED)
    assert not await asking.wants(review(CONFIG_MAPS, labelled()), namespaceSelector=RED, objectSelector=RED)


@pytest.mark.parametrize(
    ("obj", "old", "selected"),
    [
        (labelled("red"), None, True),
        (labelled("blue"), None, False),
        (labelled("blue"), labelled("red"), True),
        (None, labelled("red"), True),
        ({"kind": "PodExecOptions"}, None, False),
    ],
)
async def test_the_object_as_it_is_or_was_has_to_be_selected(asking, obj, old, selected):
    assert await asking.wants(review(CONFIG_MAPS, obj, old), objectSelector=RED) is selected


async def test_a_selector_that_cannot_be_read_refuses(asking):
    broken = {"matchExpressions": [{"key": "a", "operator": "Loves"}]}
    with pytest.raises(InternalError):
        await asking.wants(review(CONFIG_MAPS, labelled()), objectSelector=broken)


async def test_without_an_evaluator_conditions_follow_the_failure_policy(asking):
    conditions = [{"name": "n", "expression": "true"}]
    with pytest.raises(Forbidden, match='configmaps "x" is forbidden: match conditions cannot be evaluated'):
        await asking.wants(review(CONFIG_MAPS, labelled()), matchConditions=conditions)
    asked = review(CONFIG_MAPS, labelled())
    assert not await asking.wants(asked, matchConditions=conditions, failurePolicy="Ignore")
    assert "match_condition_evaluation_errors_total" in asking.registry.render().decode()


async def test_conditions_are_asked_last_and_spare_calls():
    async with core() as made:
        conditions = Conditions()
        asking = Asking(made, conditions)
        no, yes = {"name": "n", "expression": "false"}, {"name": "y", "expression": "true"}
        obj = labelled("red", namespace="ns") | {"kind": "ConfigMap", "apiVersion": "v1"}
        assert await asking.wants(review(CONFIG_MAPS, obj), matchConditions=[yes])
        assert not await asking.wants(review(CONFIG_MAPS, obj), matchConditions=[yes, no])
        assert 'match_condition_exclusions_total{name="w.example.com"' in asking.registry.render().decode()
        count = len(conditions.seen)
        assert not await asking.wants(review(CONFIG_MAPS, labelled("blue")), objectSelector=RED, matchConditions=[yes])
        assert len(conditions.seen) == count
        variables = conditions.seen[0]
        assert (variables.object, variables.old_object) == (obj, None)
        assert variables.request["operation"] == "CREATE"
        assert "object" not in variables.request
