"""Reviews: what a creation answers, and that nothing of it is stored."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
AUTHENTICATION, AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
LIST_PODS = {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "default"}}


async def ask(api: Any, path: str, spec: Any) -> Any:
    reply = await api.ask("POST", path, {"spec": spec})
    assert reply.status == 201, reply.body
    return reply.json()


@pytest.mark.parametrize(
    ("path", "spec", "expected"),
    [
        (f"{AUTHORIZATION}/selfsubjectaccessreviews", LIST_PODS, True),
        (f"{AUTHORIZATION}/subjectaccessreviews", LIST_PODS | {"user": "nobody"}, False),
        (f"{AUTHORIZATION}/subjectaccessreviews", LIST_PODS | {"user": "x", "groups": ["system:masters"]}, True),
        (f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews", LIST_PODS | {"user": "nobody"}, False),
    ],
)
async def test_may_somebody_do_it(api: Any, path: str, spec: Any, expected: bool) -> None:
    review = await ask(api, path, spec)
    assert review["status"]["allowed"] is expected
    assert review["spec"]["resourceAttributes"] == LIST_PODS["resourceAttributes"]


async def test_who_am_i(api: Any) -> None:
    review = await ask(api, f"{AUTHENTICATION}/selfsubjectreviews", {})
    assert review["status"]["userInfo"]["username"] == "admin"
    assert review["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"


async def test_whose_token_is_it(api: Any) -> None:
    path = f"{AUTHENTICATION}/tokenreviews"
    assert (await ask(api, path, {"token": "admin-token"}))["status"]["user"]["username"] == "admin"
    assert "authenticated" not in (await ask(api, path, {"token": "nonsense"}))["status"]


async def test_what_may_i_do(api: Any) -> None:
    status = (await ask(api, f"{AUTHORIZATION}/selfsubjectrulesreviews", {"namespace": "default"}))["status"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in status["resourceRules"]


async def test_nothing_is_stored(api: Any) -> None:
    revision = api.parts.service.cache.revision
    await ask(api, f"{AUTHORIZATION}/selfsubjectaccessreviews", LIST_PODS)
    assert api.parts.service.cache.revision == revision
    assert (await api.ask("GET", f"{AUTHORIZATION}/selfsubjectaccessreviews")).status == 405


async def test_the_author_is_recorded(api: Any) -> None:
    body = {"spec": LIST_PODS}
    reply = await api.ask("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", body, fieldManager="me")
    (entry,) = reply.json()["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("me", "Update")
    assert "f:resourceAttributes" in entry["fieldsV1"]["f:spec"]


async def test_a_local_review_is_of_its_namespace(api: Any) -> None:
    body = {"spec": LIST_PODS | {"user": "x"}}
    reply = await api.ask("POST", f"{AUTHORIZATION}/namespaces/kube-system/localsubjectaccessreviews", body)
    assert (reply.status, reply.json()["details"]["causes"][0]["field"]) == (422, "spec.resourceAttributes.namespace")
