"""The API server under load: what an operation costs, beside its budget and upstream's figure.

    python bench/run.py [--pods 5000] [--more 20000] [--store sqlite] [--quick]

CPU counts the server process only, the client is another process' loop on the same machine: read CPU figures and
ratios, not wall times, and not at all while anything else runs on the machine (the header says how much did).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import bodies
import orjson
import uvloop
from access import NAMESPACE, admitted, write_tokens
from load import Counter, Result, Target, Watcher, cpu_s, fetch, rss_mb, run, run_chained, run_wrk
from report import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from steersman.testing.server import ServerProcess

PODS = f"{NAMESPACE}/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/bench/leases"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
VERSION = re.compile(rb'"resourceVersion":"(\d+)"')
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class Bench:
    """Runs the rows against one server and keeps what it found."""

    def __init__(self, target: Target, options: argparse.Namespace) -> None:
        self._target = target
        self._pods: int = options.pods
        self._more: int = options.more
        self._scale = 0.2 if options.quick else 1.0
        self.found: dict[str, float] = {}

    def _count(self, number: int) -> int:
        return max(32, int(number * self._scale))

    def _keep(self, result: Result, name: str) -> Result:
        bad = {status: count for status, count in result.statuses.items() if status >= 400}
        if bad:
            raise SystemExit(f"{name}: answers {bad}; the figures would mean nothing")
        self.found[name] = result.cpu_us
        return result

    async def run(self) -> None:
        await asyncio.sleep(1.0)
        idle_mb = self.found["RSS idle MB"] = rss_mb(self._target.pid)
        await self._fill(self._pods)
        self.found["RSS per pod KB"] = (rss_mb(self._target.pid) - idle_mb) * 1024 / self._pods
        await self._reads()
        await self._writes()
        await self._watch()
        await self._stall()
        await self._idle()
        if self._more > self._pods:
            await self._fill(self._more, start=self._pods)
            self.found[f"RSS with {self._more} pods MB"] = rss_mb(self._target.pid)

    async def _fill(self, number: int, start: int = 0) -> None:
        target = self._target
        requests = [target.request("POST", PODS, bodies.pod(f"p{i}", i)) for i in range(start, number)]
        result = self._keep(await run(target, "POST", requests), "POST pod")
        self.found["POST p99 ms"] = result.percentile(0.99)
        self.found[f"RSS with {number} pods MB"] = rss_mb(target.pid)

    async def _reads(self) -> None:
        target = self._target
        result = await run_wrk(target, f"{PODS}/p", self._pods, seconds=max(1, round(5 * self._scale)))
        if result is None:
            print("GET pod: left out, wrk is not installed")
        else:
            self._keep(result, "GET pod")
            self.found["GET p99 ms"] = result.percentile(0.99)
        for name, accept in (("LIST 5000 JSON", ""), ("LIST 5000 Table", TABLE)):
            before_mb = rss_mb(target.pid)
            request = target.request("GET", PODS, accept=accept)
            listed = await run(target, name, [request] * max(3, self._count(50) // 10), connections=1)
            self.found[f"{name}, CPU ms"] = listed.cpu_us / 1000 * 5000 / self._pods
            if not accept:
                self.found[f"{name}, RSS +MB"] = rss_mb(target.pid) - before_mb

    async def _writes(self) -> None:
        target, pods = self._target, self._pods
        number = self._count(4000)
        rows = {
            "PATCH merge": [
                target.request("PATCH", f"{PODS}/p{i % pods}", bodies.annotation(i), MERGE) for i in range(number)
            ],
            "PATCH apply": [
                target.request(
                    "PATCH",
                    f"{PODS}/p{i % pods}?fieldManager=bench&force=true",
                    bodies.applied_pod(f"p{i % pods}", i),
                    APPLY,
                )
                for i in range(number)
            ],
        }
        for name, requests in rows.items():
            self._keep(await run(target, name, requests), name)
        await self._leases()
        status, body = await fetch(target, target.request("GET", f"{PODS}/p0"))
        assert status == 200, body
        pod = orjson.loads(body)
        statuses = []
        for i in range(number // 2):
            pod["metadata"] = {"name": f"p{i % pods}", "namespace": "bench"}
            pod["status"] = {"phase": "Pending", "message": str(i)}
            statuses.append(target.request("PUT", f"{PODS}/p{i % pods}/status", orjson.dumps(pod)))
        self._keep(await run(target, "PUT", statuses), "PUT pod status")
        extra = [target.request("POST", PODS, bodies.pod(f"d{i}", i)) for i in range(number // 2)]
        await run(target, "", extra)
        deletes = [target.request("DELETE", f"{PODS}/d{i}") for i in range(number // 2)]
        self._keep(await run(target, "DELETE", deletes), "DELETE pod")

    async def _leases(self) -> None:
        """As kubelets renew them: each with the version of its last answer."""
        target = self._target

        def following(number: int, turn: int, last: bytes) -> bytes:
            name = f"n{number}"
            if not turn:
                return target.request("POST", LEASES, bodies.lease(name, 0))
            version = VERSION.search(last)
            assert version is not None, last
            return target.request("PUT", f"{LEASES}/{name}", bodies.lease(name, turn, version[1].decode()))

        self._keep(await run_chained(target, "PUT", following, rounds=self._count(4000) // 32), "PUT lease")

    async def _watch(self) -> None:
        """Changes of one object, sent to many watchers; the writes' own cost is taken off."""
        target, watchers, events = self._target, self._count(1000), self._count(200)
        path = f"{NAMESPACE}/configmaps"
        bodies_ = [bodies.config_map("w", str(i)) for i in range(events + 1)]
        await fetch(target, target.request("POST", path, bodies_[0]))
        plain = [target.request("PUT", f"{path}/w", body) for body in bodies_[1:]]
        alone = await run(target, "", plain, connections=1)
        counter, loop, context = Counter(), asyncio.get_running_loop(), target.context()
        head = target.request("GET", f"{path}?watch=1&resourceVersion=0")
        open_ = []
        for _ in range(watchers):
            transport, _ = await loop.create_connection(
                lambda: Watcher(counter), target.host, target.port, ssl=context, server_hostname=target.host
            )
            transport.write(head)
            open_.append(transport)
        await counter.wait_for(watchers, 30)
        before = cpu_s(target.pid)
        again = [target.request("PUT", f"{path}/w", bodies.config_map("w", f"b{i}")) for i in range(events)]
        await run(target, "", again, connections=1)
        if not await counter.wait_for(watchers * (1 + events), 60):
            raise SystemExit(f"watch: {counter.count - watchers} of {watchers * events} events arrived")
        used_us = (cpu_s(target.pid) - before) * 1e6 - alone.cpu_us * events
        self.found["watch, per watcher and event"] = used_us / (watchers * events)
        for transport in open_:
            transport.abort()

    async def _stall(self) -> None:
        """How late the server's loop runs while it makes long tables: what long work does to everybody else (upper
        bound of the bucket). Not under saturation, where a turn of the loop is as long as all requests that wait.
        """
        before, ends = await self._lags(), time.perf_counter() + 5.0
        table = self._target.request("GET", PODS, accept=TABLE)
        while time.perf_counter() < ends:
            await run(self._target, "", [table], connections=1)
        found = {bound: count - before.get(bound, 0) for bound, count in (await self._lags()).items()}
        late = [bound for bound, count in found.items() if count >= found.get(float("inf"), 0) * 0.99]
        if late:
            self.found["loop stall p99 ms"] = min(late) * 1000

    async def _lags(self) -> dict[float, int]:
        """Measurements so far, by the bucket's upper bound in seconds."""
        _, body = await fetch(self._target, self._target.request("GET", "/metrics"))
        buckets = re.findall(rb'steersman_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\d+)', body)
        return {float(bound): int(count) for bound, count in buckets}

    async def _idle(self) -> None:
        await asyncio.sleep(2.0)
        before, began = cpu_s(self._target.pid), time.perf_counter()
        await asyncio.sleep(5.0)
        used = cpu_s(self._target.pid) - before
        self.found["idle CPU %"] = used / (time.perf_counter() - began) * 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=5000)
    parser.add_argument("--more", type=int, default=20000, help="fill up to so many at the end; 0: do not")
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--quick", action="store_true", help="a fifth of the operations")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        # An installed package has its bytecode; so has the second start here, whatever the environment says.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(data_dir / "bytecode")
        tokens = write_tokens(data_dir / "tokens.csv")
        began = time.perf_counter()
        with ServerProcess(data_dir=data_dir / "data", store=options.store, token_auth_file=tokens) as first:
            first_ms = (time.perf_counter() - began) * 1000
            del first
        began = time.perf_counter()
        with ServerProcess(data_dir=data_dir / "data", store=options.store, token_auth_file=tokens) as server:
            boot_ms = (time.perf_counter() - began) * 1000

            async def all_rows() -> dict[str, float]:
                bench = Bench(await admitted(server), options)
                bench.found["boot to ready ms"] = boot_ms
                bench.found["first boot (keys made) ms"] = first_ms
                await bench.run()
                return bench.found

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                found = runner.run(all_rows())
    show(found)
    if options.json:
        options.json.write_text(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
