"""patch: every type on every kind of resource that takes it, and what it may not do."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


async def patch(api: Any, kind: str, body: Any, path: str = f"{MAPS}/a", **query: str) -> Any:
    return await api.ask("PATCH", path, body, headers={"content-type": TYPES[kind]}, **query)


@pytest.fixture
async def made(api: Any) -> dict[str, Any]:
    return (await api.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).json()


@pytest.mark.parametrize(
    ("kind", "body", "status", "message"),
    [
        ("json", [{"op": "test", "path": "/data/k", "value": "x"}], 422, "the server rejected our request"),
        ("json", {"op": "add"}, 400, "cannot unmarshal object"),
        (
            "merge",
            {"metadata": {"name": "b"}},
            400,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        ("merge", {"kind": "Pod"}, 422, "unknown conversion"),
        ("merge", {"data": {"k": 1}}, 422, "cannot unmarshal number"),
        ("apply", {"kind": "ConfigMap", "apiVersion": "v1", "data": {"k": "2"}}, 422, "fieldManager"),
    ],
)
async def test_what_a_patch_may_not_do(api: Any, made: Any, kind: str, body: Any, status: int, message: str) -> None:
    reply = await patch(api, kind, body)
    assert reply.status == status, reply.body
    assert message in reply.json()["message"]
    assert (await api.ask("GET", f"{MAPS}/a")).json() == made


async def test_a_patch_that_names_a_version_is_for_that_version(api: Any, made: Any) -> None:
    version = made["metadata"]["resourceVersion"]
    assert (await patch(api, "merge", {"metadata": {"resourceVersion": version}, "data": {"k": "2"}})).status == 200
    stale = await patch(api, "merge", {"metadata": {"resourceVersion": version}, "data": {"k": "3"}})
    assert (stale.status, stale.json()["reason"]) == (409, "Conflict")


async def test_lists_merge_by_their_keys(api: Any) -> None:
    await api.ask("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    labels = {"a": "b"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "one", "image": "x:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    await api.ask("POST", path, {"metadata": {"name": "d"}, "spec": spec})
    change = {
        "spec": {
            "template": {"spec": {"containers": [{"name": "two", "image": "y:1"}, {"name": "one", "image": "x:2"}]}}
        }
    }
    got = (await patch(api, "strategic", change, f"{path}/d")).json()
    images = {c["name"]: c["image"] for c in got["spec"]["template"]["spec"]["containers"]}
    assert images == {"one": "x:2", "two": "y:1"}


async def test_apply_takes_away_what_it_no_longer_says(api: Any) -> None:
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "n"}, "data": {"a": "1", "b": "2"}}
    await patch(api, "apply", body, f"{MAPS}/n", fieldManager="me")
    body["data"] = {"a": "1"}
    assert (await patch(api, "apply", body, f"{MAPS}/n", fieldManager="me")).json()["data"] == {"a": "1"}


async def test_a_dry_run_answers_what_would_be(api: Any, made: Any) -> None:
    reply = await patch(api, "merge", {"data": {"k": "2"}}, dryRun="All")
    assert reply.json()["data"] == {"k": "2"}
    assert (await api.ask("GET", f"{MAPS}/a")).json() == made


async def test_a_missing_object_is_created_by_apply_only(api: Any) -> None:
    for kind, body in (("merge", {"data": {}}), ("json", []), ("strategic", {"data": {}})):
        assert (await patch(api, kind, body, f"{MAPS}/none")).status == 404
