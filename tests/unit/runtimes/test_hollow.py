"""A runtime without containers: what is asked for happens, in its time."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace

import pytest

from steersman.lib.clock import SystemClock
from steersman.runtimes.hollow import HollowRuntime
from steersman.runtimes.interface import PullState
from steersman.runtimes.life import Exit, Life, Span
from steersman.runtimes.timers import Timers

pytestmark = pytest.mark.virtual_time
APP = {"name": "app", "image": "nginx:1"}
POD = {"metadata": {"uid": "u"}, "spec": {"containers": [APP]}}
QUICK = Life(start=Span(1, 1), stop=Span(0.5, 0.5))


def made(life=QUICK):
    released = []
    runtime = HollowRuntime(
        timers=Timers(),
        clock=SystemClock(),
        rng=random.Random(1),
        life=lambda _pod, _container: life,
        acquire=lambda: ("10.0.0.2",),
        release=released.append,
    )
    return runtime, released


async def started(runtime):
    runtime.run_sandbox(POD)
    await asyncio.sleep(1.1)
    runtime.start_container(POD, APP, attempt=0)
    return runtime.pods["u"]


async def test_a_sandbox_takes_its_time_and_has_an_address():
    runtime, _ = made()
    told = []
    runtime.listen(told.append)
    runtime.run_sandbox(POD)
    runtime.run_sandbox(POD)
    assert runtime.pods["u"].making_sandbox
    await asyncio.sleep(1.1)
    assert (runtime.pods["u"].sandbox_ready, runtime.pods["u"].ips, told) == (True, ("10.0.0.2",), ["u"])


async def test_a_container_runs_until_its_script_ends_it_so_many_times():
    runtime, _ = made(replace(QUICK, exit=Exit(3, after=Span(2, 2), times=1)))
    record = await started(runtime)
    assert record.containers["app"].running
    await asyncio.sleep(2.1)
    first = record.containers["app"]
    assert (first.exited, first.exit_code, first.reason) == (True, 3, "Error")
    runtime.start_container(POD, APP, attempt=1)
    await asyncio.sleep(5)
    assert record.containers["app"].running
    assert record.previous["app"] is first


@pytest.mark.parametrize(("stop", "code"), [(Span(0.5, 0.5), 143), (None, 137), (Span(50, 50), 137)])
async def test_it_ends_when_asked_or_is_killed_after_its_grace(stop, code):
    runtime, _ = made(replace(QUICK, stop=stop))
    record = await started(runtime)
    runtime.stop_container(POD, "app", grace_s=10)
    await asyncio.sleep(10.1)
    assert (record.containers["app"].exit_code, record.stopping) == (code, set())


async def test_a_shorter_grace_replaces_a_longer_one():
    runtime, _ = made(replace(QUICK, stop=None))
    record = await started(runtime)
    runtime.stop_container(POD, "app", grace_s=100)
    runtime.stop_container(POD, "app", grace_s=2)
    await asyncio.sleep(2.1)
    assert record.containers["app"].exited


async def test_images_are_pulled_or_not():
    runtime, _ = made(replace(QUICK, pull=Span(3, 3)))
    runtime.pull_image(POD, APP)
    assert runtime.pods["u"].pulls["app"].state is PullState.PULLING
    await asyncio.sleep(3.1)
    assert runtime.pods["u"].pulls["app"].state is PullState.PULLED
    assert "nginx:1" in runtime.images
    runtime, _ = made(replace(QUICK, pull_error=""))
    runtime.pull_image(POD, APP)
    failed = runtime.pods["u"].pulls["app"]
    assert failed.state is PullState.FAILED
    assert failed.error.endswith("docker.io/library/nginx:1: not found")


async def test_without_power_all_has_ended_and_the_address_is_free():
    runtime, released = made()
    record = await started(runtime)
    runtime.power_off()
    assert (record.sandbox_ready, record.containers["app"].exit_code) == (False, 255)
    assert released == [("10.0.0.2",)]


async def test_another_process_goes_on_where_one_stopped():
    life = replace(QUICK, exit=Exit(0, after=Span(10, 10)))
    runtime, _ = made(life)
    await started(runtime)
    await asyncio.sleep(4)
    carried = json.loads(json.dumps(runtime.dump()))
    runtime.close()
    other, _ = made(life)
    other.load(carried)
    await asyncio.sleep(5.9)
    assert other.pods["u"].containers["app"].running
    await asyncio.sleep(0.3)
    assert other.pods["u"].containers["app"].reason == "Completed"
