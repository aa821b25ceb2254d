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


async def test_people_get_it_indented(api: Any) -> None:
    assert (await api.ask("GET", "/apis/apps", headers={"user-agent": "curl/8"})).body.startswith(b'{\n  "kind"')
    assert (await api.ask("GET", "/apis/apps", pretty="1")).body.startswith(b'{\n  "kind"')
    assert (await api.ask("GET", "/apis/apps")).body.startswith(b'{"kind"')


async def test_group_versions_of_extension_servers_are_told_of_before_they_answer(api: Any) -> None:
    service = {"namespace": "default", "name": "ext", "port": 443}
    priorities = {"groupPriorityMinimum": 17850, "versionPriority": 10, "insecureSkipTLSVerify": True}
    spec = {"group": "early.example.com", "version": "v1", "service": service} | priorities
    body = {"metadata": {"name": "v1.early.example.com"}, "spec": spec}
    assert (await api.ask("POST", "/apis/apiregistration.k8s.io/v1/apiservices", body)).status == 201
    names = [group["name"] for group in (await api.ask("GET", "/apis")).json()["groups"]]
    assert names[:3] == ["apiregistration.k8s.io", "early.example.com", "apps"]
    aggregated = (await api.ask("GET", "/apis", headers=AGGREGATED)).json()["items"]
    (found,) = (group for group in aggregated if group["metadata"]["name"] == "early.example.com")
    assert found["versions"] == [{"version": "v1", "freshness": "Stale"}]
    assert (await api.ask("GET", "/apis/early.example.com")).json()["preferredVersion"]["version"] == "v1"
    assert (await api.ask("GET", "/apis/early.example.com/v1")).status == 503
    assert (await api.ask("GET", "/apis/early.example.com/v1/things")).body == b"service unavailable\n"
    await api.ask("DELETE", "/apis/apiregistration.k8s.io/v1/apiservices/v1.early.example.com")
    assert (await api.ask("GET", "/apis/early.example.com")).status == 404
    assert (await api.ask("GET", "/apis/early.example.com/v1/things")).status == 404
