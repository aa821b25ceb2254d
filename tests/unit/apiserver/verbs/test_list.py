"""list: one moment of a collection, whole or in pages, now or in the past."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def five(api: Any) -> list[str]:
    """Five ConfigMaps; their resourceVersions."""
    versions = []
    for number in range(5):
        body = {"metadata": {"name": f"m{number}", "labels": {"odd": str(number % 2)}}}
        versions.append((await api.ask("POST", MAPS, body)).json()["metadata"]["resourceVersion"])
    return versions


def names(reply: Any) -> list[str]:
    return [item["metadata"]["name"] for item in reply.json()["items"]]


async def test_a_list_carries_the_collections_version_and_items_without_type(api: Any, five: list[str]) -> None:
    listed = (await api.ask("GET", MAPS)).json()
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert int(listed["metadata"]["resourceVersion"]) >= int(five[-1])
    assert all("kind" not in item for item in listed["items"])


async def test_an_empty_collection_is_an_empty_list_with_a_version(api: Any) -> None:
    listed = (await api.ask("GET", "/api/v1/namespaces/nowhere/configmaps")).json()
    assert listed["items"] == []
    assert int(listed["metadata"]["resourceVersion"]) > 0


async def test_pages_are_of_the_moment_of_the_first(api: Any, five: list[str]) -> None:
    del five
    first = await api.ask("GET", MAPS, limit="2")
    assert names(first) == ["m0", "m1"]
    assert first.json()["metadata"]["remainingItemCount"] == 3
    await api.ask("DELETE", f"{MAPS}/m3")
    await api.ask("POST", MAPS, {"metadata": {"name": "m2a"}})
    second = await api.ask("GET", MAPS, limit="2", **{"continue": first.json()["metadata"]["continue"]})
    assert names(second) == ["m2", "m3"]
    assert second.json()["metadata"]["resourceVersion"] == first.json()["metadata"]["resourceVersion"]
    third = await api.ask("GET", MAPS, limit="2", **{"continue": second.json()["metadata"]["continue"]})
    assert names(third) == ["m4"]
    assert "continue" not in third.json()["metadata"]


async def test_a_page_of_a_selection_does_not_count_what_remains(api: Any, five: list[str]) -> None:
    del five
    page = await api.ask("GET", MAPS, limit="1", labelSelector="odd=0")
    assert names(page) == ["m0"]
    assert "remainingItemCount" not in page.json()["metadata"]
    rest = await api.ask("GET", MAPS, labelSelector="odd=0", **{"continue": page.json()["metadata"]["continue"]})
    assert names(rest) == ["m2", "m4"]


async def test_a_token_of_forgotten_history_is_410_and_brings_one_that_goes_on(api: Any, five: list[str]) -> None:
    del five
    first = await api.ask("GET", MAPS, limit="2")
    await api.ask("POST", MAPS, {"metadata": {"name": "new"}})
    store = api.parts.service.store
    await store.compact(await store.revision())
    token = first.json()["metadata"]["continue"]
    expired = await api.ask("GET", MAPS, limit="2", **{"continue": token})
    assert (expired.status, expired.json()["reason"]) == (410, "Expired")
    onward = expired.json()["metadata"]["continue"]
    assert names(await api.ask("GET", MAPS, **{"continue": onward})) == ["m2", "m3", "m4", "new"]


async def test_lists_of_the_past(api: Any, five: list[str]) -> None:
    await api.ask("DELETE", f"{MAPS}/m0")
    past = await api.ask("GET", MAPS, resourceVersion=five[1], resourceVersionMatch="Exact")
    assert names(past) == ["m0", "m1"]
    assert past.json()["metadata"]["resourceVersion"] == five[1]
    assert names(await api.ask("GET", MAPS, resourceVersion=five[1])) == ["m1", "m2", "m3", "m4"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"resourceVersion": "x"}, 400),
        ({"resourceVersion": "99999999"}, 504),
        ({"continue": "nonsense"}, 400),
        ({"labelSelector": "a in"}, 400),
        ({"fieldSelector": "data.k=v"}, 400),
        ({"limit": "x"}, 400),
    ],
)
async def test_what_cannot_be_answered(api: Any, query: dict[str, str], status: int) -> None:
    assert (await api.ask("GET", MAPS, **query)).status == status


async def test_all_namespaces_in_order_of_their_keys(api: Any) -> None:
    await api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "aaa"}})
    for namespace in ("default", "aaa"):
        await api.ask("POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": "s"}})
    listed = (await api.ask("GET", "/api/v1/secrets")).json()["items"]
    assert [item["metadata"]["namespace"] for item in listed] == ["aaa", "default"]


async def test_namespaces_have_no_namespace_to_select_by(api: Any) -> None:
    reply = await api.ask("GET", "/api/v1/namespaces", fieldSelector="metadata.namespace=x")
    assert (reply.status, reply.json()["message"]) == (400, "field label not supported: metadata.namespace")


async def test_a_name_may_be_asked_for_in_all_namespaces(api: Any) -> None:
    for namespace in ("default", "kube-system"):
        await api.ask("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "same"}})
        await api.ask("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "other"}})
    reply = await api.ask("GET", "/api/v1/configmaps", fieldSelector="metadata.name=same")
    found = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in reply.json()["items"]]
    assert found == [("default", "same"), ("kube-system", "same")]
