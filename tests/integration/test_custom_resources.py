"""Custom resources on the real server: defined, used in two versions, kept over a restart, cleaned up."""

from __future__ import annotations

import json
import ssl
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BOATS = "/apis/example.com/{}/namespaces/default/boats"
WAIT_S = 10


class Caller:
    """An administrator with nothing but HTTP."""

    def __init__(self, server: ServerProcess) -> None:
        self._url = server.url
        self._tls = ssl.create_default_context(cafile=str(server.ca))

    def open(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer admin-token", "Content-Type": media}
        request = urllib.request.Request(self._url + path, data=data, method=method, headers=headers)
        return urllib.request.urlopen(request, timeout=WAIT_S, context=self._tls)

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, Any]:
        try:
            with self.open(method, path, body, media) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """The events of a watch, until the server ends it."""
        with self.open("GET", path) as answer:
            for line in answer:
                yield json.loads(line)


def definition() -> dict[str, Any]:
    def version(name: str, **properties: str) -> dict[str, Any]:
        spec = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
        schema = {"type": "object", "properties": {"spec": spec}}
        return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}

    return {
        "metadata": {"name": "boats.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "boats", "kind": "Boat", "shortNames": ["bt"]},
            "versions": [version("v1", length="integer"), version("v2", length="integer", crew="integer")],
        },
    }


def boat(name: str, version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"example.com/{version}", "kind": "Boat", "metadata": {"name": name}, "spec": spec}


def await_established(caller: Caller) -> None:
    """By watching, as clients do."""
    for event in caller.events(f"{DEFINITIONS}?watch=true&fieldSelector=metadata.name=boats.example.com"):
        conditions = event["object"].get("status", {}).get("conditions") or ()
        if any(item["type"] == "Established" and item["status"] == "True" for item in conditions):
            return
    pytest.fail("the watch ended before the definition was established")


def test_a_kind_of_ones_own_lives_from_definition_to_removal(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("admin-token,admin,admin,system:masters\n")
    data_dir = tmp_path / "data"
    with ServerProcess(data_dir=data_dir, token_auth_file=tokens) as server:
        caller = Caller(server)
        assert caller.ask("POST", DEFINITIONS, definition())[0] == 201
        await_established(caller)
        assert caller.ask("POST", BOATS.format("v1"), boat("a", length=3))[0] == 201
        seen: list[tuple[str, str]] = []
        begun = threading.Event()

        def follow() -> None:
            for event in caller.events(f"{BOATS.format('v2')}?watch=true"):
                obj = event["object"]
                seen.append((event["type"], f"{obj['apiVersion']} {obj['metadata']['name']} {obj['spec']}"))
                begun.set()

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        assert begun.wait(WAIT_S)
        merge = "application/merge-patch+json"
        assert caller.ask("PATCH", f"{BOATS.format('v1')}/a", {"spec": {"length": 4}}, merge)[0] == 200
        assert caller.ask("POST", BOATS.format("v2"), boat("b", "v2", length=5, crew=2))[0] == 201
        assert caller.ask("DELETE", f"{BOATS.format('v2')}/a")[0] == 200
    follower.join(WAIT_S)
    assert seen == [
        ("ADDED", "example.com/v2 a {'length': 3}"),
        ("MODIFIED", "example.com/v2 a {'length': 4}"),
        ("ADDED", "example.com/v2 b {'length': 5}"),
        ("DELETED", "example.com/v2 a {'length': 4}"),
    ]
    with ServerProcess(data_dir=data_dir, token_auth_file=tokens) as server:
        caller = Caller(server)
        status, boats = caller.ask("GET", BOATS.format("v1"))
        assert (status, boats["kind"]) == (200, "BoatList")
        assert [(item["metadata"]["name"], item["spec"]) for item in boats["items"]] == [("b", {"length": 5})]
        assert caller.ask("POST", BOATS.format("v2"), boat("c", "v2"))[0] == 201
        watched = caller.events(f"{DEFINITIONS}?watch=true&fieldSelector=metadata.name=boats.example.com")
        assert next(watched)["type"] == "ADDED"
        assert caller.ask("DELETE", f"{DEFINITIONS}/boats.example.com")[0] == 200
        assert next(event for event in watched if event["type"] == "DELETED")
        assert caller.ask("GET", BOATS.format("v1"))[0] == 404
        assert caller.ask("POST", DEFINITIONS, definition())[0] == 201
        await_established(caller)
        assert caller.ask("GET", BOATS.format("v2"))[1]["items"] == []
