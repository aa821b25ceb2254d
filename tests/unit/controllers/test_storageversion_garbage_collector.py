"""StorageVersions forget API servers whose leases went."""

import pytest

from steersman.api.coordination.lease import LEASES
from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.storageversion_garbage_collector import (
    API_SERVER,
    EQUAL,
    IDENTITY,
    STORAGE_VERSIONS,
    StorageVersionGarbageCollector,
    with_entries,
)

from .served import serve

VERSION = Key("", "apps.deployments")


def entry(server, version="apps/v1"):
    return {"apiServerID": server, "encodingVersion": version, "decodableVersions": [version]}


def test_what_is_left_decides_on_the_common_version():
    old = {
        "metadata": {"name": "x", "generation": 2},
        "status": {"commonEncodingVersion": "v1", "conditions": [{"type": EQUAL, "status": "True"}]},
    }
    same = with_entries(old, [entry("a", "v1"), entry("b", "v1")], timestamp="now")["status"]
    assert same["commonEncodingVersion"] == "v1"
    different = with_entries(old, [entry("a", "v1"), entry("b", "v2")], timestamp="now")["status"]
    assert "commonEncodingVersion" not in different
    assert different["conditions"] == [
        {
            "type": EQUAL,
            "status": "False",
            "lastTransitionTime": "now",
            "reason": "CommonEncodingVersionUnset",
            "message": "Common encoding version unset",
            "observedGeneration": 2,
        }
    ]


async def make(client, *servers):
    body = {
        "apiVersion": "internal.apiserver.k8s.io/v1alpha1",
        "kind": "StorageVersion",
        "metadata": {"name": VERSION.name},
    }
    made = await client.create(STORAGE_VERSIONS, body)
    status = {"storageVersions": [entry(server) for server in servers]}
    await client.update_status(STORAGE_VERSIONS, made | {"status": status})


async def make_lease(client, name):
    metadata = {"namespace": "kube-system", "name": name, "labels": {IDENTITY: API_SERVER}}
    await client.create(LEASES, {"metadata": metadata, "spec": {}})


async def servers(client):
    found = await client.get(STORAGE_VERSIONS, VERSION)
    return [each["apiServerID"] for each in found["status"]["storageVersions"]]


@pytest.fixture
async def served(bench):
    await serve(bench, STORAGE_VERSIONS)
    return bench


@pytest.mark.virtual_time
async def test_a_lease_that_goes_takes_its_entry_with_it(served):
    for name in ("a", "b"):
        await make_lease(served.client, name)
    await make(served.client, "a", "b")
    await served.start(StorageVersionGarbageCollector)
    assert await servers(served.client) == ["a", "b"]
    await served.client.delete(LEASES, Key("kube-system", "a"))
    await served.settle()
    assert await servers(served.client) == ["b"]
    await served.client.delete(LEASES, Key("kube-system", "b"))
    await served.settle()
    with pytest.raises(NotFound):
        await served.client.get(STORAGE_VERSIONS, VERSION)


@pytest.mark.virtual_time
async def test_an_entry_without_a_lease_is_dropped_when_it_is_seen(served):
    await make_lease(served.client, "a")
    await served.start(StorageVersionGarbageCollector)
    await make(served.client, "a", "nobody")
    await served.settle()
    assert await servers(served.client) == ["a"]
