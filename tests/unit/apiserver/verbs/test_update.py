"""update and patch: what may change, who wins, and that no change is no write."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = {"content-type": "application/merge-patch+json"}
JSON_PATCH = {"content-type": "application/json-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}


@pytest.fixture
async def made(api: Any) -> dict[str, Any]:
    return (await api.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).json()


async def test_an_update_from_the_current_state_holds_and_from_an_old_one_does_not(api: Any, made: Any) -> None:
    changed = {**made, "data": {"k": "2"}}
    updated = await api.ask("PUT", f"{MAPS}/a", changed)
    assert updated.json()["data"] == {"k": "2"}
    again = await api.ask("PUT", f"{MAPS}/a", {**made, "data": {"k": "3"}})
    assert (again.status, again.json()["reason"]) == (409, "Conflict")


async def test_no_change_is_no_write(api: Any, made: Any) -> None:
    for reply in (
        await api.ask("PUT", f"{MAPS}/a", made),
        await api.ask("PATCH", f"{MAPS}/a", {"data": {"k": "v"}}, headers=MERGE),
        await api.ask("PATCH", f"{MAPS}/a", [], headers=JSON_PATCH),
    ):
        assert reply.status == 200
        assert reply.json()["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_what_the_server_sets_cannot_be_changed(api: Any, made: Any) -> None:
    metadata = {**made["metadata"], "creationTimestamp": "2001-01-01T00:00:00Z", "selfLink": "x"}
    updated = (await api.ask("PUT", f"{MAPS}/a", {**made, "metadata": metadata})).json()
    assert updated["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    wrong = {**made, "metadata": {**made["metadata"], "uid": "other"}}
    assert (await api.ask("PUT", f"{MAPS}/a", wrong)).status == 409


async def test_the_body_names_the_object_of_the_url(api: Any, made: Any) -> None:
    reply = await api.ask("PUT", f"{MAPS}/b", made)
    assert reply.status == 400
    assert "does not match the name on the URL" in reply.json()["message"]


async def test_an_absent_object_is_not_created_unless_its_kind_says_so(api: Any) -> None:
    assert (await api.ask("PUT", f"{MAPS}/none", {"metadata": {"name": "none"}})).status == 404
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    assert (await api.ask("PUT", f"{leases}/l", {"metadata": {"name": "l"}})).status == 201


async def test_patches_of_each_type(api: Any, made: Any) -> None:
    del made
    merged = await api.ask("PATCH", f"{MAPS}/a", {"data": {"k": None, "m": "1"}}, headers=MERGE)
    assert merged.json()["data"] == {"m": "1"}
    operations = [{"op": "test", "path": "/data/m", "value": "1"}, {"op": "add", "path": "/data/j", "value": "2"}]
    assert (await api.ask("PATCH", f"{MAPS}/a", operations, headers=JSON_PATCH)).json()["data"] == {"m": "1", "j": "2"}
    strategic = {"content-type": "application/strategic-merge-patch+json"}
    patched = await api.ask("PATCH", f"{MAPS}/a", {"data": {"$patch": "replace", "s": "3"}}, headers=strategic)
    assert patched.json()["data"] == {"s": "3"}
    assert (await api.ask("PATCH", f"{MAPS}/a", {}, headers={"content-type": "text/plain"})).status == 415


async def test_apply_creates_then_owns(api: Any) -> None:
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "new"}, "data": {"k": "1"}}
    first = await api.ask("PATCH", f"{MAPS}/new", body, headers=APPLY, fieldManager="one")
    assert first.status == 201
    body["data"] = {"k": "2"}
    conflict = await api.ask("PATCH", f"{MAPS}/new", body, headers=APPLY, fieldManager="two")
    assert (conflict.status, conflict.json()["details"]["causes"][0]["field"]) == (409, ".data.k")
    forced = await api.ask("PATCH", f"{MAPS}/new", body, headers=APPLY, fieldManager="two", force="true")
    assert forced.json()["data"] == {"k": "2"}


async def test_a_patch_is_computed_again_when_somebody_was_faster(api: Any, made: Any) -> None:
    """Twenty patches at once from one state: all of them hold."""
    import asyncio

    del made
    await asyncio.gather(*(api.ask("PATCH", f"{MAPS}/a", {"data": {f"k{n}": "x"}}, headers=MERGE) for n in range(20)))
    assert len((await api.ask("GET", f"{MAPS}/a")).json()["data"]) == 21


async def test_status_is_another_door(api: Any) -> None:
    await api.ask("POST", "/api/v1/nodes", {"metadata": {"name": "n"}})
    await api.ask(
        "PATCH", "/api/v1/nodes/n", {"status": {"phase": "x"}, "spec": {"unschedulable": True}}, headers=MERGE
    )
    node = (await api.ask("GET", "/api/v1/nodes/n")).json()
    assert node["spec"]["unschedulable"] is True
    assert "phase" not in node.get("status", {})
    body = {"status": {"addresses": [{"type": "Hostname", "address": "n"}]}, "spec": {"unschedulable": False}}
    await api.ask("PATCH", "/api/v1/nodes/n/status", body, headers=MERGE)
    node = (await api.ask("GET", "/api/v1/nodes/n")).json()
    assert node["status"]["addresses"][0]["address"] == "n"
    assert node["spec"]["unschedulable"] is True


async def test_a_status_too_needs_its_version_where_the_object_does(api: Any) -> None:
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    body = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}
    await api.ask("POST", budgets, body)
    reply = await api.ask("PUT", f"{budgets}/b/status", body)
    assert (reply.status, reply.json()["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")


async def test_unknown_fields_are_told_even_of_a_refused_body(api: Any) -> None:
    maps = "/api/v1/namespaces/default/configmaps"
    await api.ask("POST", maps, {"metadata": {"name": "w"}})
    reply = await api.ask("PUT", f"{maps}/w", {"metadata": {"name": "other"}, "nosuch": 1})
    assert reply.status == 400
    assert "nosuch" in str(reply.headers)
