"""API servers over a real etcd: it goes and comes back, is compacted by others, and serves two of them at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steersman.store.catalog import load_driver
from steersman.store.interface import Put
from steersman.testing.etcd_server import EtcdServer, etcd_binary
from steersman.testing.rest import Model, RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., ServerProcess]
    Clients = Callable[..., RestClient]

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="etcd is not installed: apt-get install etcd-server")
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with EtcdServer(tmp_path / "etcd") as server:
        yield server


def until(what: Callable[[], bool], *, s_max: float = 10) -> None:
    """Wait for something that another process is about to do."""
    deadline = time.monotonic() + s_max
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def create(client: RestClient, name: str) -> dict[str, Any]:
    answer = client.ask("POST", MAPS, {"metadata": {"name": name}})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


def versions(client: RestClient) -> dict[str, str]:
    answer = client.ask("GET", MAPS)
    assert answer.status == 200, answer.body
    return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in answer.body["items"]}


def test_etcd_goes_and_comes_back(tmp_path: Path, etcd: EtcdServer, serve: Serve, client: Clients) -> None:
    server = serve(tmp_path / "data", "--compaction-s", "2", store=f"etcd://{etcd.endpoint}")
    admin = client(server)
    for number in range(5):
        create(admin, f"before-{number}")
    with Model(admin.again(), MAPS) as model:
        etcd.stop()
        until(lambda: admin.ask("GET", "/readyz").status == 500, s_max=5)
        live = admin.ask("GET", "/livez?verbose").body
        assert "[-]etcd failed" in live
        assert admin.ask("GET", f"{MAPS}?resourceVersion=0").status == 200, "the cache still knows"
        answers: dict[str, tuple[Any, float]] = {}
        asking = [
            threading.Thread(target=ask_timed, args=(admin.again(), *request, answers))
            for request in (("GET", MAPS, None), ("POST", MAPS, {"metadata": {"name": "meanwhile"}}))
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(15)
        read, read_s = answers["GET"]
        assert (read.status, read.body["reason"], read.headers["Retry-After"]) == (500, "ServerTimeout", "2")
        write, write_s = answers["POST"]
        assert (write.status, write.body["reason"]) == (504, "Timeout")
        assert max(read_s, write_s) < 8
        etcd.start()
        until(lambda: admin.ask("GET", "/readyz").status == 200, s_max=8)
        create(admin, "after")
        until(lambda: "after" in model.objects)
        assert model.versions() == versions(admin)
        assert model.faults == []
        assert model.lists == 1, "the watch goes on without a gap"
    assert server.stop().code == 0
    assert "Traceback" not in server.log_tail()


def test_an_etcd_that_hangs_holds_nobody_for_ever(
    tmp_path: Path, etcd: EtcdServer, serve: Serve, client: Clients
) -> None:
    """Its connections stay open, and nothing comes."""
    server = serve(tmp_path / "data", store=f"etcd://{etcd.endpoint}")
    admin = client(server)
    with Model(admin.again(), MAPS) as model:
        os.kill(etcd.pid, signal.SIGSTOP)
        until(lambda: is_stopped(etcd.pid))
        try:
            begun = time.monotonic()
            assert admin.ask("GET", MAPS).status == 500
            assert time.monotonic() - begun < 8
            assert admin.ask("GET", "/readyz").status == 500
        finally:
            os.kill(etcd.pid, signal.SIGCONT)
        until(lambda: admin.ask("GET", "/readyz").status == 200, s_max=8)
        create(admin, "after")
        until(lambda: "after" in model.objects)
        assert (model.faults, model.lists) == ([], 1)
    assert server.stop().code == 0


def is_stopped(pid: int) -> bool:
    """All threads of a process, which a signal reaches one after the other."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def ask_timed(client: RestClient, method: str, path: str, body: Any, answers: dict[str, tuple[Any, float]]) -> None:
    begun = time.monotonic()
    answers[method] = client.ask(method, path, body), time.monotonic() - begun
    client.close()


def test_what_others_compacted_away_meanwhile_is_listed_anew(
    tmp_path: Path, etcd: EtcdServer, serve: Serve, client: Clients
) -> None:
    server = serve(tmp_path / "data", store=f"etcd://{etcd.endpoint}")
    admin = client(server)
    with Model(admin.again(), MAPS) as model:
        create(admin, "before")
        until(lambda: "before" in model.objects)
        asyncio.run(write_behind_its_back(server, etcd))
        # The first write may meet the connection that etcd's end broke, which leaves its outcome open.
        until(lambda: admin.ask("POST", MAPS, {"metadata": {"name": "after"}}).status in (201, 409))
        until(lambda: model.versions() == versions(admin), s_max=15)
        assert model.faults == []
        assert "while-away" in model.objects
    assert server.stop().code == 0
    assert "Traceback" not in server.log_tail()


async def write_behind_its_back(server: ServerProcess, etcd: EtcdServer) -> None:
    """While the server is stopped from running: write, and compact everything that it has not seen."""
    store = load_driver("etcd")(endpoints=(etcd.endpoint,))
    os.kill(server.pid, signal.SIGSTOP)
    try:
        etcd.stop()  # breaks the connections, so that nothing is buffered in them
        etcd.start()
        await store.start()
        for name in ("while-away", "other"):
            body = {"metadata": {"name": name, "namespace": "default", "uid": name}}
            put = Put(f"/registry/configmaps/default/{name}", json.dumps(body).encode())
            revision = await store.commit((), (put,))
        await store.compact(revision)
        await store.stop()
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_two_servers_of_one_store_are_one_cluster(
    tmp_path: Path, etcd: EtcdServer, tokens: Path, client: Clients
) -> None:
    """They start at the same moment, so that both write what a new cluster has."""
    servers = [
        ServerProcess(data_dir=tmp_path / name, store=f"etcd://{etcd.endpoint}", token_auth_file=tokens)
        for name in ("one", "other")
    ]
    starting = [threading.Thread(target=server.__enter__) for server in servers]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join(30)
    try:
        assert all(server.url for server in servers), [server.log_tail() for server in servers]
        one, other = map(client, servers)
        assert one.ask("GET", "/api/v1/services").body["items"] == other.ask("GET", "/api/v1/services").body["items"]
        check_writes_and_watches(one, other)
        check_optimistic_concurrency(one, other)
        check_addresses(one, other)
    finally:
        stopped = [server.stop() for server in servers]
    assert [end.code for end in stopped] == [0, 0]
    assert not any("Traceback" in server.log_tail() for server in servers)


def check_writes_and_watches(one: RestClient, other: RestClient) -> None:
    """What is acknowledged at one is read at the other at once, and arrives there once."""
    with Model(one.again(), MAPS) as model_of_one, Model(other.again(), MAPS) as model_of_other:
        for number in range(20):
            writer, reader = (one, other) if number % 2 else (other, one)
            made = create(writer, f"shared-{number}")
            assert reader.ask("GET", f"{MAPS}/shared-{number}").body == made
            if number % 5 == 0:
                assert reader.ask("DELETE", f"{MAPS}/shared-{number}").status == 200
                assert writer.ask("GET", f"{MAPS}/shared-{number}").status == 404
        expected = versions(one)
        assert versions(other) == expected
        until(lambda: model_of_one.versions() == model_of_other.versions() == expected)
        assert model_of_one.faults == model_of_other.faults == []
        assert model_of_one.events == model_of_other.events


def check_optimistic_concurrency(one: RestClient, other: RestClient) -> None:
    """Writers at both servers count together without losing a step."""
    create(one, "counter")
    refusals: list[int] = []

    def count(client: RestClient, steps: int) -> None:
        while steps:
            counter = client.ask("GET", f"{MAPS}/counter").body
            counter["data"] = {"n": str(int(counter.get("data", {}).get("n", "0")) + 1)}
            answer = client.ask("PUT", f"{MAPS}/counter", counter)
            if answer.status == 200:
                steps -= 1
            else:
                refusals.append(answer.status)
        client.close()

    counting = [threading.Thread(target=count, args=(client.again(), 15)) for client in (one, other, one, other)]
    for thread in counting:
        thread.start()
    for thread in counting:
        thread.join(30)
    assert one.ask("GET", f"{MAPS}/counter").body["data"] == {"n": "60"}
    assert set(refusals) <= {409}


def check_addresses(one: RestClient, other: RestClient) -> None:
    """Both hand out service addresses, and no address twice."""
    path = "/api/v1/namespaces/default/services"
    found: list[str] = []

    def make(client: RestClient, name: str) -> None:
        for number in range(8):
            body = {"metadata": {"name": f"{name}-{number}"}, "spec": {"ports": [{"port": 80}]}}
            answer = client.ask("POST", path, body)
            assert answer.status == 201, answer.body
            found.append(answer.body["spec"]["clusterIP"])
        client.close()

    making = [threading.Thread(target=make, args=(c.again(), name)) for c, name in ((one, "one"), (other, "other"))]
    for thread in making:
        thread.start()
    for thread in making:
        thread.join(30)
    assert len(set(found)) == 16
