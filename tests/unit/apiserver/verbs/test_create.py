"""create: who names an object, what is refused, and that nothing half is left behind."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"


async def test_the_answer_is_the_object_as_it_was_stored(api: Any) -> None:
    reply = await api.ask("POST", MAPS, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}})
    created = reply.json()
    assert reply.status == 201
    assert (created["kind"], created["apiVersion"]) == ("ConfigMap", "v1")
    assert created["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert (await api.ask("GET", f"{MAPS}/a")).json() == created


async def test_a_generated_name_is_the_prefix_and_five_letters(api: Any) -> None:
    name = (await api.ask("POST", MAPS, {"metadata": {"generateName": "x" * 70}})).json()["metadata"]["name"]
    assert re.fullmatch("x{58}[bcdfghjklmnpqrstvwxz2456789]{5}", name)


async def test_a_taken_name_is_a_conflict_and_changes_nothing(api: Any) -> None:
    before = (await api.ask("POST", MAPS, {"metadata": {"name": "a"}})).json()
    reply = await api.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    assert (reply.status, reply.json()["reason"]) == (409, "AlreadyExists")
    assert (await api.ask("GET", f"{MAPS}/a")).json() == before


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (None, 400, "the object provided is unrecognized"),
        (b"{", 400, "unexpected end of JSON input"),
        ({}, 422, "name or generateName is required"),
        ({"metadata": {"name": "a", "namespace": "other"}}, 400, "does not match the namespace"),
        ({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}, 400, "cannot be handled as a ConfigMap"),
        ({"metadata": {"name": "a", "resourceVersion": "1"}}, 500, "resourceVersion should not be set"),
        ({"metadata": {"name": "UPPER"}}, 422, "metadata.name: Invalid value"),
    ],
)
async def test_what_is_wrong_is_said(api: Any, body: Any, status: int, message: str) -> None:
    reply = await api.ask("POST", MAPS, body)
    assert reply.status == status
    assert message in reply.json()["message"]


async def test_a_dry_run_judges_and_stores_nothing(api: Any) -> None:
    revision = api.parts.service.cache.revision
    reply = await api.ask("POST", MAPS, {"metadata": {"name": "a"}}, dryRun="All")
    assert reply.status == 201
    assert "resourceVersion" not in reply.json()["metadata"]
    assert (await api.ask("GET", f"{MAPS}/a")).status == 404
    assert api.parts.service.cache.revision == revision


@pytest.mark.parametrize(("validation", "status", "warned"), [("Strict", 400, 0), ("Warn", 201, 1), ("Ignore", 201, 0)])
async def test_unknown_fields(api: Any, validation: str, status: int, warned: int) -> None:
    body = {"metadata": {"name": "a"}, "nothing": 1}
    reply = await api.ask("POST", MAPS, body, fieldValidation=validation)
    assert reply.status == status
    assert len(reply.header("Warning")) == warned


async def test_a_namespace_that_is_missing_holds_nothing(api: Any) -> None:
    reply = await api.ask("POST", "/api/v1/namespaces/none/configmaps", {"metadata": {"name": "a"}})
    assert (reply.status, reply.json()["message"]) == (404, 'namespaces "none" not found')


async def test_the_author_is_recorded(api: Any) -> None:
    body = {"metadata": {"name": "a"}, "data": {"k": "v"}}
    for query, agent, manager in (
        ({"fieldManager": "me"}, "kubectl/v1.37", "me"),
        ({}, "kubectl/v1.37", "kubectl"),
        ({}, "", "unknown"),
    ):
        reply = await api.ask("POST", MAPS, body, headers={"user-agent": agent}, dryRun="All", **query)
        (entry,) = reply.json()["metadata"]["managedFields"]
        assert (entry["manager"], entry["operation"]) == (manager, "Update")
        assert entry["fieldsV1"] == {"f:data": {".": {}, "f:k": {}}}


async def test_a_taken_name_is_worth_a_retry_if_one_could_be_generated(api: Any) -> None:
    body = {"metadata": {"name": "taken", "generateName": "t-"}}
    await api.ask("POST", "/api/v1/namespaces/default/configmaps", body)
    reply = await api.ask("POST", "/api/v1/namespaces/default/configmaps", body)
    assert (reply.status, reply.json()["details"]["retryAfterSeconds"]) == (409, 1)
