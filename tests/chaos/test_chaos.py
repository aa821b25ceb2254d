"""Random faults end in a cluster where desired is actual; and the same seed does the same again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from steersman.testing.chaos import Chaos
from steersman.testing.cluster import AsyncCluster
from steersman.testing.held_time import HeldTimeLoop

if TYPE_CHECKING:
    import pytest

WORKLOAD = (Path(__file__).parent / "workload.yaml").read_text()
NODES, ROUNDS = 5, 20


def survive(seed: int) -> tuple[list[str], list[str], list[str]]:
    """What was done, what does not hold, and the names of all pods."""

    async def main() -> tuple[list[str], list[str], list[str]]:
        async with AsyncCluster(nodes=NODES, seed=seed) as cluster:
            await cluster.client.create(WORKLOAD)
            await cluster.settle()
            chaos = Chaos(cluster, rng=Random(seed))
            for _ in range(ROUNDS):
                await chaos.round()
            await chaos.calm()
            pods = await cluster.client.list("pods")
            return chaos.log, await chaos.violations(), sorted(each["metadata"]["name"] for each in pods)

    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        return runner.run(main())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--chaos-seeds")))


def test_a_cluster_survives(seed: int) -> None:
    log, wrong, _ = survive(seed)
    assert not wrong, "\n".join(["what does not hold:", *wrong, "what was done:", *log])


def test_a_seed_does_the_same_again() -> None:
    assert survive(3) == survive(3)
