"""Discovery, in both forms, true to what is served at this moment."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
AGGREGATED = {"accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}


async def test_the_core_group_and_the_others(api: Any) -> None:
    assert (await api.ask("GET", "/api")).json()["versions"] == ["v1"]
    groups = (await api.ask("GET", "/apis")).json()["groups"]
    apps = next(group for group in groups if group["name"] == "apps")
    assert apps["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    assert (await api.ask("GET", "/apis/apps")).json()["name"] == "apps"


async def test_a_version_lists_its_resources_and_their_subresources(api: Any) -> None:
    listed = (await api.ask("GET", "/apis/apps/v1")).json()
    assert (listed["kind"], listed["groupVersion"]) == ("APIResourceList", "apps/v1")
    deployments = {r["name"]: r for r in listed["resources"] if r["name"].startswith("deployments")}
    assert set(deployments) == {"deployments", "deployments/scale", "deployments/status"}
    assert deployments["deployments"]["shortNames"] == ["deploy"]
    assert deployments["deployments/scale"]["kind"] == "Scale"


async def test_every_version_of_a_group_is_one_that_can_be_asked(api: Any) -> None:
    for group in (await api.ask("GET", "/apis")).json()["groups"]:
        for version in group["versions"]:
            assert (await api.ask("GET", f"/apis/{version['groupVersion']}")).status == 200


async def test_both_forms_tell_the_same(api: Any) -> None:
    aggregated = (await api.ask("GET", "/apis", headers=AGGREGATED)).json()
    told = {
        f"{group['metadata']['name']}/{version['version']}/{resource['resource']}"
        for group in aggregated["items"]
        for version in group["versions"]
        for resource in version["resources"]
    }
    listed = set()
    for group in (await api.ask("GET", "/apis")).json()["groups"]:
        for version in group["versions"]:
            resources = (await api.ask("GET", f"/apis/{version['groupVersion']}")).json()["resources"]
            listed |= {f"{version['groupVersion']}/{r['name']}" for r in resources if "/" not in r["name"]}
    assert told == listed


async def test_a_document_that_has_not_changed_is_not_sent_again(api: Any) -> None:
    first = await api.ask("GET", "/apis", headers=AGGREGATED)
    (etag,) = first.header("ETag")
    again = await api.ask("GET", "/apis", headers={**AGGREGATED, "if-none-match": etag})
    assert (again.status, again.body) == (304, b"")
