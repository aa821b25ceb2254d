"""delete and deletecollection: grace, finalizers, policies, preconditions."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = {"content-type": "application/merge-patch+json"}


async def make(api: Any, name: str, **metadata: Any) -> dict[str, Any]:
    return (await api.ask("POST", MAPS, {"metadata": {"name": name, **metadata}})).json()


async def test_most_kinds_answer_a_status_that_names_what_went(api: Any) -> None:
    made = await make(api, "a")
    reply = (await api.ask("DELETE", f"{MAPS}/a")).json()
    assert (reply["kind"], reply["status"]) == ("Status", "Success")
    assert reply["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert (await api.ask("DELETE", f"{MAPS}/a")).status == 404


async def test_preconditions(api: Any) -> None:
    made = await make(api, "a")
    wrong = await api.ask("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "other"}})
    assert (wrong.status, wrong.json()["reason"]) == (409, "Conflict")
    right = await api.ask("DELETE", f"{MAPS}/a", {"preconditions": {"uid": made["metadata"]["uid"]}})
    assert right.status == 200


async def test_a_finalizer_holds_the_object_and_its_removal_lets_it_go(api: Any) -> None:
    await make(api, "a", finalizers=["example.org/hold"])
    await api.ask("DELETE", f"{MAPS}/a")
    held = (await api.ask("GET", f"{MAPS}/a")).json()["metadata"]
    assert held["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    added = await api.ask(
        "PATCH", f"{MAPS}/a", {"metadata": {"finalizers": ["example.org/hold", "b.c/d"]}}, headers=MERGE
    )
    assert added.status == 422
    await api.ask("PATCH", f"{MAPS}/a", {"metadata": {"finalizers": None}}, headers=MERGE)
    assert (await api.ask("GET", f"{MAPS}/a")).status == 404


@pytest.mark.parametrize(
    ("policy", "finalizers"), [("Orphan", ["orphan"]), ("Foreground", ["foregroundDeletion"]), ("Background", None)]
)
async def test_what_happens_to_dependents_is_written_as_a_finalizer(api: Any, policy: str, finalizers: Any) -> None:
    await make(api, "a")
    await api.ask("DELETE", f"{MAPS}/a", {"propagationPolicy": policy})
    left = await api.ask("GET", f"{MAPS}/a")
    assert left.status == (200 if finalizers else 404)
    if finalizers:
        assert left.json()["metadata"]["finalizers"] == finalizers


async def test_a_dry_run_deletes_nothing(api: Any) -> None:
    await make(api, "a")
    assert (await api.ask("DELETE", f"{MAPS}/a", dryRun="All")).status == 200
    assert (await api.ask("GET", f"{MAPS}/a")).status == 200


async def test_a_bound_pod_is_given_its_grace(api: Any) -> None:
    pods = "/api/v1/namespaces/default/pods"
    await api.ask("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    spec = {"containers": [{"name": "c", "image": "c:1"}], "nodeName": "n", "terminationGracePeriodSeconds": 7}
    made = await api.ask("POST", pods, {"metadata": {"name": "p"}, "spec": spec})
    assert made.status == 201, made.body
    deleted = (await api.ask("DELETE", f"{pods}/p")).json()["metadata"]
    assert (deleted["deletionGracePeriodSeconds"], deleted["deletionTimestamp"]) == (7, "2026-01-01T00:00:07Z")
    assert (await api.ask("DELETE", f"{pods}/p", {"gracePeriodSeconds": 0})).status == 200
    assert (await api.ask("GET", f"{pods}/p")).status == 404


async def test_a_collection_is_deleted_as_selected(api: Any) -> None:
    for name in ("a", "b", "c"):
        await make(api, name, labels={"go": "no" if name == "b" else "yes"})
    reply = await api.ask("DELETE", MAPS, labelSelector="go=yes")
    assert reply.status == 200
    left = (await api.ask("GET", MAPS)).json()["items"]
    assert [item["metadata"]["name"] for item in left] == ["b"]


async def test_events_have_no_dependents_whatever_the_policy_says(api: Any) -> None:
    events = "/api/v1/namespaces/default/events"
    await api.ask("POST", events, {"metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}})
    reply = await api.ask("DELETE", f"{events}/e", {"propagationPolicy": "Foreground"})
    assert reply.json()["kind"] == "Status"
    assert (await api.ask("GET", f"{events}/e")).status == 404


async def test_a_collection_warns_as_one_object_does(api: Any) -> None:
    reply = await api.ask("DELETE", "/api/v1/namespaces/default/endpoints")
    assert "Endpoints is deprecated" in str(reply.headers)


async def test_a_replication_controller_that_goes_at_once_is_answered_by_a_status(api: Any) -> None:
    path = "/api/v1/namespaces/default/replicationcontrollers"
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    await api.ask("POST", path, {"metadata": {"name": "r"}, "spec": {"template": template}})
    reply = await api.ask("DELETE", f"{path}/r", {"propagationPolicy": "Background"})
    assert (reply.json()["kind"], reply.json()["details"]["name"]) == ("Status", "r")
