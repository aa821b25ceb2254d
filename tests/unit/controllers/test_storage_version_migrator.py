"""Migrations of stored objects."""

from __future__ import annotations

import asyncio

import pytest

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.storagemigration.storage_version_migration import STORAGE_VERSION_MIGRATIONS
from steersman.client.request import Key, Ref
from steersman.controllers.storage_version_migrator import (
    StorageVersionMigrator,
    plan_current,
    plan_end,
    running_message,
)

pytestmark = pytest.mark.virtual_time

OLD = Ref("example.com", "v1", "things", True, "Thing")


def migration(name, *conditions, plural="configmaps", group="", created="2026-01-01T00:00:00Z"):
    return {
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"resource": {"group": group, "resource": plural}},
        "status": {"conditions": [{"type": each, "status": "True"} for each in conditions]},
    }


def test_one_migration_of_a_resource_runs_at_a_time_the_oldest_first():
    late, early = migration("a", created="2026-01-02T00:00:00Z"), migration("b")
    assert plan_current([late, early]) is early
    running = migration("z", "Running", created="2026-01-03T00:00:00Z")
    assert plan_current([late, early, running]) is running
    assert plan_current([migration("c", "Running", "Succeeded"), migration("d", "Failed")]) is None
    assert plan_current([migration("b"), migration("a")])["metadata"]["name"] == "a"


def test_stored_versions_are_told_if_the_definition_has_not_changed():
    versions = [{"name": "v1", "storage": False}, {"name": "v2", "storage": True}]
    conditions = [{"type": "StorageMigrating", "status": "True", "observedGeneration": 3}]
    definition = {"metadata": {"generation": 3}, "spec": {"versions": versions}, "status": {"conditions": conditions}}
    said, stored = plan_end(definition, succeeded=True)
    assert stored == ["v2"]
    assert (said["status"], said["reason"]) == ("False", "MigrationSucceeded")
    assert said["message"] == "The migration has succeeded and the stored versions have been updated"
    said, stored = plan_end(definition | {"metadata": {"generation": 4}}, succeeded=True)
    assert stored == []
    assert said["message"].endswith("have not been updated due to a generation mismatch")
    assert plan_end(definition, succeeded=False)[0]["reason"] == "MigrationFailed"


def test_how_far_it_is():
    assert running_message() == "The migration is running"
    assert running_message(2, 5) == "The migration is running, 2/5 objects not yet migrated"
    assert running_message(0, 5) == "The migration is running, 5 objects verified migrated"
    assert running_message(1, 5, error="busy").endswith("objects not yet migrated; transient error: busy")


async def state(client, name="m"):
    found = await client.get(STORAGE_VERSION_MIGRATIONS, Key("", name))
    return {each["type"]: each for each in found["status"].get("conditions", ())}


async def test_a_migration_of_what_is_built_in(run, client):
    await run(StorageVersionMigrator)
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "default", "name": "a"}})
    await client.create(STORAGE_VERSION_MIGRATIONS, migration("m"))
    await asyncio.sleep(5)
    said = await state(client)
    assert said["Succeeded"]["message"] == "Migration completed"
    assert (said["Running"]["status"], said["Running"]["reason"]) == ("False", "MigrationCompleted")


async def test_what_is_not_served_fails_after_a_minute(run, client):
    await run(StorageVersionMigrator)
    await client.create(STORAGE_VERSION_MIGRATIONS, migration("m", plural="nothings"))
    await asyncio.sleep(50)
    assert "Failed" not in await state(client)
    await asyncio.sleep(100)
    said = await state(client)
    assert said["Failed"]["message"] == ("migration encountered unhandled error: resource does not exist in discovery")
    assert said["Running"]["status"] == "False"


async def test_a_custom_resource_is_stored_in_its_new_version(run, client):
    await run(StorageVersionMigrator)
    schema = {"openAPIV3Schema": {"type": "object"}}

    def versions(storage):
        names = ("v1", "v2")
        return [{"name": each, "served": True, "storage": each == storage, "schema": schema} for each in names]

    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions("v1")}
    key = Key("", "things.example.com")
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, {"metadata": {"name": key.name}, "spec": spec})
    await asyncio.sleep(1)
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"namespace": "default", "name": "t"}}
    await client.create(OLD, thing)
    await client.patch(CUSTOM_RESOURCE_DEFINITIONS, key, {"spec": {"versions": versions("v2")}})
    await asyncio.sleep(1)
    assert (await client.get(CUSTOM_RESOURCE_DEFINITIONS, key))["status"]["storedVersions"] == ["v1", "v2"]
    await client.create(STORAGE_VERSION_MIGRATIONS, migration("m", plural="things", group="example.com"))
    await asyncio.sleep(5)
    assert (await state(client))["Succeeded"]
    assert await client.get(OLD, Key("default", "t"))
    status = (await client.get(CUSTOM_RESOURCE_DEFINITIONS, key))["status"]
    assert status["storedVersions"] == ["v2"]
    (said,) = [each for each in status["conditions"] if each["type"] == "StorageMigrating"]
    assert (said["status"], said["reason"]) == ("False", "MigrationSucceeded")
