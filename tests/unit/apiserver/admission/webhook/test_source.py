from __future__ import annotations

import pytest
from tests.unit.apiserver.admission.shelf import review

from steersman.api.admissionregistration.mutating_webhook_configuration import MUTATING_WEBHOOK_CONFIGURATIONS
from steersman.api.admissionregistration.validating_webhook_configuration import VALIDATING_WEBHOOK_CONFIGURATIONS
from steersman.api.authorization.self_subject_access_review import SELF_SUBJECT_ACCESS_REVIEWS
from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.webhook.source import HookSource

from .hooks import ANY, site, webhook


def source_of(made):
    return HookSource(
        reader=made.core.reader, resources=made.core.table, configurations=VALIDATING_WEBHOOK_CONFIGURATIONS
    )


def found(source, resource, **fields):
    candidates = source.candidates(review(resource, {}, **fields))
    return [(each.hook.name, each.served.resource.api_version) for each in candidates]


async def test_changes_of_configurations_count_at_once():
    async with site() as made:
        source = source_of(made)
        assert found(source, PODS) == []
        await made.validates(webhook("a.example.com"))
        assert found(source, PODS) == [("a.example.com", "v1")]
        await made.validates(webhook("b.example.com"), name="d")
        assert found(source, PODS) == [("a.example.com", "v1"), ("b.example.com", "v1")]


async def test_a_rule_for_another_version_matches_unless_it_is_to_be_exact():
    async with site() as made:
        source = source_of(made)
        rules = [ANY | {"apiGroups": ["autoscaling"], "apiVersions": ["v1"]}]
        await made.validates(
            webhook("a.example.com", rules=rules), webhook("b.example.com", rules=rules, matchPolicy="Exact")
        )
        assert found(source, HORIZONTAL_POD_AUTOSCALERS) == [("a.example.com", "autoscaling/v1")]


async def test_the_requests_own_version_comes_before_equivalent_ones():
    async with site() as made:
        source = source_of(made)
        rules = [ANY | {"apiVersions": ["v1"]}, ANY | {"apiVersions": ["v2"]}]
        await made.validates(webhook(rules=rules))
        assert found(source, HORIZONTAL_POD_AUTOSCALERS) == [("w.example.com", "autoscaling/v2")]


@pytest.mark.parametrize("resource", [MUTATING_WEBHOOK_CONFIGURATIONS, SELF_SUBJECT_ACCESS_REVIEWS])
async def test_configurations_and_reviews_are_shown_to_nobody(resource):
    async with site() as made:
        source = source_of(made)
        await made.validates(webhook())
        assert found(source, resource) == []


async def test_subresources_and_operations_are_looked_up_by_themselves():
    async with site() as made:
        source = source_of(made)
        await made.validates(webhook(rules=[ANY | {"resources": ["pods/status"], "operations": ["UPDATE"]}]))
        assert found(source, PODS, operation="UPDATE") == []
        assert found(source, PODS, operation="UPDATE", subresource="status") == [("w.example.com", "v1")]
        assert found(source, PODS, operation="CREATE", subresource="status") == []
