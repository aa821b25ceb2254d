"""Views of the cache for RBAC, tokens and the node authoriser: as current as the writer's own knowledge."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.cluster.sources import CachedObjects

pytestmark = pytest.mark.virtual_time
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
ALICE = {"impersonate-user": "alice"}


async def may_read(api: Any) -> bool:
    return (await api.ask("GET", "/api/v1/namespaces/default/configmaps", headers=ALICE)).status == 200


async def test_a_right_holds_from_the_answer_to_the_binding_on(api: Any) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    }
    await api.ask("POST", f"{RBAC}/roles", {"metadata": {"name": "r"}, "rules": rules})
    assert not await may_read(api)
    await api.ask("POST", f"{RBAC}/rolebindings", binding)
    assert await may_read(api)
    await api.ask("DELETE", f"{RBAC}/roles/r")
    assert not await may_read(api)


async def test_rights_survive_a_reload_of_the_cache_and_lost_ones_do_not_come_back(api: Any) -> None:
    await test_a_right_holds_from_the_answer_to_the_binding_on(api)
    await api.ask(
        "POST",
        f"{RBAC}/roles",
        {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]},
    )
    assert await may_read(api)
    await api.parts.service.cache.reseed()
    assert await may_read(api)
    await api.ask("DELETE", f"{RBAC}/rolebindings/b")
    await api.parts.service.cache.reseed()
    assert not await may_read(api)


async def test_tokens_ask_for_the_incarnation_of_an_object(api: Any) -> None:
    objects = CachedObjects(api.parts.service.resources, api.parts.reader)
    assert objects.identity("serviceaccounts", "default", "robot") is None
    path = "/api/v1/namespaces/default/serviceaccounts"
    made = (await api.ask("POST", path, {"metadata": {"name": "robot", "finalizers": ["a.b/c"]}})).json()
    found = objects.identity("serviceaccounts", "default", "robot")
    assert found is not None
    assert found.uid == made["metadata"]["uid"]
    await api.ask("DELETE", f"{path}/robot")
    deleted = objects.identity("serviceaccounts", "default", "robot")
    assert deleted is not None
    assert deleted != found
