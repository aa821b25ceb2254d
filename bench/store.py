"""Writes a second and CPU time a write, per driver and number of concurrent writers.

    python bench/store.py [--drivers memory,sqlite,etcd] [--writers 1,16,128] [--seconds 3] [--size 2048]

Each writer updates its own keys by compare-and-swap in a closed loop. CPU is user + system time of this process (for
etcd plus the server's; `etcd` must be installed, and syncs). One watch over everything is open, as an API server has.
`p50`, `p99` and `max` are of one write.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from steersman.lib.clock import SystemClock
from steersman.store.drivers.etcd import EtcdStore
from steersman.store.drivers.memory import MemoryStore
from steersman.store.drivers.sqlite import SqliteStore
from steersman.store.interface import Compare, Put
from steersman.testing.etcd_server import EtcdServer


async def measure(store, *, writers, seconds, size, name, server_cpu):
    seen = 0

    def deliver(batch):
        nonlocal seen
        seen += len(batch.events)

    watch = await store.watch("", await store.revision() + 1, deliver)
    laps: list[float] = []
    stop_at = time.perf_counter() + seconds
    value = os.urandom(size)

    async def writer(number):
        revisions = [0] * 20
        turn = 0
        while (begun := time.perf_counter()) < stop_at:
            i = turn % len(revisions)
            key = f"/registry/bench/{writers}/{number}/{i}"
            revisions[i] = await store.commit((Compare(key, revisions[i]),), (Put(key, value),))
            laps.append(time.perf_counter() - begun)
            turn += 1

    cpu = time.process_time() + server_cpu()
    begun = time.perf_counter()
    await asyncio.gather(*(writer(i) for i in range(writers)))
    wall = time.perf_counter() - begun
    cpu = time.process_time() + server_cpu() - cpu
    watch.close()
    laps.sort()
    print(
        f"{name:8} {writers:4} writers  {len(laps) / wall:8.0f} writes/s  {cpu / len(laps) * 1e6:6.1f} us CPU"
        f"  p50 {laps[len(laps) // 2] * 1e3:6.2f} ms  p99 {laps[int(len(laps) * 0.99)] * 1e3:6.2f} ms"
        f"  max {laps[-1] * 1e3:6.1f} ms  ({seen} events)",
        flush=True,
    )


async def run(options):
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        for name in options.drivers.split(","):
            server = None
            if name == "memory":
                store = MemoryStore(clock=SystemClock())
            elif name == "sqlite":
                store = SqliteStore(path=Path(folder) / "state.db", clock=SystemClock())
            else:
                server = EtcdServer(Path(folder) / "etcd", sync=True)
                server.start()
                store = EtcdStore(endpoints=(server.endpoint,))
            try:
                await store.start()
                for writers in map(int, options.writers.split(",")):
                    gc.collect()
                    await measure(
                        store,
                        writers=writers,
                        seconds=options.seconds,
                        size=options.size,
                        name=name,
                        server_cpu=server.cpu_s if server else float,
                    )
                await store.stop()
            finally:
                if server:
                    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drivers", default="memory,sqlite,etcd")
    parser.add_argument("--writers", default="1,16,128")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--dir", default=None, help="where the data goes (default: the temporary directory)")
    sys.setswitchinterval(0.0005)  # as the server runs
    gc.set_threshold(100_000, 50, 1000)
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
