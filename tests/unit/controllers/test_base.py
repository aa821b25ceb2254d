"""The machinery of controllers, on a real API server in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.batch.job import JOBS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.secret import SECRETS
from steersman.api.errors import Conflict
from steersman.client.request import Key
from steersman.controllers.base import Controller, NotYet, Requeue, UndeclaredError, Writes
from steersman.controllers.ttl_after_finished import TTLAfterFinished
from steersman.lib.aio import loop_time

pytestmark = pytest.mark.virtual_time

A = Key("default", "a")


def config_map(name="a", **data):
    return {"metadata": {"namespace": "default", "name": name}, "data": data}


class Recording(Controller):
    """Writes down what it is asked to reconcile, and does what its script says."""

    name = "recording"
    reads = (CONFIG_MAPS,)
    writes = (Writes(CONFIG_MAPS, ("update",)),)

    def setup(self):
        self.seen = []
        self.script = []
        self.on(CONFIG_MAPS)

    async def reconcile(self, key):
        if key.namespace != "default":
            return None
        self.seen.append((key.name, loop_time()))
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        return step


async def test_every_object_and_every_change_is_reconciled(run, client):
    await client.create(CONFIG_MAPS, config_map("before"))
    controller = await run(Recording)
    await asyncio.sleep(1)
    assert [name for name, _ in controller.seen] == ["before"]
    made = await client.create(CONFIG_MAPS, config_map())
    await asyncio.sleep(1)
    await client.update(CONFIG_MAPS, {**made, "data": {"x": "1"}})
    await asyncio.sleep(1)
    await client.delete(CONFIG_MAPS, A)
    await asyncio.sleep(1)
    assert [name for name, _ in controller.seen] == ["before", "a", "a", "a"]


@pytest.mark.parametrize(
    "error", [Conflict("changed"), NotYet("early"), ZeroDivisionError("a bug")], ids=["conflict", "not yet", "bug"]
)
async def test_what_fails_is_tried_again_later_and_later(run, client, error):
    controller = await run(Recording)
    controller.script = [error] * 10
    begun = loop_time()
    await client.create(CONFIG_MAPS, config_map())
    await asyncio.sleep(100)
    assert len(controller.seen) == 11
    waits = [time - begun for _, time in controller.seen]
    assert waits[-1] == pytest.approx(sum(0.005 * 2**n for n in range(10)), abs=0.01)
    assert controller.queue.failures(A) == 0


async def test_delays_grow_up_to_the_longest(run, client):
    class Hasty(Recording):
        name = "hasty"
        backoff_s_max = 10

    controller = await run(Hasty)
    controller.script = [NotYet("early")] * 20
    await client.create(CONFIG_MAPS, config_map())
    await asyncio.sleep(200)
    times = [time for _, time in controller.seen]
    assert len(times) == 21
    assert times[-1] - times[-2] == pytest.approx(10, abs=0.01)


async def test_a_key_may_ask_for_another_round(run, client):
    controller = await run(Recording)
    controller.script = [Requeue(after_s=50)]
    await client.create(CONFIG_MAPS, config_map())
    await asyncio.sleep(100)
    (_, first), (_, second) = controller.seen
    assert second - first == pytest.approx(50)


async def test_changes_of_one_resource_may_concern_keys_of_another(run, client):
    class Following(Recording):
        name = "following"
        reads = (CONFIG_MAPS, SECRETS)

        def setup(self):
            super().setup()
            self.index(CONFIG_MAPS, "by data", lambda obj: (obj.get("data") or {}).values())
            self.on(SECRETS, self.users)

        def users(self, old, new):
            name = (new or old)["metadata"]["name"]
            for obj in self.view.by_index(CONFIG_MAPS, "by data", name):
                yield Key(obj["metadata"]["namespace"], obj["metadata"]["name"])

    controller = await run(Following)
    await client.create(CONFIG_MAPS, config_map(x="wanted"))
    await client.create(CONFIG_MAPS, config_map("b"))
    await asyncio.sleep(1)
    controller.seen.clear()
    await client.create(SECRETS, {"metadata": {"namespace": "default", "name": "wanted"}})
    await client.create(SECRETS, {"metadata": {"namespace": "default", "name": "other"}})
    await asyncio.sleep(1)
    assert [name for name, _ in controller.seen] == ["a"]


async def test_several_keys_are_worked_on_at_a_time_but_no_more_than_workers(run, client):
    class Slow(Recording):
        name = "slow"
        workers = 2

        async def reconcile(self, key):
            await super().reconcile(key)
            await asyncio.sleep(10 if key.namespace == "default" else 0)

    controller = await run(Slow)
    for name in "abcd":
        await client.create(CONFIG_MAPS, config_map(name))
    await asyncio.sleep(1)
    assert len(controller.seen) == 2
    await asyncio.sleep(10)
    assert len(controller.seen) == 4


async def test_what_is_not_declared_is_not_read(run):
    controller = await run(Recording)
    for access in (
        lambda: controller.view.get(SECRETS, A),
        lambda: controller.view.list(SECRETS),
        lambda: controller.on(SECRETS),
        lambda: controller.index(SECRETS, "x", lambda _: ()),
    ):
        with pytest.raises(UndeclaredError, match=r"recording .* secrets and does not declare it"):
            access()


async def test_the_view_reaches_what_was_written(run, client):
    controller = await run(Recording)
    made = await client.create(CONFIG_MAPS, config_map())
    await asyncio.sleep(1)
    assert controller.view.reached(CONFIG_MAPS, int(made["metadata"]["resourceVersion"]))
    assert not controller.view.reached(CONFIG_MAPS, 10**9)
    assert controller.view.get(CONFIG_MAPS, A) == made


async def test_finished_jobs_go_when_their_time_has_come(run, client, api):
    await run(TTLAfterFinished)
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    spec = {"ttlSecondsAfterFinished": 3600, "template": template}
    job = await client.create(JOBS, {"metadata": {"namespace": "default", "name": "a"}, "spec": spec})
    now = api.clock.now().isoformat()[:19] + "Z"
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
        for kind in ("SuccessCriteriaMet", "Complete")
    ]
    status = {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions}
    await client.update_status(JOBS, {**job, "status": status})
    await asyncio.sleep(3590)
    assert "deletionTimestamp" not in (await client.get(JOBS, A))["metadata"]
    await asyncio.sleep(20)
    gone = (await client.get(JOBS, A))["metadata"]
    assert gone["deletionTimestamp"]
    assert gone["finalizers"] == ["foregroundDeletion"], "its pods go first"
