"""A server process from its start to its end, however that comes: nothing acknowledged is lost, nobody is left waiting."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from steersman.testing.rest import BROKEN, RestClient
from steersman.testing.server import NotReady, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., ServerProcess]
    Clients = Callable[..., RestClient]

MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WRITERS = 8
KILLS = 3
CRON_TABS = {
    "metadata": {"name": "crontabs.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "crontabs", "kind": "CronTab"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def create(client: RestClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.ask("POST", path, body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


def read(client: RestClient, path: str) -> dict[str, Any]:
    answer = client.ask("GET", path)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def until(what: Callable[[], bool], *, s_max: float = 10) -> None:
    """Wait for something that another process is about to do."""
    deadline = time.monotonic() + s_max
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Watching(threading.Thread):
    """Reads a watch to its end, and notes whether that was an end as HTTP wants it."""

    def __init__(self, client: RestClient, path: str, revision: str) -> None:
        super().__init__(daemon=True)
        self.end = ""
        self._stream = client.watch(path, resourceVersion=revision)
        self.start()

    def run(self) -> None:
        try:
            for _ in self._stream:
                pass
            self.end = "clean"
        except BROKEN as error:
            self.end = repr(error)
        finally:
            self._stream.close()


class Writing(threading.Thread):
    """Creates objects one after the other until the server has gone; `acknowledged`: name -> resourceVersion."""

    def __init__(self, client: RestClient, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.acknowledged: dict[str, str] = {}
        self.refused: list[Any] = []
        self._client = client
        self.start()

    def run(self) -> None:
        number = 0
        while True:
            name, number = f"{self.name}-{number}", number + 1
            try:
                answer = self._client.ask("POST", MAPS, {"metadata": {"name": name}, "data": content(name)})
            except BROKEN:
                return
            if answer.status == 201:
                self.acknowledged[name] = answer.body["metadata"]["resourceVersion"]
            else:
                self.refused.append(answer)


def all_have_written(writing: list[Writing]) -> bool:
    return all(len(writer.acknowledged) > 3 for writer in writing)


def content(name: str) -> dict[str, str]:
    return {"of": name, "filling": name * 50}


def test_sigterm_ends_everything_soon_and_what_was_written_is_there_at_the_next_start(
    tmp_path: Path, serve: Serve, client: Clients
) -> None:
    server = serve(tmp_path)
    admin = client(server)
    create(admin, DEFINITIONS, CRON_TABS)
    until(lambda: admin.ask("GET", "/apis/example.com/v1/crontabs").status == 200)
    tab = create(
        admin,
        "/apis/example.com/v1/namespaces/default/crontabs",
        {"metadata": {"name": "tab"}, "every": "minute"} | {"apiVersion": "example.com/v1", "kind": "CronTab"},
    )
    service = create(admin, SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    for number in range(8):
        create(admin, MAPS, {"metadata": {"name": f"big-{number}"}, "data": {"filling": "x" * 900_000}})
    revision = read(admin, f"{MAPS}?limit=1")["metadata"]["resourceVersion"]
    watching = [Watching(admin.again(), path, revision) for path in (MAPS, "/api/v1/pods", SERVICES) for _ in range(5)]
    watching += [Watching(admin.again(), MAPS, "0") for _ in range(2)]
    writing = [Writing(admin.again(), f"writer-{number}") for number in range(4)]
    with slow_reader(server):
        until(partial(all_have_written, writing))
        stopped = server.stop()
    assert stopped.code == 0
    assert stopped.seconds < 2
    assert "Traceback" not in server.log_tail()
    for thread in (*watching, *writing):
        thread.join(5)
    assert {watch.end for watch in watching} == {"clean"}
    assert [refused for writer in writing for refused in writer.refused] == []

    server = serve(tmp_path)
    admin = client(server)
    written = {name: version for writer in writing for name, version in writer.acknowledged.items()}
    found = {item["metadata"]["name"]: item for item in read(admin, MAPS)["items"]}
    assert written.items() <= {name: item["metadata"]["resourceVersion"] for name, item in found.items()}.items()
    kept = read(admin, f"{SERVICES}/web")
    assert kept["metadata"] == service["metadata"]
    assert kept["spec"]["clusterIP"] == service["spec"]["clusterIP"]
    again = read(admin, "/apis/example.com/v1/namespaces/default/crontabs/tab")
    assert again["metadata"]["uid"] == tab["metadata"]["uid"]
    assert again["every"] == "minute"
    other = create(admin, SERVICES, {"metadata": {"name": "other"}, "spec": {"ports": [{"port": 80}]}})
    assert other["spec"]["clusterIP"] != service["spec"]["clusterIP"]
    assert int(other["metadata"]["resourceVersion"]) > max(map(int, written.values()))


class slow_reader:  # noqa: N801  (reads as a verb where it is used)
    """A client that asks for a long list over TLS, takes its beginning, and reads no more."""

    def __init__(self, server: ServerProcess) -> None:
        where = urlsplit(server.url)
        context = ssl.create_default_context(cafile=str(server.ca))
        plain = socket.create_connection((where.hostname, where.port), timeout=5)
        self._socket = context.wrap_socket(plain, server_hostname=where.hostname)
        head = f"GET {MAPS} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer admin-token\r\n\r\n"
        self._socket.sendall(head.encode())
        assert self._socket.recv(100).startswith(b"HTTP/1.1 200")

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_is_heeded(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "steersman", "apiserver", "--data-dir", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        until((tmp_path / "pki").exists)
        process.send_signal(number)
        output, _ = process.communicate(timeout=5)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_no_acknowledged_write_is_lost_when_the_process_is_killed(
    tmp_path: Path, serve: Serve, client: Clients
) -> None:
    acknowledged: dict[str, str] = {}
    for round_ in range(KILLS):
        server = serve(tmp_path)
        admin = client(server)
        check_content(admin, acknowledged)
        writing = [Writing(admin.again(), f"{round_}-{number}") for number in range(WRITERS)]
        until(partial(all_have_written, writing))
        server.kill()
        for writer in writing:
            writer.join(10)
            assert writer.refused == []
            acknowledged |= writer.acknowledged
    server = serve(tmp_path)
    check_content(client(server), acknowledged)
    assert server.stop().code == 0


def check_content(client: RestClient, acknowledged: dict[str, str]) -> None:
    """Everything acknowledged is there as it was written, and what else is there is whole, too."""
    objects = {item["metadata"]["name"]: item for item in read(client, MAPS)["items"]}
    objects.pop("kube-root-ca.crt", None)
    versions = {name: item["metadata"]["resourceVersion"] for name, item in objects.items()}
    assert acknowledged.items() <= versions.items()
    assert [name for name, item in objects.items() if item["data"] != content(name)] == []
    assert len(set(versions.values())) == len(versions)


def test_a_second_server_on_one_folder_is_told_who_holds_it(server: ServerProcess, client: Clients) -> None:
    created = create(client(server), MAPS, {"metadata": {"generateName": "held-"}})
    with pytest.raises(NotReady) as refused, ServerProcess(data_dir=server.data_dir):
        pass
    message = str(refused.value)
    assert f"in use by process {server.pid}; stop that one first or choose another data directory" in message
    assert "Traceback" not in message
    assert refused.value.code == 1
    assert read(client(server), f"{MAPS}/{created['metadata']['name']}") == created
    assert server.url in server.kubeconfig.read_text(), "the second one left the kubeconfig alone"


def test_no_secret_is_logged_at_any_level(tmp_path: Path, serve: Serve, client: Clients) -> None:
    server = serve(tmp_path, "--log-level", "debug")
    admin = client(server)
    secrets = "/api/v1/namespaces/default/secrets"
    create(admin, secrets, {"metadata": {"name": "known"}, "stringData": {"password": "correct-horse-battery"}})
    admin.ask(
        "POST", secrets, {"metadata": {"name": "Not A Name"}, "stringData": {"password": "correct-horse-battery"}}
    )
    admin.ask("POST", secrets, {"metadata": {"name": "x"}, "data": {"password": "correct-horse-battery"}})
    admin.ask("PATCH", f"{secrets}/known", {"stringData": {"password": "correct-horse-battery"}})
    create(admin, "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}})
    request = {"spec": {"audiences": None}}
    path = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    issued = create(admin, path, request)["status"]["token"]
    assert client(server, token=issued).ask("GET", secrets).status == 403
    assert client(server, token="some-wrong-token").ask("GET", secrets).status == 401
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": issued}}
    create(admin, "/apis/authentication.k8s.io/v1/tokenreviews", review)
    assert server.stop().code == 0
    log = server.log_tail()
    for secret in ("correct-horse", "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", "admin-token", "some-wrong-token", issued[-40:]):
        assert secret not in log


def test_memory_does_not_grow_with_the_connections_that_came_and_went(server: ServerProcess, client: Clients) -> None:
    admin = client(server)

    def come_and_go(times: int) -> int:
        for _ in range(times):
            visitor = admin.again()
            assert visitor.ask("GET", "/api/v1/namespaces/default").status == 200
            visitor.watch("/api/v1/pods", resourceVersion="0").close()
            visitor.close()
        return resident_bytes(server.pid)

    before = come_and_go(100)
    assert come_and_go(900) - before < 8 << 20
    until(lambda: not open_watches(admin))


def open_watches(client: RestClient) -> list[str]:
    """The lines of /metrics that count connections, watches among them, which stay open."""
    lines = str(client.ask("GET", "/metrics").body).splitlines()
    return [line for line in lines if line.startswith("apiserver_longrunning_requests{") and not line.endswith(" 0")]


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096
