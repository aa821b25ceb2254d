"""Addresses and node ports on the real server: given out, kept over a restart, repaired after a crash."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from steersman.lib.clock import SystemClock
from steersman.store.catalog import load_driver
from steersman.store.interface import Delete
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = "/api/v1/namespaces/default/services"
ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
EVENTS = "/api/v1/namespaces/default/events"
DUAL = ("--service-cidr", "10.32.0.0/24", "--service-cidr", "fd32::/112")


class Caller:
    """An administrator with nothing but HTTP."""

    def __init__(self, server: ServerProcess) -> None:
        self._url = server.url
        self._tls = ssl.create_default_context(cafile=str(server.ca))

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer admin-token", "Content-Type": media}
        request = urllib.request.Request(self._url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self._tls) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def make(self, name: str, **spec: Any) -> dict[str, Any]:
        status, obj = self.ask("POST", SERVICES, {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec})
        assert status == 201, obj
        made: dict[str, Any] = obj["spec"]
        return made

    def taken(self) -> dict[str, str]:
        """Every address with the name of its Service."""
        _, found = self.ask("GET", ADDRESSES)
        return {item["metadata"]["name"]: item["spec"]["parentRef"]["name"] for item in found["items"]}

    def has(self) -> dict[str, str]:
        """Every address that a Service has, with its name."""
        _, found = self.ask("GET", SERVICES)
        return {ip: item["metadata"]["name"] for item in found["items"] for ip in item["spec"].get("clusterIPs") or ()}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Starts a server on the one SQLite file of the test; the one before is stopped."""
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('admin-token,admin,admin,"system:masters"\n')
    running: list[ServerProcess] = []

    def stop() -> None:
        while running:
            running.pop().stop()

    def begin(*arguments: str) -> Caller:
        stop()
        server = ServerProcess(data_dir=tmp_path / "data", token_auth_file=tokens, arguments=arguments)
        running.append(server.__enter__())
        return Caller(server)

    begin.stop = stop  # type: ignore[attr-defined]
    yield begin
    stop()


def lose(folder: Path, *keys: str) -> None:
    """Leave the store as a crash between two writes would."""

    async def remove() -> None:
        store = load_driver("sqlite")(path=folder / "data" / "store.db", clock=SystemClock())
        await store.start()
        await store.commit((), tuple(Delete(key) for key in keys))
        await store.stop()

    asyncio.run(remove())


def test_a_restart_keeps_what_was_given_out(start: Any) -> None:
    caller = start()
    plain = caller.make("plain")
    ported = caller.make("ported", type="NodePort")
    before = caller.taken()
    assert before == caller.has()
    caller = start()
    assert caller.taken() == before
    for port, address in ((ported["ports"][0]["nodePort"], None), (None, plain["clusterIP"])):
        wanted: dict[str, Any] = {"ports": [{"port": 80}]}
        wanted |= {"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]} if port else {"clusterIP": address}
        status, refused = caller.ask("POST", SERVICES, {"metadata": {"name": "late"}, "spec": wanted})
        assert (status, "already allocated" in refused["message"]) == (422, True)
    assert caller.ask("DELETE", f"{SERVICES}/plain")[0] == 200
    assert caller.make("late", clusterIP=plain["clusterIP"])["clusterIP"] == plain["clusterIP"]


def test_a_restart_repairs_what_a_crash_left(start: Any, tmp_path: Path) -> None:
    caller = start()
    lost = caller.make("lost", type="NodePort")
    kept = caller.make("kept")
    start.stop()
    lose(tmp_path, "/registry/services/specs/default/lost", f"/registry/ipaddresses/{kept['clusterIP']}")
    caller = start()
    assert caller.taken() == caller.has() == {"10.96.0.1": "kubernetes", kept["clusterIP"]: "kept"}
    again = caller.make("again", type="NodePort", ports=[{"port": 80, "nodePort": lost["ports"][0]["nodePort"]}])
    assert again["clusterIP"]
    _, events = caller.ask("GET", EVENTS)
    reasons = {event["reason"] for event in events["items"]}
    assert {"ClusterIPNotAllocated", "IPAddressNotAllocated"} <= reasons


def test_two_families(start: Any) -> None:
    caller = start(*DUAL)
    both = caller.make("both", ipFamilyPolicy="RequireDualStack")
    assert both["ipFamilies"] == ["IPv4", "IPv6"]
    assert caller.taken() == caller.has()
    patch = {"spec": {"type": "ExternalName", "externalName": "a.example"}}
    status, gone = caller.ask("PATCH", f"{SERVICES}/both", patch, "application/merge-patch+json")
    assert (status, "clusterIPs" in gone["spec"]) == (200, False)
    assert caller.taken() == {"10.32.0.1": "kubernetes"}


def test_a_second_family_may_be_added_to_a_cluster(start: Any) -> None:
    caller = start(*DUAL[:2])
    one = caller.make("one")
    caller = start(*DUAL)
    status, both = caller.ask(
        "PATCH", f"{SERVICES}/one", {"spec": {"ipFamilyPolicy": "RequireDualStack"}}, "application/merge-patch+json"
    )
    assert (status, both["spec"]["clusterIPs"][0]) == (200, one["clusterIP"])
    assert caller.taken() == caller.has()
