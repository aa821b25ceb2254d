"""Simulated nodes of a cluster: with their own rights, and from a file of rules."""

from __future__ import annotations

import random

import pytest

from steersman.api.core.node import NODES
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.errors import StartError
from steersman.cluster.hollow import HollowPart, load_behaviours, numbered
from steersman.cluster.local_clients import LocalClients

pytestmark = pytest.mark.virtual_time


async def test_they_register_as_nodes_and_begin_again(open_api, pki):
    async with open_api(certificates=True) as api:
        addresses = Addresses(host="127.0.0.1", port=6443, service_cidrs=("10.96.0.0/16",))
        await Bootstrap(service=api.parts.service, reader=api.parts.reader, addresses=addresses).run()
        crashes = []
        for round_ in range(2):
            rng = random.Random(round_)
            clients = LocalClients(handler=api.parts.application.handle, issuer=pki, clock=api.clock, rng=rng)
            part = HollowPart(
                clients=clients,
                specs=numbered(2),
                clock=api.clock,
                rng=rng,
                on_crash=lambda name, error: crashes.append((name, error)),
            )
            await part.start()
            admin = clients.client("admin", ("system:masters",))
            nodes = (await admin.list(NODES))["items"]
            assert [node["metadata"]["name"] for node in nodes] == ["hollow-0001", "hollow-0002"]
            (field,) = [f for f in nodes[0]["metadata"]["managedFields"] if not f.get("subresource")]
            assert field["manager"] == "kubelet"
            await part.stop()
        assert not crashes


def test_a_file_that_means_nothing_is_refused_with_its_name(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("pods: [{exits: 1}]")
    with pytest.raises(StartError, match=r"rules.yaml: pods\[0\]: there is no 'exits'"):
        load_behaviours(path)
