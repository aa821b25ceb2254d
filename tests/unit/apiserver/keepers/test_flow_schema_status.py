"""A FlowSchema tells whether its priority level exists, whatever comes first."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.keepers.flow_schema_status import plan_dangling
from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
GROUP = "/apis/flowcontrol.apiserver.k8s.io/v1"
SCHEMAS, LEVELS = f"{GROUP}/flowschemas", f"{GROUP}/prioritylevelconfigurations"
LEVEL = {"metadata": {"name": "mine"}, "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}}


async def condition(api: Any, name: str) -> dict[str, Any]:
    await settle()
    (found,) = (await api.ask("GET", f"{SCHEMAS}/{name}")).json()["status"]["conditions"]
    return dict(found)


async def create(api: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await api.ask("POST", path, body)
    assert reply.status == 201, reply.body
    return dict(reply.json())


def schema(level: str) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"priorityLevelConfiguration": {"name": level}}}


def test_the_condition_says_what_is_missing() -> None:
    start = 'This FlowSchema references the PriorityLevelConfiguration object named "x" '
    assert plan_dangling("x", exists=True)["message"] == start + "and it exists"
    assert plan_dangling("x", exists=False)["message"] == start + "but there is no such object"


async def test_those_of_the_beginning_are_in_order(api: Any) -> None:
    await settle()
    schemas = (await api.ask("GET", SCHEMAS)).json()["items"]
    assert len(schemas) > 10
    for each in schemas:
        (found,) = each["status"]["conditions"]
        assert (found["type"], found["status"], found["reason"]) == ("Dangling", "False", "Found")


async def test_it_follows_the_level_as_it_comes_and_goes(api: Any) -> None:
    assert (await create(api, SCHEMAS, schema("mine")))["status"] == {}
    first = await condition(api, "s")
    assert (first["status"], first["reason"]) == ("True", "NotFound")
    await create(api, LEVELS, LEVEL)
    assert (await condition(api, "s"))["status"] == "False"
    await api.ask("DELETE", f"{LEVELS}/mine")
    assert (await condition(api, "s"))["status"] == "True"


async def test_it_follows_the_schema(api: Any) -> None:
    await create(api, SCHEMAS, schema("mine"))
    assert (await condition(api, "s"))["status"] == "True"
    merge = {"content-type": "application/merge-patch+json"}
    await api.ask("PATCH", f"{SCHEMAS}/s", schema("exempt"), headers=merge)
    assert '"exempt" and it exists' in (await condition(api, "s"))["message"]


async def test_the_condition_is_applied_and_others_are_left_alone(api: Any) -> None:
    await create(api, SCHEMAS, schema("exempt"))
    other = {"type": "Other", "status": "True"}
    merge = {"content-type": "application/merge-patch+json"}
    await api.ask("PATCH", f"{SCHEMAS}/s/status", {"status": {"conditions": [other]}}, headers=merge)
    await settle()
    obj = (await api.ask("GET", f"{SCHEMAS}/s")).json()
    assert {each["type"] for each in obj["status"]["conditions"]} == {"Other", "Dangling"}
    (mine,) = [each for each in obj["metadata"]["managedFields"] if each["operation"] == "Apply"]
    assert (mine["manager"], mine["subresource"]) == ("api-priority-and-fairness-config-consumer-v1", "status")
    assert list(mine["fieldsV1"]["f:status"]["f:conditions"]) == ['k:{"type":"Dangling"}']


async def test_nothing_is_written_when_nothing_changes(api: Any) -> None:
    await create(api, SCHEMAS, schema("exempt"))
    await settle()
    before = (await api.ask("GET", f"{SCHEMAS}/s")).json()
    await create(api, LEVELS, LEVEL)
    await settle()
    assert (await api.ask("GET", f"{SCHEMAS}/s")).json() == before
