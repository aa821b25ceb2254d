"""Scheduling end to end: what a pod costs from its creation until it is bound, all components together.

    python bench/scheduling.py [--sizes 1000/3000 5000/10000] [--workloads basic "pod affinity" ...] [--store sqlite]

Each row has a control plane of its own: one process, with nodes that are objects and nothing else. Pods are created
over TLS by another process, so their creation is part of every figure. CPU counts the control plane only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import uvloop
from access import NAMESPACE, admitted, until, write_tokens
from load import Counter, Target, Watcher, cpu_s, fetch, rss_mb, run
from report import show
from workloads import WORKLOADS, Workload, deployment, node, pod

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from steersman.lib.aio import Tasks
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PODS, NODES = f"{NAMESPACE}/pods", "/api/v1/nodes"
DEPLOYMENTS = "/apis/apps/v1/namespaces/bench/deployments"
NOT_RUNNING = quote("status.phase!=Running")
BOUND, UNBOUND = quote("spec.nodeName!="), quote("spec.nodeName=")
WAIT_S_MAX = 300.0
REPLICAS = 1000
MERGE = "application/merge-patch+json"
CHURN_S = 0.5


@dataclass
class Spent:
    """What the control plane has used since it was made."""

    pid: int

    def __post_init__(self) -> None:
        self._cpu_s, self._began = cpu_s(self.pid), time.perf_counter()

    def cpu_us(self, operations: int) -> float:
        return (cpu_s(self.pid) - self._cpu_s) / operations * 1e6

    def seconds(self) -> float:
        return time.perf_counter() - self._began


class Cluster:
    """A control plane and what is created in it."""

    def __init__(self, target: Target) -> None:
        self.target = target

    async def create(self, path: str, objects: list[object]) -> None:
        requests = [self.target.request("POST", path, orjson.dumps(obj)) for obj in objects]
        result = await run(self.target, "POST", requests)
        if set(result.statuses) - {201}:
            raise SystemExit(f"POST {path}: answers {result.statuses}; the figures would mean nothing")

    async def send(self, method: str, path: str, obj: object = None, media: str = "application/json") -> int:
        body = orjson.dumps(obj) if obj is not None else b""
        return (await fetch(self.target, self.target.request(method, path, body, media)))[0]

    async def add_nodes(self, number: int) -> None:
        """Returns when pods may be put on them all."""
        await self.create(NODES, [node(i) for i in range(number)])

        async def ready() -> bool:
            _, body = await fetch(self.target, self.target.request("GET", f"{NODES}?resourceVersion=0"))
            listed = orjson.loads(body)["items"]
            return len(listed) == number and not any(each["spec"].get("taints") for each in listed)

        await self.wait(ready, "nodes without taints", every_s=1.0)

    async def count(self, path: str, *, labels: str = "", fields: str = "") -> int:
        """How many there are; with selectors only whether there is one. Cheap: the cluster is being measured."""
        query = f"?limit=1&labelSelector={quote(labels)}&fieldSelector={fields}"
        _, body = await fetch(self.target, self.target.request("GET", path + query))
        listed = orjson.loads(body)
        return len(listed["items"]) + listed["metadata"].get("remainingItemCount", 0)

    async def all_bound(self) -> None:
        """Until no pod waits any more."""

        async def bound() -> bool:
            return not await self.count(PODS, fields=UNBOUND)

        await self.wait(bound, "pods with a node")

    @asynccontextmanager
    async def seen_bound(self, labels: str, number: int) -> AsyncIterator[None]:
        """Left when so many pods that were made meanwhile have a node. Told by a watch: asking would cost more."""
        counter = Counter()
        query = f"?watch=1&labelSelector={quote(labels)}&fieldSelector={BOUND}"
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: Watcher(counter, "ADDED"), self.target.host, self.target.port, ssl=self.target.context()
        )
        transport.write(self.target.request("GET", PODS + query))
        yield
        if not await counter.wait_for(number, WAIT_S_MAX):
            raise SystemExit(f"{counter.count} of {number} pods have a node after {WAIT_S_MAX:.0f} s: not measured")
        transport.abort()

    async def none_left(self, path: str) -> None:
        async def gone() -> bool:
            return not await self.count(path)

        await self.wait(gone, f"{path} without objects")

    async def wait(self, holds, what: str, *, every_s: float = 0.1) -> None:
        if not await until(holds, timeout_s=WAIT_S_MAX, every_s=every_s):
            raise SystemExit(f"no {what} within {WAIT_S_MAX:.0f} s: nothing is measured")


async def schedule(cluster: Cluster, workload: Workload, nodes: int, pods: int) -> dict[str, float]:
    """One workload's rows."""
    target, name = cluster.target, f"{workload.name} {nodes}/{pods}"
    await cluster.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", _priority_class())
    await cluster.add_nodes(nodes)
    before = workload.before(nodes)
    if before:
        await cluster.create(PODS, before)
        await (cluster.all_bound() if workload.placed_before else asyncio.sleep(3.0))
    number = workload.number(nodes, pods)
    measured = [workload.pod(i) for i in range(number)]
    churning = Tasks()
    if workload.churn:
        churning.start(_churn(cluster), name="churn")
    async with cluster.seen_bound("measured=yes", number):
        spent = Spent(target.pid)
        await cluster.create(PODS, measured)
        created_s = spent.seconds()
    seconds, cpu_us = spent.seconds(), spent.cpu_us(number)
    await churning.close()
    found = {f"{name}, pods/s": number / seconds, f"{name}, CPU ms a pod": cpu_us / 1000}
    if workload.name == "basic":
        found[f"{name}, created pods/s"] = number / created_s
        await asyncio.sleep(2.0)  # events are still being written
        found[f"{name}, CPU ms a pod with all that follows"] = spent.cpu_us(number) / 1000
        found[f"RSS of the control plane {nodes}/{pods}, MB"] = rss_mb(target.pid)
    return found


async def _churn(cluster: Cluster) -> None:
    """A node, a pod that fits nowhere, and a service, made and removed over and over."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "churn"}, "spec": {"ports": [{"port": 80}]}}
    number = 0
    while True:
        await cluster.send("POST", NODES, node(number, churn=True))
        await cluster.send("POST", PODS, pod(f"churn-{number}", cpu="9", priorityClassName="high"))
        await cluster.send("POST", f"{NAMESPACE}/services", service)
        await asyncio.sleep(CHURN_S)
        for path in (f"{NODES}/churn-{number}", f"{PODS}/churn-{number}", f"{NAMESPACE}/services/churn"):
            await cluster.send("DELETE", path)
        number += 1


def _priority_class() -> object:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "high"},
        "value": 100_000,
    }


async def scale(cluster: Cluster) -> dict[str, float]:
    """A Deployment, made and scaled to nothing."""
    await cluster.add_nodes(100)
    async with cluster.seen_bound("app=web", REPLICAS):
        spent = Spent(cluster.target.pid)
        await cluster.create(DEPLOYMENTS, [deployment(REPLICAS)])
    found = {
        f"Deployment of {REPLICAS}, created: CPU ms a pod": spent.cpu_us(REPLICAS) / 1000,
        f"Deployment of {REPLICAS}, created: s": spent.seconds(),
    }
    await asyncio.sleep(2.0)
    spent = Spent(cluster.target.pid)
    await cluster.send("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 0}}, MERGE)
    await cluster.none_left(PODS)
    found[f"Deployment of {REPLICAS}, scaled to 0: CPU ms a pod"] = spent.cpu_us(REPLICAS) / 1000
    found[f"Deployment of {REPLICAS}, scaled to 0: s"] = spent.seconds()
    return found


async def empty_namespace(cluster: Cluster, number: int) -> dict[str, float]:
    """A namespace that is deleted with so many ConfigMaps in it."""
    path = "/api/v1/namespaces/full"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "full"}}
    await cluster.create("/api/v1/namespaces", [namespace])
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{i}"}, "data": {"a": "b"}}
        for i in range(number)
    ]
    await cluster.create(f"{path}/configmaps", list(maps))
    await asyncio.sleep(1.0)
    spent = Spent(cluster.target.pid)
    await cluster.send("DELETE", path)

    async def gone() -> bool:
        return await cluster.send("GET", path) == 404

    if not await until(gone, timeout_s=WAIT_S_MAX):
        raise SystemExit("the namespace does not go: nothing is measured")
    name = f"namespace with {number} ConfigMaps deleted"
    return {f"{name}: CPU ms an object": spent.cpu_us(number) / 1000, f"{name}: s": spent.seconds()}


async def hollow(cluster: Cluster, nodes: int, pods: int) -> dict[str, float]:
    """Pods that run on simulated nodes, whose kubelets write what real ones would."""

    async def joined() -> bool:
        return await cluster.count(NODES) == nodes

    async def running() -> bool:
        return not await cluster.count(PODS, fields=NOT_RUNNING)

    await cluster.wait(joined, "nodes", every_s=1.0)
    await asyncio.sleep(2.0)
    spent = Spent(cluster.target.pid)
    await cluster.create(PODS, [pod(f"p{i}") for i in range(pods)])
    await cluster.wait(running, "running pods", every_s=0.5)
    name = f"hollow {nodes}/{pods}"
    found = {
        f"{name}, running after s": spent.seconds(),
        f"{name}, CPU ms a pod": spent.cpu_us(pods) / 1000,
        f"{name}, RSS of the control plane, MB": rss_mb(cluster.target.pid),
    }
    await asyncio.sleep(10.0)
    spent = Spent(cluster.target.pid)
    await asyncio.sleep(20.0)
    found[f"{name}, heartbeats only: CPU %"] = spent.cpu_us(1) / 1e4 / spent.seconds()
    return found


def main() -> None:
    rows = {workload.name: workload for workload in WORKLOADS}
    others = ("deployment", "namespace", "hollow")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["1000/3000", "5000/10000"], help="nodes/pods")
    parser.add_argument("--workloads", nargs="+", default=[*rows, *others], choices=[*rows, *others])
    parser.add_argument("--objects", type=int, default=10_000, help="in the namespace that is deleted")
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    found: dict[str, float] = {}
    for name in options.workloads:
        if name == "deployment":
            found |= _fresh(options.store, scale)
        elif name == "namespace":
            found |= _fresh(options.store, empty_namespace, options.objects)
        else:
            for size in options.sizes:
                nodes, pods = map(int, size.split("/"))
                if name == "hollow":
                    simulated = ("--hollow-nodes", str(nodes))
                    found |= _fresh(options.store, hollow, nodes, pods, arguments=simulated)
                else:
                    found |= _fresh(options.store, schedule, rows[name], nodes, pods)
        print(f"-- {name}: done", file=sys.stderr)
    show(found, note="all components of the control plane in one process")
    if options.json:
        options.json.write_text(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _fresh(store: str, rows, *args: object, arguments: tuple[str, ...] = ()) -> dict[str, float]:
    """Rows on a control plane of their own; none where what is measured does not come to its end."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        tokens = write_tokens(data_dir / "tokens.csv")
        made = ServerProcess(
            data_dir=data_dir / "data",
            store=store,
            token_auth_file=tokens,
            command="server",
            arguments=arguments,
            start_s_max=120,
        )

        async def measure(server: ServerProcess) -> dict[str, float]:
            return await rows(Cluster(await admitted(server)), *args)

        with made as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                return runner.run(measure(server))
            except SystemExit as error:
                print(f"-- {error}\n{server.log_tail()}", file=sys.stderr)
                return {}


if __name__ == "__main__":
    main()
