"""The scheduler as a part of the control plane: with its own rights, at once or when elected."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.client.request import Key
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.local_clients import LocalClients
from steersman.cluster.scheduler import LEASE, SchedulerPart

pytestmark = pytest.mark.virtual_time
AMOUNTS = {"cpu": "2", "memory": "4Gi", "pods": "10"}


@pytest.fixture
async def cluster(open_api, pki):
    async with open_api(certificates=True) as api:
        addresses = Addresses(host="127.0.0.1", port=6443, service_cidrs=("10.96.0.0/16",))
        await Bootstrap(service=api.parts.service, reader=api.parts.reader, addresses=addresses).run()
        clients = LocalClients(handler=api.parts.application.handle, issuer=pki, clock=api.clock, rng=random.Random(1))
        crashes = []
        part = SchedulerPart(
            clients=clients,
            clock=api.clock,
            rng=random.Random(1),
            on_crash=lambda name, error: crashes.append((name, error)),
        )
        yield part, clients.client("admin", ("system:masters",))
        await part.stop()
        assert not crashes


async def placed(admin):
    await admin.create(NODES, {"metadata": {"name": "a"}})
    node = await admin.get(NODES, Key("", "a"))
    await admin.update_status(NODES, {**node, "status": {"allocatable": AMOUNTS}})
    await admin.create(SERVICE_ACCOUNTS, {"metadata": {"namespace": "kube-system", "name": "default"}})
    spec = {
        "containers": [{"name": "c", "image": "i"}],
        "automountServiceAccountToken": False,
        "tolerations": [{"operator": "Exists"}],
    }
    await admin.create(PODS, {"metadata": {"namespace": "kube-system", "name": "p"}, "spec": spec})
    await asyncio.sleep(3)
    return (await admin.get(PODS, Key("kube-system", "p")))["spec"].get("nodeName")


async def test_it_places_pods_with_the_rights_of_kube_scheduler(cluster):
    part, admin = cluster
    await part.start()
    assert await placed(admin) == "a"


async def test_elected_it_holds_the_lease_and_gives_it_back(cluster):
    part, admin = cluster
    part.elect("me")
    assert await placed(admin) == "a"
    assert (await admin.get(LEASES, LEASE))["spec"]["holderIdentity"] == "me"
