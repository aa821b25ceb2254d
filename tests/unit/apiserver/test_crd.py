"""Custom resources in service: from the definition to the last instance."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.testing.virtual_time import settle

pytestmark = pytest.mark.virtual_time
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/{}/namespaces/default/things"
MERGE = {"content-type": "application/merge-patch+json"}
JSON_PATCH = {"content-type": "application/json-patch+json"}


def schema(**properties: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": properties}
    return {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}


def version(name: str, *, storage: bool = False, **properties: Any) -> dict[str, Any]:
    return {"name": name, "served": True, "storage": storage, "schema": schema(**properties)}


def definition(*versions: dict[str, Any], plural: str = "things", kind: str = "Thing", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": list(versions) or [version("v1", storage=True, n={"type": "integer"})],
            **spec,
        },
    }


def built_in(plural: str, kind: str, group: str) -> dict[str, Any]:
    body = definition(plural=plural, kind=kind, group=group)
    body["metadata"] = {"name": f"{plural}.{group}"}
    body["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, a test"}
    return body


def thing(name: str, apiversion: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": f"example.com/{apiversion}", "kind": "Thing", "metadata": {"name": name}, **fields}


async def define(api: Any, body: dict[str, Any]) -> dict[str, Any]:
    reply = await api.ask("POST", DEFINITIONS, body)
    assert reply.status == 201, reply.body
    await settle()
    return (await api.ask("GET", f"{DEFINITIONS}/{body['metadata']['name']}")).json()


def conditions(crd: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item["type"]: (item["status"], item["reason"]) for item in crd["status"]["conditions"] or ()}


async def test_it_is_established_step_by_step_and_answers_from_then_on(api: Any) -> None:
    stream = await api.watch(DEFINITIONS)
    assert (await api.ask("GET", THINGS.format("v1"))).status == 404
    crd = await define(api, definition())
    events = [json.loads(line) for line in stream.take_lines()]
    assert [(event["type"], conditions(event["object"]).get("Established", ("", ""))[0]) for event in events] == [
        ("ADDED", ""),
        ("MODIFIED", "False"),
        ("MODIFIED", "True"),
    ]
    assert crd["status"]["acceptedNames"] == {
        "plural": "things",
        "singular": "thing",
        "kind": "Thing",
        "listKind": "ThingList",
    }
    assert crd["status"]["storedVersions"] == ["v1"]
    assert (await api.ask("POST", THINGS.format("v1"), thing("a", spec={"n": 1, "x": 2}))).status == 201
    listed = (await api.ask("GET", THINGS.format("v1"))).json()
    assert (listed["kind"], [item["spec"] for item in listed["items"]]) == ("ThingList", [{"n": 1}])
    resources = (await api.ask("GET", "/apis/example.com/v1")).json()["resources"]
    assert [resource["name"] for resource in resources] == ["things"]


async def test_taken_names_are_not_accepted_until_they_are_free(api: Any) -> None:
    await define(api, definition())
    other = await define(api, definition(plural="others"))
    assert conditions(other) == {
        "NamesAccepted": ("False", "ListKindConflict"),
        "Established": ("False", "NotAccepted"),
    }
    assert (await api.ask("GET", "/apis/example.com/v1/others")).status == 404
    await api.ask("DELETE", f"{DEFINITIONS}/things.example.com")
    await settle()
    other = (await api.ask("GET", f"{DEFINITIONS}/others.example.com")).json()
    assert conditions(other)["Established"] == ("True", "InitialNamesAccepted")
    assert (await api.ask("GET", "/apis/example.com/v1/others")).status == 200


async def test_versions_share_objects_and_lose_what_the_other_does_not_know(api: Any) -> None:
    text = {"type": "string"}
    late = version("v2", c={"type": "string", "default": "late"}, b=text) | {"deprecated": True}
    await define(api, definition(version("v1", storage=True, a={"type": "string", "default": "A"}, b=text), late))
    made = await api.ask("POST", THINGS.format("v2"), thing("x", "v2", spec={"b": "B"}))
    assert made.header("Warning") == ['299 - "example.com/v2 Thing is deprecated"']
    assert made.json()["spec"] == {"b": "B"}, "stored as v1, which does not know the field of v2"
    seen = (await api.ask("GET", f"{THINGS.format('v1')}/x")).json()
    assert (seen["apiVersion"], seen["spec"]) == ("example.com/v1", {"a": "A", "b": "B"})
    stream = await api.watch(THINGS.format("v2"))
    await api.ask("PATCH", f"{THINGS.format('v1')}/x", {"spec": {"b": "C"}}, headers=MERGE)
    await settle()
    objects = [json.loads(line)["object"] for line in stream.take_lines()]
    assert [(obj["apiVersion"], obj["spec"]) for obj in objects] == [
        ("example.com/v2", {"b": "B"}),
        ("example.com/v2", {"b": "C"}),
    ]


async def test_a_version_is_judged_by_its_own_schema(api: Any) -> None:
    short = {"type": "string", "maxLength": 1}
    await define(api, definition(version("v1", storage=True, s={"type": "string"}), version("v2", s=short)))
    assert (await api.ask("POST", THINGS.format("v1"), thing("x", spec={"s": "long"}))).status == 201
    refused = await api.ask("POST", THINGS.format("v2"), thing("y", "v2", spec={"s": "long"}))
    assert refused.json()["details"]["causes"] == [
        {"reason": "FieldValueTooLong", "message": "Too long: may not be more than 1 byte", "field": "spec.s"}
    ]
    labelled = {"metadata": {"labels": {"a": "b"}}}
    tolerated = await api.ask("PATCH", f"{THINGS.format('v2')}/x", labelled, headers=MERGE)
    assert tolerated.status == 200, "what is invalid but did not change is tolerated"


async def test_a_changed_schema_holds_for_what_is_stored_already(api: Any) -> None:
    await define(api, definition(version("v1", storage=True, a={"type": "string"}, b={"type": "string"})))
    await api.ask("POST", THINGS.format("v1"), thing("x", spec={"a": "A", "b": "B"}))
    stream = await api.watch(THINGS.format("v1"))
    new = {"a": {"type": "string"}, "c": {"type": "string", "default": "C"}}
    change = [{"op": "replace", "path": "/spec/versions/0/schema", "value": schema(**new)}]
    assert (await api.ask("PATCH", f"{DEFINITIONS}/things.example.com", change, headers=JSON_PATCH)).status == 200
    await settle()
    assert stream.ended, "clients have to list again"
    assert (await api.ask("GET", f"{THINGS.format('v1')}/x")).json()["spec"] == {"a": "A", "c": "C"}


async def test_versions_come_go_and_become_the_stored_one(api: Any) -> None:
    text = {"s": {"type": "string"}}
    await define(api, definition(version("v1", storage=True, **text), version("v2", **text)))
    await api.ask("POST", THINGS.format("v1"), thing("x", spec={"s": "S"}))
    path = f"{DEFINITIONS}/things.example.com"
    swap = [
        {"op": "replace", "path": "/spec/versions/0/storage", "value": False},
        {"op": "replace", "path": "/spec/versions/0/served", "value": False},
        {"op": "replace", "path": "/spec/versions/1/storage", "value": True},
    ]
    changed = (await api.ask("PATCH", path, swap, headers=JSON_PATCH)).json()
    assert changed["status"]["storedVersions"] == ["v1", "v2"]
    await settle()
    assert (await api.ask("GET", f"{THINGS.format('v1')}/x")).status == 404
    assert (await api.ask("GET", f"{THINGS.format('v2')}/x")).json()["spec"] == {"s": "S"}
    gone = [{"op": "remove", "path": "/spec/versions/0"}]
    assert (
        "was previously a storage version" in (await api.ask("PATCH", path, gone, headers=JSON_PATCH)).json()["message"]
    )
    stored = {"status": {"storedVersions": ["v2"]}}
    await api.ask("PATCH", f"{path}/status", stored, headers=MERGE)
    assert (await api.ask("PATCH", path, gone, headers=JSON_PATCH)).status == 200
    await settle()
    assert (await api.ask("GET", f"{THINGS.format('v2')}/x")).json()["spec"] == {"s": "S"}


async def test_a_deleted_definition_waits_for_its_instances(api: Any) -> None:
    await define(api, definition())
    path = THINGS.format("v1")
    held = thing("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await api.ask("POST", path, held)
    await api.ask("POST", path, thing("free"))
    answer = (await api.ask("DELETE", f"{DEFINITIONS}/things.example.com")).json()
    assert answer["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert conditions(answer)["Terminating"] == ("True", "InstanceDeletionPending")
    await settle()
    left = (await api.ask("GET", path)).json()["items"]
    assert [(item["metadata"]["name"], "deletionTimestamp" in item["metadata"]) for item in left] == [("held", True)]
    crd = (await api.ask("GET", f"{DEFINITIONS}/things.example.com")).json()
    assert conditions(crd)["Terminating"] == ("True", "InstanceDeletionInProgress")
    refused = (await api.ask("POST", path, thing("late"))).json()
    assert refused["message"] == (
        'things.example.com "late" is forbidden: create not allowed while custom resource definition is terminating'
    )
    stream = await api.watch(path)
    await api.ask("PATCH", f"{path}/held", {"metadata": {"finalizers": None}}, headers=MERGE)
    await settle()
    assert [json.loads(line)["type"] for line in stream.take_lines()] == ["ADDED", "DELETED"]
    assert stream.ended
    assert (await api.ask("GET", f"{DEFINITIONS}/things.example.com")).status == 404
    assert (await api.ask("GET", path)).body == b"404 page not found\n"
    await define(api, definition())
    assert (await api.ask("GET", path)).json()["items"] == []


async def test_what_is_built_in_is_never_replaced(api: Any) -> None:
    body = built_in("events", "Event", "events.k8s.io")
    crd = await define(api, body)
    assert conditions(crd)["KubernetesAPIApprovalPolicyConformant"] == ("False", "UnapprovedAnnotation")
    made = {"metadata": {"name": "e"}, "eventTime": "2026-01-01T00:00:00.000000Z", "note": "n"}
    reply = await api.ask("POST", "/apis/events.k8s.io/v1/namespaces/default/events", made)
    assert reply.status in (201, 422), "decoded as the built-in kind"
    await api.ask("DELETE", f"{DEFINITIONS}/events.events.k8s.io")
    await settle()
    assert (await api.ask("GET", "/apis/events.k8s.io/v1/events")).status == 200


async def test_nothing_is_stored_among_built_in_objects(api: Any) -> None:
    body = built_in("customresourcedefinitions", "CustomResourceDefinition", "apiextensions.k8s.io")
    crd = await define(api, body)
    assert conditions(crd)["Established"] == ("False", "Installing")
    path = f"{DEFINITIONS}/{body['metadata']['name']}"
    await api.ask("DELETE", path)
    await settle()
    assert (await api.ask("GET", path)).status == 404
    assert (await api.ask("GET", DEFINITIONS)).json()["kind"] == "CustomResourceDefinitionList"


async def test_status_is_a_path_of_its_own(api: Any) -> None:
    properties = {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    properties["status"] = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}}
    v1 = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    v1["schema"] = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    await define(api, definition(v1))
    path = f"{THINGS.format('v1')}/x"
    made = await api.ask("POST", THINGS.format("v1"), thing("x", spec={"n": 1}, status={"n": 1}))
    assert "status" not in made.json()
    both = {"spec": {"n": 2}, "status": {"n": 2}, "metadata": {"labels": {"a": "b"}}}
    obj = (await api.ask("PATCH", f"{path}/status", both, headers=MERGE)).json()
    assert (obj["spec"], obj["status"], obj["metadata"].get("labels")) == ({"n": 1}, {"n": 2}, None)
    assert obj["metadata"]["generation"] == 1
    obj = (await api.ask("PATCH", path, both, headers=MERGE)).json()
    assert (obj["spec"], obj["status"], obj["metadata"]["generation"]) == ({"n": 2}, {"n": 2}, 2)
    refused = await api.ask("PATCH", f"{path}/status", {"status": {"n": 10}}, headers=MERGE)
    assert refused.json()["details"]["causes"][0]["field"] == "status.n"


async def test_bodies_have_to_say_what_they_are(api: Any) -> None:
    await define(api, definition())
    path = THINGS.format("v1")
    unnamed = await api.ask("POST", path, {"metadata": {"name": "x"}})
    assert unnamed.json()["message"].startswith(
        "the object provided is unrecognized (must be of type Thing): Object 'Kind' is missing in "
    )
    wrong = await api.ask("POST", path, thing("x", "v9"))
    assert wrong.json()["message"] == (
        "the API version in the data (example.com/v9) does not match the expected API version (example.com/v1)"
    )
    other = await api.ask("POST", path, thing("x") | {"kind": "Other"})
    assert other.json()["message"] == 'Other.example.com "x" is invalid: kind: Invalid value: "Other": must be Thing'
    strict = await api.ask("POST", path, thing("x", spec={"y": 1}), fieldValidation="Strict")
    assert 'unknown field "spec.y"' in strict.json()["message"]
    assert (await api.ask("GET", f"{path}/x/nosuch")).json()["message"] == 'things.example.com "x" not found'


async def test_methods_are_answered_without_routes(api: Any) -> None:
    await define(api, definition())
    path = THINGS.format("v1")
    await api.ask("POST", path, thing("x"))
    assert (await api.ask("HEAD", f"{path}/x")).status == 200
    assert (await api.ask("PUT", path, thing("x"))).json()["message"] == "name must be provided"
    assert (await api.ask("POST", f"/{path.partition('/')[2]}/x")).json()["details"]["kind"] == "things"
    assert (await api.ask("GET", "/apis/example.com/v1/things/x")).body == b"404 page not found\n"
    kind = [{"op": "replace", "path": "/kind", "value": "Other"}]
    refused = (await api.ask("PATCH", f"{path}/x", kind, headers=JSON_PATCH)).json()
    assert refused["message"] == 'Other.example.com "x" is invalid: kind: Invalid value: "Other": must be Thing'


async def test_many_definitions_come_up_at_once(api: Any) -> None:
    names = [f"boat{number}" for number in range(20)]
    for name in names:
        await api.ask("POST", DEFINITIONS, definition(plural=f"{name}s", kind=name.capitalize()))
    await settle()
    listed = (await api.ask("GET", DEFINITIONS)).json()["items"]
    assert {conditions(crd)["Established"] for crd in listed} == {("True", "InitialNamesAccepted")}
    group = (await api.ask("GET", "/apis/example.com/v1")).json()
    assert [resource["name"] for resource in group["resources"]] == sorted(f"{name}s" for name in names)


async def test_a_scale_without_a_version_is_for_whatever_there_is(api: Any) -> None:
    paths = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}
    scaled = version("v1", storage=True, n={"type": "integer"}) | {"subresources": {"scale": paths}}
    await define(api, definition(scaled))
    path = THINGS.format("v1")
    await api.ask("POST", path, thing("t", spec={"n": 1}))
    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "t"}, "spec": {"replicas": 8}}
    assert (await api.ask("PUT", f"{path}/t/scale", scale)).json()["spec"] == {"replicas": 8}
    assert (await api.ask("GET", f"{path}/t")).json()["spec"] == {"n": 8}
