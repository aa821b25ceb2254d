"""Chaos: deeds are drawn from a seed, and what they break is seen."""

from __future__ import annotations

import asyncio
from random import Random

from steersman.testing.chaos import LEDGER, Chaos
from steersman.testing.cluster import AsyncCluster
from steersman.testing.held_time import HeldTimeLoop

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
"""
NOTES = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LEDGER}}


def played(scene) -> list[str]:
    """What does not hold after `scene(cluster, chaos)`."""

    async def main() -> list[str]:
        async with AsyncCluster(nodes=3) as cluster:
            await cluster.client.create(DEPLOYMENT)
            await cluster.client.create(NOTES)
            await cluster.settle()
            chaos = Chaos(cluster, rng=Random(1))
            await scene(cluster, chaos)
            return await chaos.violations()

    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        return runner.run(main())


def test_after_the_faults_everything_holds() -> None:
    logs = []

    async def scene(_cluster, chaos) -> None:
        for _ in range(5):
            await chaos.round()
        await chaos.calm()
        logs.append(chaos.log)

    assert played(scene) == []
    assert len(logs[0]) >= 5


def test_a_cluster_without_controllers_does_not_hold() -> None:
    async def scene(cluster, _chaos) -> None:
        await cluster.stop("controllers")
        await cluster.client.scale("deployment", "web", 5)
        await cluster.settle()

    assert "deployment default/web has not been looked at since it changed" in played(scene)


def test_a_lost_update_is_seen() -> None:
    async def scene(cluster, chaos) -> None:
        await chaos.round()
        await chaos.calm()
        await cluster.client.replace(NOTES)

    assert any(each.startswith("the ledger has lost line-") for each in played(scene))
