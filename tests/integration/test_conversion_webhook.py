"""Custom resources that a webhook converts, on the real server: a TLS server of the test's own renames a field."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.lib.http.message import Request
    from steersman.testing.rest import Answer, WatchStream

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BOATS = "/apis/example.com/{}/namespaces/default/boats"
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
FAILED = "conversion webhook for example.com/v1, Kind=Boat failed: "
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Converter:
    """Listens on loopback in a thread of its own: `spec.crew` of v1 is `spec.sailors` of v2."""

    def __init__(self, folder: Path) -> None:
        ca_pem, ca_key = issue_authority("webhooks", not_before=BEGIN, not_after=END)
        names = ("127.0.0.1", "boats.default.svc")
        authority = load_authority(ca_pem, ca_key)
        pem, key_pem = issue_leaf(authority, common_name="c", server_names=names, not_before=BEGIN, not_after=END)[:2]
        self.bundle = base64.b64encode(ca_pem).decode()
        self._certificate, self._key = folder / "hook.crt", folder / "hook.key"
        self._certificate.write_bytes(pem)
        self._key.write_bytes(key_pem)
        self.port = 0
        self.asked: list[dict[str, Any]] = []
        self.problem = ""
        self._stop: Callable[[], object] = lambda: None

    def run(self, ready: threading.Event) -> None:
        async def serve() -> None:
            end, loop = asyncio.Event(), asyncio.get_running_loop()
            server = Server(handler=self._handle, tls=server_context(certificate=self._certificate, key=self._key))
            [(_, self.port)] = await server.start("127.0.0.1")
            self._stop = lambda: loop.call_soon_threadsafe(end.set)
            ready.set()
            await end.wait()
            await server.drain(0)

        asyncio.run(serve())

    def stop(self) -> None:
        self._stop()

    async def _handle(self, request: Request) -> Response:
        review = json.loads(request.body)
        asked = review["request"]
        self.asked.append(asked)
        if self.problem == "refuse":
            return Response(400, b"go away", "text/plain")
        result = {"status": "Failure", "message": self.problem} if self.problem else {"status": "Success"}
        converted = [self._convert(obj, asked["desiredAPIVersion"]) for obj in asked["objects"]]
        response = {"uid": asked["uid"], "result": result, "convertedObjects": converted}
        answer = {"kind": review["kind"], "apiVersion": review["apiVersion"], "response": response}
        return Response(200, json.dumps(answer).encode(), "application/json")

    @staticmethod
    def _convert(obj: dict[str, Any], to: str) -> dict[str, Any]:
        before, after = ("crew", "sailors") if to.endswith("v2") else ("sailors", "crew")
        obj["spec"] = {after if name == before else name: value for name, value in obj.get("spec", {}).items()}
        obj["apiVersion"] = to
        obj["metadata"].setdefault("labels", {})["form"] = to.rpartition("/")[2]
        return obj


@pytest.fixture
def converter(tmp_path: Path) -> Iterator[Converter]:
    converter, ready = Converter(tmp_path), threading.Event()
    thread = threading.Thread(target=converter.run, args=(ready,))
    thread.start()
    assert ready.wait(10)
    try:
        yield converter
    finally:
        converter.stop()
        thread.join()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RestClient]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("admin-token,admin,admin,system:masters\n")
    with ServerProcess(data_dir=tmp_path / "data", token_auth_file=tokens) as server:
        client = RestClient(server.url, ca=server.ca, token="admin-token")
        try:
            yield client
        finally:
            client.close()


def definition(converter: Converter, *, storage: str = "v1") -> dict[str, Any]:
    def version(name: str, field: str) -> dict[str, Any]:
        count = {"type": "integer"}
        spec = {"type": "object", "properties": {field: count, "length": {"type": "integer", "default": 7}}}
        schema = {
            "type": "object",
            "properties": {"spec": spec, "status": {"type": "object", "properties": {"replicas": count}}},
        }
        return {
            "name": name,
            "served": True,
            "storage": name == storage,
            "schema": {"openAPIV3Schema": schema},
            "selectableFields": [{"jsonPath": f".spec.{field}"}],
            "additionalPrinterColumns": [{"name": field, "type": "integer", "jsonPath": f".spec.{field}"}],
            "subresources": {
                "status": {},
                "scale": {"specReplicasPath": f".spec.{field}", "statusReplicasPath": ".status.replicas"},
            },
        }

    address = {"url": f"https://127.0.0.1:{converter.port}/convert", "caBundle": converter.bundle}
    return {
        "metadata": {"name": "boats.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "boats", "kind": "Boat"},
            "versions": [version("v1", "crew"), version("v2", "sailors")],
            "conversion": {
                "strategy": "Webhook",
                "webhook": {"clientConfig": address, "conversionReviewVersions": ["v1", "v1beta1"]},
            },
        },
    }


def boat(name: str, version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"example.com/{version}", "kind": "Boat", "metadata": {"name": name}, "spec": spec}


def define(client: RestClient, body: dict[str, Any]) -> None:
    """Put it, and wait until it is established."""
    assert client.ask("POST", DEFINITIONS, body).status == 201
    stream = client.watch(DEFINITIONS, fieldSelector="metadata.name=boats.example.com")
    for event in stream:
        conditions = event["object"].get("status", {}).get("conditions") or ()
        if any(item["type"] == "Established" and item["status"] == "True" for item in conditions):
            stream.close()
            return


def change(client: RestClient, patch: dict[str, Any]) -> None:
    answer = client.ask("PATCH", f"{DEFINITIONS}/boats.example.com", {"spec": patch}, headers=MERGE)
    assert answer.status == 200, answer.body


def ok(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.body
    return answer.body


def terminating(definition: dict[str, Any]) -> str:
    found = [item for item in definition["status"].get("conditions") or () if item["type"] == "Terminating"]
    return found[0]["message"] if found else ""


def following(stream: WatchStream) -> tuple[str, str, dict[str, Any]]:
    event = next(iter(stream))
    return event["type"], event["object"].get("apiVersion"), event["object"].get("spec")


def test_objects_are_seen_and_written_in_either_version(client: RestClient, converter: Converter) -> None:
    define(client, definition(converter))
    one, two = BOATS.format("v1"), BOATS.format("v2")
    made = ok(client.ask("POST", one, boat("a", crew=1)), 201)
    assert made["spec"] == {"crew": 1, "length": 7}
    assert not converter.asked, "what is stored as it was given needs nobody"
    seen = ok(client.ask("GET", f"{two}/a"))
    assert (seen["apiVersion"], seen["spec"]) == ("example.com/v2", {"sailors": 1, "length": 7})
    assert seen["metadata"] == made["metadata"] | {"labels": {"form": "v2"}}
    assert "resourceVersion" not in converter.asked[0]["objects"][0]["metadata"]
    made = ok(client.ask("POST", two, boat("b", "v2", sailors=2)), 201)
    assert (made["apiVersion"], made["spec"]["sailors"], made["metadata"]["labels"]) == (
        "example.com/v2",
        2,
        {"form": "v2"},
    )
    assert ok(client.ask("GET", f"{one}/b"))["spec"]["crew"] == 2

    with_stream = client.watch(
        two, sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true"
    )
    assert [following(with_stream)[2]["sailors"] for _ in "ab"] == [1, 2]
    assert following(with_stream)[0] == "BOOKMARK"
    patched = ok(client.ask("PATCH", f"{two}/a", {"spec": {"sailors": 5}}, headers=MERGE))
    assert (patched["spec"]["sailors"], patched["metadata"]["generation"]) == (5, 2)
    assert following(with_stream) == ("MODIFIED", "example.com/v2", {"sailors": 5, "length": 7})
    body = boat("c", "v2", sailors=3)
    applied = ok(client.ask("PATCH", f"{two}/c?fieldManager=me", body, headers=APPLY), 201)
    assert following(with_stream)[2]["sailors"] == 3
    again = ok(client.ask("PATCH", f"{two}/c?fieldManager=me", body, headers=APPLY))
    assert again["metadata"]["resourceVersion"] == applied["metadata"]["resourceVersion"], "nothing changed"
    dry = ok(client.ask("PATCH", f"{two}/a?dryRun=All", {"spec": {"sailors": 9}}, headers=MERGE))
    assert dry["spec"]["sailors"] == 9
    replaced = patched | {"spec": {"sailors": 6}}
    assert ok(client.ask("PUT", f"{two}/a", replaced))["spec"] == {"sailors": 6, "length": 7}
    assert following(with_stream)[2]["sailors"] == 6

    by_field = ok(client.ask("GET", f"{two}?fieldSelector=spec.sailors=6"))["items"]
    by_label = ok(client.ask("GET", f"{two}?labelSelector=form=v2"))["items"]
    assert [[item["metadata"]["name"] for item in items] for items in (by_field, by_label)] == [["a"], ["a", "b", "c"]]
    assert client.ask("GET", f"{two}?fieldSelector=spec.crew=6").status == 400
    assert client.ask("GET", f"{one}?fieldSelector=spec.sailors=6").status == 400
    rows = ok(client.ask("GET", two, headers=TABLE))["rows"]
    assert [row["cells"][:2] for row in rows] == [["a", 6], ["b", 2], ["c", 3]]
    first = ok(client.ask("GET", f"{two}?limit=2"))
    rest = ok(client.ask("GET", f"{two}?limit=2&continue={first['metadata']['continue']}"))
    assert [item["spec"]["sailors"] for page in (first, rest) for item in page["items"]] == [6, 2, 3]
    scale = ok(client.ask("PATCH", f"{two}/a/scale", {"spec": {"replicas": 4}}, headers=MERGE))
    assert scale["spec"]["replicas"] == ok(client.ask("GET", f"{one}/a"))["spec"]["crew"] == 4
    status = ok(client.ask("PATCH", f"{two}/a/status", {"status": {"replicas": 4}}, headers=MERGE))
    assert (status["apiVersion"], status["status"]) == ("example.com/v2", {"replicas": 4})
    assert ok(client.ask("GET", f"{two}/a/scale"))["status"] == {"replicas": 4}
    assert [following(with_stream)[0] for _ in range(2)] == ["MODIFIED"] * 2

    assert ok(client.ask("DELETE", f"{two}/b"))["status"] == "Success"
    assert following(with_stream) == ("DELETED", "example.com/v2", {"sailors": 2, "length": 7})
    deleted = ok(client.ask("DELETE", two))
    assert [item["spec"]["sailors"] for item in deleted["items"]] == [4, 3]
    assert ok(client.ask("GET", one))["items"] == []
    with_stream.close()


def test_who_applies_in_one_version_goes_on_in_another(client: RestClient, converter: Converter) -> None:
    define(client, definition(converter))
    one, two = BOATS.format("v1"), BOATS.format("v2")
    ok(client.ask("PATCH", f"{one}/a?fieldManager=me", boat("a", crew=1), headers=APPLY), 201)
    made = ok(client.ask("PATCH", f"{two}/a?fieldManager=me", boat("a", "v2", sailors=2), headers=APPLY))
    assert made["spec"] == {"sailors": 2, "length": 7}
    owners = [(entry["manager"], entry["apiVersion"], entry["fieldsV1"]) for entry in made["metadata"]["managedFields"]]
    assert owners == [("me", "example.com/v2", {"f:spec": {"f:sailors": {}}})]
    assert ok(client.ask("GET", f"{one}/a"))["spec"] == {"crew": 2, "length": 7}


def test_what_is_stored_in_several_versions_is_one_list(client: RestClient, converter: Converter) -> None:
    body = definition(converter)
    define(client, body)
    one, two = BOATS.format("v1"), BOATS.format("v2")
    ok(client.ask("POST", one, boat("a", crew=1)), 201)
    versions = definition(converter, storage="v2")["spec"]["versions"]
    change(client, {"versions": versions})
    ok(client.ask("POST", two, boat("b", "v2", sailors=2)), 201)
    for path, name in ((one, "crew"), (two, "sailors")):
        listed = ok(client.ask("GET", path))
        assert [item["spec"][name] for item in listed["items"]] == [1, 2]
        assert {item["apiVersion"] for item in listed["items"]} == {listed["apiVersion"]}
    count = len(converter.asked)
    before = ok(client.ask("GET", f"{one}/a"))["metadata"]["resourceVersion"]
    assert len(converter.asked) == count, "it is still stored as v1"
    ok(client.ask("PATCH", f"{one}/a", {}, headers=MERGE))
    after = ok(client.ask("GET", f"{one}/a"))
    assert (after["metadata"]["resourceVersion"] != before, after["spec"]["crew"]) == (True, 1), (
        "now it is stored as v2"
    )
    assert len(converter.asked) > count
    change(client, {"versions": definition(converter)["spec"]["versions"]})

    converter.problem = "no idea"
    version = ok(client.ask("GET", DEFINITIONS))["metadata"]["resourceVersion"]
    ok(client.ask("DELETE", f"{DEFINITIONS}/boats.example.com"))
    stream = client.watch(DEFINITIONS, resourceVersion=version)
    wanted = "could not issue all deletes: conversion webhook for example.com/v2, Kind=Boat failed: no idea"
    assert any(wanted == terminating(event["object"]) for event in stream)
    converter.problem = ""
    assert any(event["type"] == "DELETED" for event in stream)
    stream.close()


def test_a_webhook_that_fails_is_told_in_upstreams_words(client: RestClient, converter: Converter) -> None:
    define(client, definition(converter))
    one, two = BOATS.format("v1"), BOATS.format("v2")
    ok(client.ask("POST", one, boat("a", crew=1)), 201)
    ok(client.ask("GET", f"{two}/a"))

    def refused(*request: Any, headers: dict[str, str] | None = None) -> str:
        answer = client.ask(*request, headers=headers)
        assert (answer.status, answer.body.get("reason")) == (500, None), answer.body
        return str(answer.body["message"])

    converter.problem = "no idea"
    assert refused("GET", f"{two}/a") == f"{FAILED}no idea"
    assert refused("GET", f"{two}/a/scale") == f"{FAILED}no idea"
    assert refused("PATCH", f"{two}/a", {"spec": {"sailors": 2}}, headers=MERGE).endswith("failed: no idea")
    create = "conversion webhook for example.com/v2, Kind=Boat failed: no idea"
    assert refused("POST", two, boat("b", "v2", sailors=2)) == create
    assert ok(client.ask("GET", f"{one}/a"))["spec"]["crew"] == 1
    ok(client.ask("PATCH", f"{one}/a", {"spec": {"crew": 3}}, headers=MERGE))
    assert refused("GET", two) == f"{FAILED}no idea"
    assert refused("DELETE", f"{two}/a") == f"{FAILED}no idea"
    assert refused("DELETE", two) == f"{FAILED}no idea"
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": 4}}
    current = ok(client.ask("GET", f"{one}/a"))
    for path, body in ((f"{two}/a/scale", scale), (f"{two}/a/status", current | {"apiVersion": "example.com/v2"})):
        assert refused("PUT", path, body) == f"{FAILED}no idea"
        assert refused("PATCH", path, {"metadata": {"labels": {"x": "y"}}}, headers=MERGE) == f"{FAILED}no idea"
    stream = client.watch(two)
    event = next(iter(stream))
    assert (event["type"], event["object"]["message"]) == ("ERROR", f"{FAILED}no idea")
    stream.close()
    converter.problem = "refuse"
    assert refused("GET", two) == f"{FAILED}the server rejected our request for an unknown reason"
    converter.problem = ""
    assert ok(client.ask("GET", two))["items"][0]["spec"]["sailors"] == 3

    webhook = definition(converter)["spec"]["conversion"]["webhook"]
    webhook["clientConfig"]["caBundle"] = base64.b64encode(
        issue_authority("x", not_before=BEGIN, not_after=END)[0]
    ).decode()
    change(client, {"conversion": {"webhook": webhook}})
    url = f"https://127.0.0.1:{converter.port}/convert?timeout=30s"
    unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    assert refused("GET", two) == f'{FAILED}Post "{url}": {unknown}'
    change(client, {"conversion": {"webhook": {"clientConfig": {"caBundle": converter.bundle}}}})
    assert ok(client.ask("GET", two))["items"][0]["spec"]["sailors"] == 3
    service = {"namespace": "default", "name": "boats", "port": converter.port, "path": "/convert"}
    change(client, {"conversion": {"webhook": {"clientConfig": {"url": None, "service": service}}}})
    host = f"https://boats.default.svc:{converter.port}/convert?timeout=30s"
    assert refused("GET", two) == f'{FAILED}Post "{host}": service "boats" not found'
    alias = {"metadata": {"name": "boats"}, "spec": {"type": "ExternalName", "externalName": "localhost"}}
    ok(client.ask("POST", "/api/v1/namespaces/default/services", alias), 201)
    assert ok(client.ask("GET", two))["items"][0]["spec"]["sailors"] == 3
    change(client, {"conversion": {"strategy": "None", "webhook": None}})
    assert ok(client.ask("GET", f"{two}/a"))["spec"] == {"length": 7}
    change(client, {"conversion": definition(converter)["spec"]["conversion"]})
    assert ok(client.ask("GET", f"{two}/a"))["spec"] == {"sailors": 3, "length": 7}
