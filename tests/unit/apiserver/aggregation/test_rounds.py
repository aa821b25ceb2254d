"""Something is done for every extension server: at once after a change, and again after a while."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.aggregation.rounds import Intervals, Rounds
from steersman.testing.virtual_time import settle

if TYPE_CHECKING:
    from steersman.apiserver.aggregation.registrations import Registration

pytestmark = pytest.mark.virtual_time
PATH = "/apis/apiregistration.k8s.io/v1/apiservices"
INTERVALS = Intervals(again_s=60, retry_s=1, retry_s_max=8)


def api_service(name: str, **spec: Any) -> dict[str, Any]:
    version, _, group = name.partition(".")
    service = {"namespace": "default", "name": "ext", "port": 443}
    priorities = {"groupPriorityMinimum": 100, "versionPriority": 10, "insecureSkipTLSVerify": True}
    spec = {"group": group, "version": version, "service": service} | priorities | spec
    return {"metadata": {"name": name}, "spec": spec}


class _Log:
    """What was done, and when."""

    def __init__(self) -> None:
        self.done: list[tuple[str, float]] = []
        self.forgotten: list[str] = []
        self.succeeds = True

    async def do(self, registration: Registration) -> bool:
        self.done.append((registration.name, asyncio.get_running_loop().time()))
        return self.succeeds


def test_failures_in_a_row_make_it_rare() -> None:
    assert [INTERVALS.after(failures) for failures in (0, 1, 2, 3, 4, 5, 10_000)] == [60, 1, 2, 4, 8, 8, 8]


async def test_each_has_a_life_of_its_own(api: Any) -> None:
    log = _Log()
    rounds = Rounds(
        name="test",
        registrations=api.parts.aggregation.registrations,
        do=log.do,
        forget=log.forgotten.append,
        intervals=INTERVALS,
    )
    assert (await api.ask("POST", PATH, api_service("v1.a.example"))).status == 201
    rounds.start()
    await settle()
    assert [name for name, _ in log.done] == ["v1.a.example"]
    await asyncio.sleep(61)
    assert len(log.done) >= 2
    log.done.clear()
    await api.ask("POST", PATH, api_service("v1.b.example"))
    await settle()
    assert {name for name, _ in log.done} == {"v1.b.example"}
    await api.ask("DELETE", f"{PATH}/v1.b.example")
    await settle()
    assert log.forgotten == ["v1.b.example"]
    await rounds.stop()
    log.done.clear()
    await asyncio.sleep(600)
    assert log.done == []


async def test_what_fails_is_tried_again_ever_less_often(api: Any) -> None:
    log = _Log()
    log.succeeds = False
    await api.ask("POST", PATH, api_service("v1.a.example"))
    await asyncio.sleep(600)  # nothing changes any more
    registrations = api.parts.aggregation.registrations
    rounds = Rounds(name="t", registrations=registrations, do=log.do, forget=log.forgotten.append, intervals=INTERVALS)
    rounds.start()
    await asyncio.sleep(16)
    times = [time for _, time in log.done]
    assert [round(b - a) for a, b in pairwise(times)] == [1, 2, 4, 8]
    await rounds.stop()
