"""Repair in a whole API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Api

ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
SERVICES = "/api/v1/namespaces/default/services"
EVENTS = "/api/v1/namespaces/default/events"
MANAGED = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io", "ipaddress.kubernetes.io/ip-family": "IPv4"}


async def reasons(api: Api) -> list[str]:
    return [event["reason"] for event in (await api.ask("GET", EVENTS)).json()["items"]]


async def test_a_missing_address_comes_back(api: Api) -> None:
    before = (await api.ask("GET", f"{ADDRESSES}/10.96.0.1")).json()
    await api.ask("DELETE", f"{ADDRESSES}/10.96.0.1")
    assert [finding.act for finding in await api.parts.address_repair.sweep(grace_s=0)] == ["create"]
    after = (await api.ask("GET", f"{ADDRESSES}/10.96.0.1")).json()
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert await reasons(api) == ["ClusterIPNotAllocated"]
    assert not await api.parts.address_repair.sweep(grace_s=0)


async def test_a_leaked_address_is_freed(api: Api) -> None:
    parent = {"resource": "services", "namespace": "default", "name": "gone"}
    leaked = {"metadata": {"name": "10.96.0.77", "labels": MANAGED}, "spec": {"parentRef": parent}}
    assert (await api.ask("POST", ADDRESSES, leaked)).status == 201
    assert not await api.parts.address_repair.sweep(grace_s=60)
    await api.parts.address_repair.sweep(grace_s=0)
    assert (await api.ask("GET", f"{ADDRESSES}/10.96.0.77")).status == 404


async def test_what_only_people_can_mend_is_said_once(api: Api) -> None:
    port = {"port": 80, "nodePort": 30001}
    await api.ask("POST", SERVICES, {"metadata": {"name": "a"}, "spec": {"type": "NodePort", "ports": [port]}})
    await api.ask("POST", SERVICES, {"metadata": {"name": "b"}, "spec": {"ports": [{"port": 80}]}})
    await _steal(api, "b", port)
    for _ in range(2):
        await api.parts.address_repair.sweep(grace_s=0)
    assert await reasons(api) == ["PortAlreadyAllocated"]


async def _steal(api: Api, name: str, port: dict[str, int]) -> None:
    """As another server of the same store could, between two looks of ours."""
    import orjson

    from steersman.store.interface import Put

    key = f"/registry/services/specs/default/{name}"
    store = api.parts.service.store
    record = await store.get(key)
    assert record is not None
    obj = orjson.loads(record.value)
    obj["spec"] |= {"type": "NodePort", "ports": [port | {"protocol": "TCP"}]}
    await store.commit((), (Put(key, orjson.dumps(obj)),))


@pytest.mark.virtual_time
async def test_it_goes_on(api: Api) -> None:
    import asyncio

    from steersman.apiserver.allocation.repair import INTERVAL_S
    from steersman.lib.aio import Tasks

    tasks = Tasks()
    tasks.start(api.parts.address_repair.run(), name="repair")
    await api.ask("DELETE", f"{ADDRESSES}/10.96.0.1")
    await asyncio.sleep(INTERVAL_S + 1)
    assert (await api.ask("GET", f"{ADDRESSES}/10.96.0.1")).status == 200
    await tasks.close()


async def test_an_address_that_has_a_new_owner_by_now_is_not_freed(api: Api) -> None:
    from steersman.api.errors import Conflict
    from steersman.apiserver.allocation.addresses import AddressBook

    parts = api.parts.service
    book = AddressBook(
        pipeline=parts.pipeline,
        resources=parts.resources,
        reader=api.parts.reader,
        clock=parts.clock,
        rng=parts.rng,
    )
    with pytest.raises(Conflict):
        await book.remove("10.96.0.1", uid="another")
    assert (await api.ask("GET", f"{ADDRESSES}/10.96.0.1")).status == 200
