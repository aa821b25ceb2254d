"""From the decision to the node."""

from __future__ import annotations

import asyncio

import pytest

from steersman.lib.aio import Tasks, loop_time
from steersman.scheduler.binding import Binder, NotBound
from steersman.scheduler.cycle import Profile
from steersman.scheduler.framework import SKIP, Cycle, Plugin, PluginError, Wait
from steersman.scheduler.snapshot import snapshot_of
from steersman.scheduler.underway import Underway

from .nodes import node, pod

pytestmark = pytest.mark.virtual_time


class Tells:
    """What outcomes are told; a fake of `Outcomes`, which needs an API server."""

    def __init__(self):
        self.told = []

    def bound(self, pod, node):
        self.told.append(("bound", pod.uid, node))

    async def nominate(self, pod, node):
        self.told.append(("nominated", pod.uid, node))


class Noted(Plugin):
    """Takes part everywhere; `answers` by point; an exception among them is raised."""

    def __init__(self, name, notes, *, parallel=False, seconds=0, **answers):
        self.name, self.notes, self.answers = name, notes, answers
        self.pre_binds_in_parallel, self.seconds = parallel, seconds

    def _said(self, point, otherwise=""):
        self.notes.append(f"{self.name}.{point}")
        answer = self.answers.get(point, otherwise)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reserve(self, _cycle, _node):
        return self._said("reserve")

    def unreserve(self, _cycle, _node):
        self._said("unreserve")

    def permit(self, _cycle, _node):
        return self._said("permit")

    def pre_bind_pre_flight(self, _cycle, _node):
        return self.answers.get("pre_bind_pre_flight")

    async def pre_bind(self, _cycle, _node):
        await asyncio.sleep(self.seconds)
        return self._said("pre_bind")

    async def bind(self, _cycle, _node):
        return self._said("bind", SKIP)

    def post_bind(self, _cycle, _node):
        self._said("post_bind")


class Bench:
    def __init__(self, *plugins):
        self.underway, self.tells = Underway(), Tells()
        self.binder = Binder(profile=Profile(plugins), outcomes=self.tells, underway=self.underway)
        self.cycle = Cycle(pod(), snapshot_of([node("a")]))

    async def run(self):
        try:
            self.binder.reserve(self.cycle, "a")
            preparing = self.binder.prepares(self.cycle, "a")
            if preparing or self.binder.waits(self.cycle):
                await self.binder.prepare(self.cycle, "a", preparing)
            await self.binder.bind(self.cycle, "a")
        except NotBound as error:
            self.binder.unreserve(self.cycle, "a")
            return str(error), error.refused, error.by
        self.binder.bound(self.cycle, "a")
        return None


async def test_all_points_are_asked_in_order():
    notes = []
    bench = Bench(Noted("X", notes), Noted("Y", notes, bind=None), Noted("Z", notes))
    assert await bench.run() is None
    assert notes == [
        *("X.reserve", "Y.reserve", "Z.reserve"),
        *("X.permit", "Y.permit", "Z.permit"),
        *("X.pre_bind", "Y.pre_bind", "Z.pre_bind"),
        *("X.bind", "Y.bind"),  # the first that does not skip
        *("X.post_bind", "Y.post_bind", "Z.post_bind"),
    ]
    assert bench.tells.told == [("nominated", "p", "a"), ("bound", "p", "a")]


async def test_what_is_not_implemented_costs_nothing():
    class Binds(Plugin):
        name = "B"

        async def bind(self, _cycle, _node):
            return None

    bench = Bench(Plugin(), Binds())
    assert await bench.run() is None
    assert bench.tells.told == [("bound", "p", "a")]


@pytest.mark.parametrize(
    ("point", "answer", "said"),
    [
        ("reserve", "full", ("0/1 nodes are available: 1 full.", True, "Y")),
        ("reserve", PluginError("broken"), ('running Reserve plugin "Y": broken', False, "")),
        ("permit", "closed", ("0/1 nodes are available: 1 closed.", True, "Y")),
        ("permit", PluginError("broken"), ('running Permit plugin "Y": broken', False, "")),
        ("pre_bind", "gone", ("gone", True, "")),
        ("pre_bind", PluginError("broken"), ('running PreBind plugin "Y": broken', False, "")),
        ("bind", PluginError("broken"), ('running Bind plugin "Y": broken', False, "")),
    ],
)
async def test_a_failure_is_told_and_undone_in_reverse(point, answer, said):
    notes = []
    bench = Bench(Noted("X", notes), Noted("Y", notes, **{point: answer}), Noted("Z", notes, bind=None))
    assert await bench.run() == said
    assert notes[-2:] == ["Y.unreserve", "X.unreserve"]
    assert notes[-4] == f"Y.{point}"
    assert ("bound", "p", "a") not in bench.tells.told


async def test_who_has_nothing_to_prepare_is_not_asked_and_the_pod_not_nominated():
    notes = []
    bench = Bench(Noted("X", notes, pre_bind_pre_flight=SKIP, bind=None))
    assert await bench.run() is None
    assert "X.pre_bind" not in notes
    assert bench.tells.told == [("bound", "p", "a")]


async def test_neighbours_that_may_prepare_side_by_side():
    plugins = [Noted(name, [], parallel=name != "Z", seconds=10, bind=None) for name in "XYZ"]
    since = loop_time()
    assert await Bench(*plugins).run() is None
    assert loop_time() - since == pytest.approx(20)


async def test_the_first_failure_ends_its_neighbours():
    notes = []
    plugins = (
        Noted("X", notes, parallel=True, seconds=100),
        Noted("Y", notes, parallel=True, seconds=1, pre_bind=PluginError("broken")),
    )
    assert await Bench(*plugins).run() == ('running PreBind plugin "Y": broken', False, "")
    assert "X.pre_bind" not in notes


async def test_permission_may_take_a_while():
    notes = []
    bench = Bench(Noted("X", notes, permit=Wait(60), bind=None))
    asyncio.get_running_loop().call_later(30, bench.underway.allow, "p", "X")
    assert await bench.run() is None
    assert bench.tells.told == [("nominated", "p", "a"), ("bound", "p", "a")]


async def test_permission_that_is_not_given():
    bench = Bench(Noted("X", [], permit=Wait(1)))
    message = "0/1 nodes are available: 1 rejected due to timeout after waiting 1s at plugin X."
    assert await bench.run() == (message, True, "X")


async def test_a_pod_that_has_to_give_way_while_it_is_prepared():
    bench = Bench(Noted("X", [], seconds=100))
    tasks = Tasks()
    running = tasks.start(bench.run(), name="run")
    await asyncio.sleep(1)
    assert bench.underway.preempt("p", "DefaultPreemption", "preempted")
    assert await running == ('running PreBind plugin "X": preempted', False, "")
    await tasks.close()


async def test_nobody_waits_for_permission_of_a_pod_that_failed_otherwise():
    bench = Bench(Noted("X", [], permit=Wait(60)), Noted("Y", [], pre_bind_pre_flight=SKIP))
    bench.binder.reserve(bench.cycle, "a")
    assert bench.binder.waits(bench.cycle)
    bench.binder.unreserve(bench.cycle, "a")
    assert not bench.binder.waits(bench.cycle)
