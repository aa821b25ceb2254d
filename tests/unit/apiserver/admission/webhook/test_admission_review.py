from __future__ import annotations

from dataclasses import replace

from tests.unit.apiserver.admission.shelf import core, review

from steersman.api.autoscaling.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALERS
from steersman.api.autoscaling.horizontal_pod_autoscaler_v1 import HORIZONTAL_POD_AUTOSCALERS_V1
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.webhook.admission_review import admission_request, admission_review
from steersman.apiserver.authn.user import User

POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}}


async def test_a_request_says_who_does_what_where():
    async with core() as made:
        user = User(name="ann", uid="7", groups=("g",), extra=(("k", ("v", "w")),))
        asked = replace(review(PODS, POD, POD, user=user, dry_run=True), options={"kind": "UpdateOptions"})
        assert admission_request(asked, made.table.of(PODS), POD, POD, uid="u1") == {
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p",
            "namespace": "ns",
            "operation": "UPDATE",
            "userInfo": {"username": "ann", "uid": "7", "groups": ["g"], "extra": {"k": ["v", "w"]}},
            "object": POD,
            "oldObject": POD,
            "dryRun": True,
            "options": {"kind": "UpdateOptions"},
        }


async def test_the_version_that_is_shown_and_the_one_of_the_request_are_both_told():
    async with core() as made:
        asked = review(HORIZONTAL_POD_AUTOSCALERS, {})
        shown = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1"}
        request = admission_request(asked, made.table.of(HORIZONTAL_POD_AUTOSCALERS_V1), shown, None, uid="")
        assert (request["kind"]["version"], request["resource"]["version"]) == ("v1", "v1")
        assert (request["requestKind"]["version"], request["requestResource"]["version"]) == ("v2", "v2")


async def test_a_subresource_is_told_apart_and_shows_its_own_kind():
    async with core() as made:
        eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}
        request = admission_request(
            review(PODS, eviction, subresource="eviction"), made.table.of(PODS), eviction, None, uid=""
        )
        assert (request["resource"]["resource"], request["subResource"]) == ("pods", "eviction")
        assert request["requestSubResource"] == "eviction"
        assert request["kind"] == request["requestKind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}


async def test_a_deletion_has_no_object_and_a_namespace_is_in_itself():
    async with core() as made:
        old = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n"}}
        asked = review(NAMESPACES, None, old, operation="DELETE")
        request = admission_request(asked, made.table.of(NAMESPACES), None, old, uid="")
        assert (request["object"], request["oldObject"], request["options"]) == (None, old, None)
        assert (request["name"], request["namespace"]) == ("n", "n")


def test_the_document_is_of_the_version_that_is_spoken():
    assert admission_review("v1beta1", {})["apiVersion"] == "admission.k8s.io/v1beta1"
