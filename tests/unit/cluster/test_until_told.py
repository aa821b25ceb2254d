"""A process runs until it is told to stop, or cannot go on."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from steersman.cluster.errors import StartError
from steersman.cluster.until_told import run_until_told


class Running:
    def __init__(self, failed):
        self.failed, self.failure, self.ended = failed, None, False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.ended = True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number):
    made = []
    run_until_told(Running, ready=lambda running: (made.append(running), os.kill(os.getpid(), number)))
    assert made[0].ended


def test_a_failure_ends_it_and_is_told():
    def fail(running):
        running.failure = RuntimeError("broken")
        running.failed()

    with pytest.raises(StartError, match="stopped: broken"):
        run_until_told(Running, ready=fail)


def test_told_before_it_is_ready_it_never_is():
    class Slow(Running):
        async def __aenter__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.get_running_loop().create_future()

    run_until_told(Slow, ready=lambda _: pytest.fail("it was not ready"))


def test_what_its_start_raises_is_raised():
    class Broken(Running):
        async def __aenter__(self):
            raise StartError("it cannot be")

    with pytest.raises(StartError, match="it cannot be"):
        run_until_told(Broken, ready=lambda _: None)
