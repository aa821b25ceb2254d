"""What was chosen for a pod is written, and waited for: on an API server inside the test, in virtual time."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.errors import Conflict
from steersman.client.client import Client
from steersman.client.informer import Informers
from steersman.client.request import Key, PatchType
from steersman.lib.aio import Tasks, loop_time
from steersman.scheduler.framework import PluginError
from steersman.scheduler.plugins.volume_binding.commitment import BIND_COMPLETED, Commitment
from steersman.scheduler.plugins.volume_binding.search import SELECTED_NODE
from steersman.scheduler.storage import Storage

pytestmark = pytest.mark.virtual_time

CLAIM, VOLUME = Key("default", "c"), Key("", "v")


class Bench:
    """One node `a`, a volume `v` and a claim `c`."""

    def __init__(self, client, commitment, storage, tasks):
        self.client, self.commitment, self.storage, self.tasks = client, commitment, storage, tasks

    async def patch(self, resource, key, patch):
        await self.client.patch(resource, key, patch, kind=PatchType.MERGE)

    def bind(self):
        return self.commitment.reserve([(self.storage.volume("v"), self.storage.claim("default", "c"))], (), "a")

    def make(self):
        return self.commitment.reserve((), [self.storage.claim("default", "c")], "a")

    def start(self, reserved):
        return self.tasks.start(self.commitment.carry_out(reserved, "a"), name="carry out")

    async def complete(self):
        """As the controller of volumes does."""
        done = {"metadata": {"annotations": {BIND_COMPLETED: "yes"}}, "spec": {"volumeName": "v"}}
        await self.patch(PERSISTENT_VOLUME_CLAIMS, CLAIM, done)

    async def fails(self, running):
        with pytest.raises(PluginError) as raised:
            await running
        return str(raised.value)


@pytest.fixture
async def bench(api, transports_as):
    client = Client(transport=transports_as("admin-token"), rng=random.Random(1))
    await api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}})
    await client.create(NODES, {"metadata": {"name": "a", "labels": {"zone": "z1"}}})
    size = {"storage": "1Gi"}
    modes = {"accessModes": ["ReadWriteOnce"], "storageClassName": "s"}
    source = {"csi": {"driver": "d", "volumeHandle": "v"}}
    await client.create(PERSISTENT_VOLUMES, {"metadata": {"name": "v"}, "spec": {"capacity": size, **modes, **source}})
    wanted = {"metadata": {"namespace": "default", "name": "c"}, "spec": {"resources": {"requests": size}, **modes}}
    await client.create(PERSISTENT_VOLUME_CLAIMS, wanted)
    crashes = []
    informers = Informers(client=client, rng=random.Random(1), detect_mutations=True)
    storage = Storage(informers=informers)
    commitment = Commitment(client=client, storage=storage, informers=informers, timeout_s=600)
    await informers.start(on_crash=lambda name, error: crashes.append((name, error)))
    tasks = Tasks(on_crash=lambda _name, _error: None)
    yield Bench(client, commitment, storage, tasks)
    await tasks.close()
    await informers.stop()
    informers.check_unchanged()
    assert not crashes


async def test_a_volume_is_given_to_a_claim_and_waited_for(bench):
    running = bench.start(bench.bind())
    await asyncio.sleep(5)
    assert (await bench.client.get(PERSISTENT_VOLUMES, VOLUME))["spec"]["claimRef"]["name"] == "c"
    assert not running.done()
    since = loop_time()
    await bench.complete()
    await running
    assert loop_time() - since < 0.5  # woken, not looked at again and again


async def test_a_claim_tells_for_which_node_its_volume_is_to_be_made(bench):
    running = bench.start(bench.make())
    await asyncio.sleep(5)
    annotations = (await bench.client.get(PERSISTENT_VOLUME_CLAIMS, CLAIM))["metadata"]["annotations"]
    assert annotations[SELECTED_NODE] == "a"
    await bench.complete()
    await running


async def test_who_cannot_make_a_volume_there_takes_the_node_back(bench):
    running = bench.start(bench.make())
    await asyncio.sleep(5)
    await bench.patch(
        PERSISTENT_VOLUME_CLAIMS, CLAIM, {"metadata": {"annotations": {SELECTED_NODE: None, "other": "x"}}}
    )
    assert await bench.fails(running) == 'binding volumes: provisioning failed for PVC "c"'


async def test_volumes_are_not_waited_for_forever(bench):
    since = loop_time()
    assert await bench.fails(bench.start(bench.bind())) == "binding volumes: context deadline exceeded"
    assert loop_time() - since == pytest.approx(600, abs=1)


async def test_a_claim_that_is_gone_is_not_waited_for(bench):
    running = bench.start(bench.make())
    await asyncio.sleep(5)
    await bench.patch(PERSISTENT_VOLUME_CLAIMS, CLAIM, {"metadata": {"finalizers": None}})
    await bench.client.delete(PERSISTENT_VOLUME_CLAIMS, CLAIM)
    told = 'binding volumes: failed to check provisioning pvc: persistentvolumeclaims "default/c" not found'
    assert await bench.fails(running) == told


async def test_a_volume_that_is_given_to_another_is_not_waited_for(bench):
    running = bench.start(bench.bind())
    await asyncio.sleep(5)
    await bench.patch(PERSISTENT_VOLUMES, VOLUME, {"spec": {"claimRef": None}})
    assert await bench.fails(running) == 'binding volumes: ClaimRef got reset for pv "v"'


async def test_a_node_that_is_gone_is_not_waited_for(bench):
    running = bench.start(bench.bind())
    await asyncio.sleep(5)
    await bench.client.delete(NODES, Key("", "a"))
    assert await bench.fails(running) == 'binding volumes: failed to get node "a": node "a" not found'


async def test_a_volume_that_was_made_elsewhere_is_no_use(bench):
    where = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z2"]}]}
    await bench.patch(
        PERSISTENT_VOLUMES, VOLUME, {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [where]}}}}
    )
    await asyncio.sleep(1)
    running = bench.start(bench.make())
    await asyncio.sleep(5)
    await bench.complete()
    told = 'binding volumes: pv "v" node affinity doesn\'t match node "a": no matching NodeSelectorTerms'
    assert await bench.fails(running) == told


async def test_what_was_changed_by_others_is_not_overwritten(bench):
    reserved = bench.bind()
    await bench.patch(PERSISTENT_VOLUMES, VOLUME, {"metadata": {"labels": {"x": "y"}}})
    with pytest.raises(Conflict):
        await bench.start(reserved)
    bench.commitment.give_up(reserved)
    assert "claimRef" not in bench.storage.volumes.get(VOLUME)["spec"]
