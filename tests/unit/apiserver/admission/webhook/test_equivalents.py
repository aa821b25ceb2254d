from __future__ import annotations

from tests.unit.apiserver.admission.shelf import core

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.core.event import EVENTS
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.webhook.equivalents import equivalents, is_own_kind


async def test_other_versions_and_groups_of_the_same_objects_are_equivalent():
    async with core() as made:

        def names(resource, subresource=""):
            return [served.resource.api_version for served in equivalents(made.table, resource, subresource)]

        assert names(HORIZONTAL_POD_AUTOSCALERS) == ["autoscaling/v1"]
        assert names(HORIZONTAL_POD_AUTOSCALERS, "status") == ["autoscaling/v1"]
        assert names(EVENTS) == ["events.k8s.io/v1"]
        assert names(PODS) == []


def test_what_subresources_speak_is_no_kind_of_the_resource():
    assert is_own_kind({"kind": "Pod", "apiVersion": "v1"}, PODS)
    assert not is_own_kind({"kind": "Eviction", "apiVersion": "policy/v1"}, PODS)
    assert not is_own_kind({"kind": "Pod", "apiVersion": "example.com/v1"}, PODS)
