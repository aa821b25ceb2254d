"""A cluster for tests that await."""

from __future__ import annotations

import asyncio

import pytest

from steersman.testing.cluster import AsyncCluster
from steersman.testing.held_time import HeldTimeLoop

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
"""


def test_tests_that_await_have_the_same() -> None:
    async def main() -> int:
        async with AsyncCluster() as cluster:
            await cluster.client.apply(DEPLOYMENT)
            await cluster.settle()
            return len(await cluster.client.list("pods"))

    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, HeldTimeLoop)
        assert runner.run(main()) == 3


async def test_in_a_real_loop_time_cannot_be_moved() -> None:
    async with AsyncCluster() as cluster:
        with pytest.raises(TypeError, match="time is real in this loop"):
            await cluster.advance(seconds=1)
