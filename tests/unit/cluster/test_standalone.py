"""Parts as processes of their own: started or elected, stopped once, and what ends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.cluster.errors import StartError
from steersman.cluster.standalone import RunningPart, access_from, own_identity


class Part:
    def __init__(self, on_crash, *, broken=False):
        self.on_crash, self.broken, self.did = on_crash, broken, []

    async def start(self):
        self.did.append("start")
        if self.broken:
            raise StartError("it cannot be")

    def elect(self, _identity):
        self.did.append("elect")

    async def stop(self):
        self.did.append("stop")


def running(*, elects=False, broken=False):
    made, failed = [], []

    def make(on_crash):
        made.append(Part(on_crash, broken=broken))
        return made[0]

    return RunningPart(make, failed=lambda: failed.append(True), elects=elects), made[0], failed


@pytest.mark.parametrize(("elects", "begins"), [(False, "start"), (True, "elect")])
async def test_it_starts_at_once_or_when_it_is_elected(elects, begins):
    process, part, _ = running(elects=elects)
    async with process:
        pass
    assert part.did == [begins, "stop"]


async def test_what_cannot_start_is_stopped():
    process, part, _ = running(broken=True)
    with pytest.raises(StartError):
        await process.__aenter__()
    assert part.did == ["start", "stop"]


async def test_a_crash_ends_the_process():
    process, part, failed = running()
    async with process:
        part.on_crash("scheduler", RuntimeError("broken"))
    assert failed == [True]
    assert str(process.failure) == "broken"


def test_identities_differ():
    assert own_identity() != own_identity()


def test_without_a_kubeconfig_that_can_be_read_there_is_no_start():
    with pytest.raises(StartError, match="--kubeconfig"):
        access_from(Path("/nowhere/kubeconfig"))
