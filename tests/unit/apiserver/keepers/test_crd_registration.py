"""Group versions that definitions serve have an APIService, as long as they do."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.keepers.crd_registration import MANAGED_LABEL, plan_specs
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
MERGE = {"content-type": "application/merge-patch+json"}


def version(name: str, *, served: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "served": served,
        "storage": name == "v1",
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }


def definition(plural: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Cluster",
            "names": {"plural": plural, "kind": plural.capitalize()},
            "versions": list(versions),
        },
    }


async def define(api: Any, *args: Any) -> None:
    reply = await api.ask("POST", DEFINITIONS, definition(*args))
    assert reply.status == 201, reply.body
    await settle()


async def registered(api: Any) -> dict[str, dict[str, Any]]:
    await settle()
    items = (await api.ask("GET", SERVICES)).json()["items"]
    return {item["metadata"]["name"]: item for item in items if item["spec"].get("group") == "example.com"}


def test_only_served_versions_are_planned_and_each_once() -> None:
    definitions = [
        definition("as", version("v1"), version("v2", served=False)),
        definition("bs", version("v1"), version("v3")),
    ]
    specs = plan_specs("example.com", definitions)
    assert list(specs) == ["v1.example.com", "v3.example.com"]
    assert (specs["v1.example.com"]["groupPriorityMinimum"], specs["v1.example.com"]["versionPriority"]) == (1000, 100)


async def test_they_come_with_the_definition_and_are_available(api: Any) -> None:
    await define(api, "things", version("v1"), version("v2", served=False))
    (one,) = (await registered(api)).values()
    assert one["metadata"]["name"] == "v1.example.com"
    assert one["metadata"]["labels"] == {MANAGED_LABEL: "true"}
    assert [(each["manager"], each["operation"]) for each in one["metadata"]["managedFields"]] == [
        ("kube-apiserver", "Update")
    ]
    assert [(each["type"], each["status"], each["reason"]) for each in one["status"]["conditions"]] == [
        ("Available", "True", "Local")
    ]


async def test_they_follow_what_is_served(api: Any) -> None:
    await define(api, "things", version("v1"), version("v2"))
    assert list(await registered(api)) == ["v1.example.com", "v2.example.com"]
    body = definition("things", version("v1"), version("v2", served=False))
    assert (await api.ask("PATCH", f"{DEFINITIONS}/things.example.com", body, headers=MERGE)).status == 200
    assert list(await registered(api)) == ["v1.example.com"]


async def test_the_last_definition_of_a_group_version_takes_them_away(api: Any) -> None:
    await define(api, "things", version("v1"))
    await define(api, "others", version("v1"))
    await api.ask("DELETE", f"{DEFINITIONS}/things.example.com")
    assert list(await registered(api)) == ["v1.example.com"]
    await api.ask("DELETE", f"{DEFINITIONS}/others.example.com")
    assert await registered(api) == {}


async def test_managed_ones_are_put_right(api: Any) -> None:
    await define(api, "things", version("v1"))
    path = f"{SERVICES}/v1.example.com"
    await api.ask("PATCH", path, {"spec": {"versionPriority": 7}}, headers=MERGE)
    assert (await registered(api))["v1.example.com"]["spec"]["versionPriority"] == 100
    await api.ask("DELETE", path)
    assert list(await registered(api)) == ["v1.example.com"]


async def test_those_of_others_stay_as_they_are(api: Any) -> None:
    spec = {"group": "example.com", "version": "v1", "groupPriorityMinimum": 5, "versionPriority": 6}
    assert (await api.ask("POST", SERVICES, {"metadata": {"name": "v1.example.com"}, "spec": spec})).status == 201
    await define(api, "things", version("v1"))
    assert (await registered(api))["v1.example.com"]["spec"] == spec
    await api.ask("DELETE", f"{DEFINITIONS}/things.example.com")
    assert list(await registered(api)) == ["v1.example.com"]
