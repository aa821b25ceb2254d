"""Leader election: never two at a time, soon one, whatever clocks and connections do."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.core.event import EVENTS
from steersman.client.client import Client
from steersman.client.errors import Interrupted
from steersman.client.events import Recorder
from steersman.client.leader import LeaderElection, LeadershipLost, Terms
from steersman.client.request import Key
from steersman.lib.aio import Tasks, loop_time
from steersman.lib.clock import ManualClock

pytestmark = pytest.mark.virtual_time

LEASE = Key("kube-system", "kube-controller-manager")


class Link:
    """A transport that can be cut: requests arrive or do not, and nobody answers."""

    def __init__(self, transport):
        self._transport = transport
        self.cut = False
        self.deaf = False

    async def exchange(self, request, *, timeout_s):
        if self.cut:
            raise Interrupted("no answer")
        answer = await self._transport.exchange(request, timeout_s=timeout_s)
        if self.deaf:
            raise Interrupted("the answer was lost")
        return answer


class World:
    """Candidates, and who works when."""

    def __init__(self, api, transports):
        self._api, self._transports = api, transports
        self.working = set()
        self.begun = []
        self.tasks = Tasks(on_crash=lambda name, error: self.ended.append((name, error)))
        self.ended = []

    def candidate(self, name, *, clock=None, seed=1, recorder=None, grace_s=0.0):
        link = Link(self._transports(self._api.parts.application.handle))
        client = Client(transport=link, rng=random.Random(seed))
        election = LeaderElection(
            client=client,
            lease=LEASE,
            identity=name,
            clock=clock or self._api.clock,
            rng=random.Random(seed),
            recorder=recorder,
        )

        async def work():
            assert not self.working, f"{name} begins while {self.working} works"
            self.working.add(name)
            self.begun.append((name, loop_time()))
            try:
                await asyncio.Event().wait()
            finally:
                try:
                    await asyncio.sleep(grace_s)
                finally:
                    self.working.discard(name)

        return election, link, self.tasks.start(election.run(work), name=name)


@pytest.fixture
async def world(api, transports):
    made = World(api, transports)
    yield made
    await made.tasks.close()


async def spec(client):
    return (await client.get(LEASES, LEASE))["spec"]


async def test_the_first_leads_at_once_and_renews(world, client):
    election, _, _ = world.candidate("a")
    await asyncio.sleep(0.5)
    assert world.working == {"a"}
    assert election.leading
    first = await spec(client)
    assert first == {
        "holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 0,
        "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000000Z",
    }  # fmt: skip
    await asyncio.sleep(60)
    later = await spec(client)
    assert later["renewTime"] > "2026-01-01T00:00:57"
    assert {**later, "renewTime": ""} == {**first, "renewTime": ""}


async def test_the_second_waits_until_the_first_gives_the_lease_back(world, client):
    _, _, first = world.candidate("a")
    await asyncio.sleep(1)
    other, _, _ = world.candidate("b", seed=2)
    await asyncio.sleep(100)
    assert world.working == {"a"}
    assert other.holder == "a"
    assert not other.leading
    first.cancel()
    await asyncio.sleep(5)
    assert world.working == {"b"}
    assert (await spec(client))["leaseTransitions"] == 1


async def test_a_lease_that_is_given_back_has_no_holder(world, client):
    _, _, task = world.candidate("a")
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(0.1)
    given = await spec(client)
    assert (given["holderIdentity"], given["leaseDurationSeconds"]) == ("", 1)


async def test_the_lease_is_kept_until_the_work_has_ended(world, client):
    _, _, task = world.candidate("a", grace_s=30)
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(5)
    assert (await spec(client))["holderIdentity"] == "a"
    await asyncio.sleep(30)
    assert (await spec(client))["holderIdentity"] == ""


async def test_who_cannot_renew_stops_before_somebody_else_begins(world):
    election, link, _ = world.candidate("a")
    await asyncio.sleep(1)
    world.candidate("b", seed=2)
    await asyncio.sleep(10)
    cut_at = loop_time()
    link.cut = True
    await asyncio.sleep(10)
    assert world.working == set()
    assert not election.leading
    await asyncio.sleep(15)
    assert world.working == {"b"}
    assert 13 < world.begun[-1][1] - cut_at < 22
    assert isinstance(dict(world.ended)["a"], LeadershipLost)


async def test_a_renewal_whose_answer_is_lost_is_no_loss(world):
    _, link, _ = world.candidate("a")
    await asyncio.sleep(1)
    link.deaf = True
    await asyncio.sleep(6)
    link.deaf = False
    await asyncio.sleep(60)
    assert world.working == {"a"}


async def test_clocks_that_are_wrong_or_jump_decide_nothing(world):
    clock = ManualClock(start=datetime(1999, 1, 1, tzinfo=UTC))
    world.candidate("a", clock=clock)
    await asyncio.sleep(1)
    world.candidate("b", seed=2, clock=ManualClock(start=datetime(2099, 1, 1, tzinfo=UTC)))
    for seconds in (10**6, -(10**7), 10**8):
        clock.advance(seconds)
        await asyncio.sleep(30)
        assert world.working == {"a"}


async def test_a_holder_that_died_is_waited_for_as_long_as_its_lease(world, client):
    metadata = {"namespace": LEASE.namespace, "name": LEASE.name}
    dead = {"holderIdentity": "dead", "leaseDurationSeconds": 40, "leaseTransitions": 3}
    await client.create(LEASES, {"metadata": metadata, "spec": dead})
    world.candidate("a")
    await asyncio.sleep(39)
    assert world.working == set()
    await asyncio.sleep(8)
    assert world.working == {"a"}
    assert (await spec(client))["leaseTransitions"] == 4


async def test_who_comes_back_under_its_name_goes_on(world, client):
    metadata = {"namespace": LEASE.namespace, "name": LEASE.name}
    mine = {"holderIdentity": "a", "leaseDurationSeconds": 15, "acquireTime": "2025-01-01T00:00:00.000000Z"}
    await client.create(LEASES, {"metadata": metadata, "spec": mine})
    world.candidate("a")
    await asyncio.sleep(0.1)
    assert world.working == {"a"}
    assert (await spec(client))["acquireTime"] == mine["acquireTime"]


async def test_a_lease_that_somebody_took_is_lost_and_left_to_him(world, client):
    _, _, task = world.candidate("a")
    await asyncio.sleep(1)
    lease = await client.get(LEASES, LEASE)
    await client.update(LEASES, {**lease, "spec": {**lease["spec"], "holderIdentity": "thief"}})
    await asyncio.sleep(3)
    assert world.working == set()
    assert task.done()
    assert (await spec(client))["holderIdentity"] == "thief"


async def test_a_deleted_lease_is_made_again(world, client):
    world.candidate("a")
    await asyncio.sleep(1)
    await client.delete(LEASES, LEASE)
    await asyncio.sleep(3)
    assert world.working == {"a"}
    assert (await spec(client))["holderIdentity"] == "a"


async def test_what_the_work_raises_or_its_end_is_the_end(api, client):
    def election():
        return LeaderElection(client=client, lease=LEASE, identity="a", clock=api.clock, rng=random.Random(1))

    async def fail():
        raise ZeroDivisionError

    async def nothing():
        return

    with pytest.raises(ZeroDivisionError):
        await election().run(fail)
    await election().run(nothing)
    assert (await spec(client))["holderIdentity"] == ""


async def test_changes_of_the_leader_are_events(world, client, api):
    recorder = Recorder(client=client, component="a", clock=api.clock, rng=random.Random(1))
    tasks = Tasks()
    tasks.start(recorder.run(), name="recorder")
    _, _, task = world.candidate("a", recorder=recorder)
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    await recorder.settled()
    events = (await client.list(EVENTS, namespace="kube-system"))["items"]
    assert [(e["reason"], e["message"]) for e in events] == [
        ("LeaderElection", "a became leader"),
        ("LeaderElection", "a stopped leading"),
    ]
    assert events[0]["involvedObject"]["kind"] == "Lease"
    await tasks.close()


@pytest.mark.parametrize("terms", [(10, 10, 2), (15, 2.4, 2), (15, 10, 0)])
def test_terms_that_cannot_work_are_refused(terms):
    with pytest.raises(ValueError, match="must be greater"):
        Terms(*terms)
