"""storage_version_migrator: write every object of a resource again, so that it is stored in today's storage version.

    the oldest migration of a resource runs > the version of the resource is noted > what is not newer is patched > done

Keys: (group, resource), so one migration of a resource runs at a time.
Reads: storageversionmigrations; objects where they are kept, in pages. Writes: everything (patch without a change),
storageversionmigrations/status, customresourcedefinitions/status (that a migration runs, and then which versions are
stored; looked at where they are kept before).
Invariants: an object that somebody else wrote meanwhile is left alone, it is in the storage version already; a
definition says that only one version is stored only if it has not changed while the migration ran.
Upstream differences: three controllers are one, and write to definitions under its name; objects are listed for the
migration, not taken from the garbage collector's cache.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.errors import (
    ApiError,
    Conflict,
    InternalError,
    NotFound,
    ServerTimeout,
    ServiceUnavailable,
    Timeout,
    TooManyRequests,
)
from steersman.api.meta.conditions import condition, find_condition, is_condition_true, set_condition
from steersman.api.meta.times import format_time
from steersman.api.storagemigration.storage_version_migration import STORAGE_VERSION_MIGRATIONS
from steersman.client.client import key_of
from steersman.client.request import Key, PatchType
from steersman.controllers.base import Controller, NotYet, Writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.discovery import Served

    Plan: TypeAlias = Callable[[Object], tuple[Object, list[str]]]
    """Of a definition: (condition, storedVersions, none to leave them)."""

PAGE = 500
UNKNOWN_S_MAX = 60
"""A resource that is not served is waited for so long after the migration was created."""
RUNNING, SUCCEEDED, FAILED, MIGRATING = "Running", "Succeeded", "Failed", "StorageMigrating"
VERBS = ("create", "update", "get", "list", "delete")
_TRANSIENT = (ServerTimeout, TooManyRequests, ServiceUnavailable, InternalError, Timeout)


class StorageVersionMigrator(Controller):
    """See the module."""

    name = "storage_version_migrator"
    reads = (STORAGE_VERSION_MIGRATIONS,)
    writes = (
        Writes(STORAGE_VERSION_MIGRATIONS, ("update",), subresource="status"),
        Writes(CUSTOM_RESOURCE_DEFINITIONS, ("get",)),
        Writes(CUSTOM_RESOURCE_DEFINITIONS, ("patch",), subresource="status"),
    )
    verbs_on_all = ("list", "patch")

    def setup(self) -> None:
        self._metadata = self.client.only_metadata()
        self.on(STORAGE_VERSION_MIGRATIONS, _resources)
        self.index(STORAGE_VERSION_MIGRATIONS, "resource", lambda each: [str(resource_of(each))])

    async def reconcile(self, key: Key) -> None:
        migrations = self.view.by_index(STORAGE_VERSION_MIGRATIONS, "resource", str(key))
        for migration in migrations:
            if is_running(migration) and is_over(migration):
                await self._end(migration)
        current = plan_current(migrations)
        if current is None:
            return
        if not is_running(current):
            await self._begin(current)
        elif not (current.get("status") or {}).get("resourceVersion"):
            await self._note_version(current, key)
        else:
            await self._migrate(current, key)

    # -- the steps

    async def _begin(self, migration: Object) -> None:
        name = migration["metadata"]["name"]
        said = condition(MIGRATING, "True", "MigrationRunning", f"Migration {name} is running")
        await self._tell_definition(migration, lambda _definition: (said, []))
        await self._write(migration, condition(RUNNING, "True", "MigrationRunning", running_message()))

    async def _note_version(self, migration: Object, key: Key) -> None:
        resource = await self._resource(migration, key, absent="resource does not exist in discovery")
        if resource is None:
            return
        if not resource.verbs.issuperset(VERBS):
            message = f'resource "{resource}" does not support discovery operations: [{" ".join(VERBS)}]'
            await self._fail(migration, message)
            return
        page = await self._metadata.list(resource, limit=1)
        await self._write(migration, version=page["metadata"]["resourceVersion"])

    async def _migrate(self, migration: Object, key: Key) -> None:
        absent = "unable to obtain GVR from discovery"
        resource = await self._resource(migration, key, absent=absent)
        if resource is None:
            return
        until = int(migration["status"]["resourceVersion"])
        objects = [each async for each in self._objects(resource)]
        due = [(at, version) for at, version in objects if int(version) <= until]
        left = len(due)
        for at, version in due:
            patch = {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "metadata": {"resourceVersion": version},
            }
            try:
                await self._metadata.patch(resource, at, patch)
            except (Conflict, NotFound):
                pass  # others have written it, or it is gone
            except _TRANSIENT as error:
                message = running_message(left, len(objects), error=str(error))
                await self._write(migration, condition(RUNNING, "True", "MigrationRunning", message))
                raise
            except ApiError as error:
                running = condition(RUNNING, "True", "MigrationRunning", running_message(left, len(objects)))
                await self._fail(migration, str(error), running, told=f"{left}/{len(objects)} not yet migrated. ")
                return
            left -= 1
        running = condition(RUNNING, "True", "MigrationRunning", running_message(left, len(objects)))
        succeeded = condition(SUCCEEDED, "True", "StorageVersionMigrationSucceeded", "Migration completed")
        await self._write(migration, running, succeeded)

    async def _end(self, migration: Object) -> None:
        succeeded = is_condition_true(migration, SUCCEEDED)
        await self._tell_definition(migration, lambda definition: plan_end(definition, succeeded=succeeded))
        await self._write(migration, condition(RUNNING, "False", "MigrationCompleted", "Migration completed"))

    # -- requests

    async def _resource(self, migration: Object, key: Key, *, absent: str) -> Served | None:
        """What is to be migrated; None if there is no such thing, which is written. Raises NotYet early on."""
        surface = await self.discovery.fetch()
        for each in surface.preferred():
            if (each.group, each.plural) == tuple(key):
                return each
        created = datetime.fromisoformat(migration["metadata"]["creationTimestamp"])
        if created + timedelta(seconds=UNKNOWN_S_MAX) > self.clock.now():
            raise NotYet(f"{key} is not served")
        await self._fail(migration, absent)
        return None

    async def _objects(self, resource: Served) -> AsyncIterator[tuple[Key, str]]:
        """(key, version) of all there are."""
        token = ""
        while True:
            page = await self._metadata.list(resource, limit=PAGE, token=token)
            for each in page.get("items") or ():
                yield key_of(each), each["metadata"]["resourceVersion"]
            token = page["metadata"].get("continue") or ""
            if not token:
                return

    async def _fail(self, migration: Object, message: str, *more: Object, told: str = "") -> None:
        text = f"{told}migration encountered unhandled error: {message}"
        await self._write(migration, *more, condition(FAILED, "True", "StorageVersionMigrationFailed", text))

    async def _write(self, migration: Object, *conditions: Object, version: str = "") -> None:
        status = dict(migration.get("status") or {})
        changed = migration | {"status": status}
        for each in conditions:
            set_condition(changed, each, format_time(self.clock.now()))
        if version:
            status["resourceVersion"] = version
        if status != (migration.get("status") or {}):
            await self.client.update_status(STORAGE_VERSION_MIGRATIONS, changed)

    async def _tell_definition(self, migration: Object, plan: Plan) -> None:
        """Say it in the CustomResourceDefinition, if it is one that defines the resource. Raises Conflict."""
        group, plural = resource_of(migration)
        key = Key("", f"{plural}.{group}")
        try:
            definition = await self.client.get(CUSTOM_RESOURCE_DEFINITIONS, key)
        except NotFound:
            return
        metadata = definition["metadata"]
        said, stored = plan(definition)
        said |= {"lastTransitionTime": format_time(self.clock.now()), "observedGeneration": metadata["generation"]}
        status: Object = {"conditions": [said], **({"storedVersions": stored} if stored else {})}
        body: Object = {
            "apiVersion": CUSTOM_RESOURCE_DEFINITIONS.api_version,
            "kind": CUSTOM_RESOURCE_DEFINITIONS.kind,
            # The generation that is told of must be the one that was looked at.
            "metadata": {"name": key.name, "resourceVersion": metadata["resourceVersion"]},
            "status": status,
        }
        await self.client.patch(
            CUSTOM_RESOURCE_DEFINITIONS, key, body, kind=PatchType.APPLY, subresource="status", force=True
        )


def _resources(old: Object | None, new: Object | None) -> Iterable[Key]:
    migration = new if new is not None else old
    return (resource_of(migration),) if migration is not None else ()


def resource_of(migration: Object) -> Key:
    """(group, plural) of what is migrated."""
    resource = migration["spec"]["resource"]
    return Key(resource.get("group") or "", resource["resource"])


def is_running(migration: Object) -> bool:
    return is_condition_true(migration, RUNNING)


def is_over(migration: Object) -> bool:
    return is_condition_true(migration, SUCCEEDED) or is_condition_true(migration, FAILED)


def plan_current(migrations: Sequence[Object]) -> Object | None:
    """Of the migrations of one resource the one to work on: that which runs, or the oldest that has not yet."""
    todo = [each for each in migrations if not is_over(each)]
    order = sorted(todo, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))
    return next((each for each in order if is_running(each)), order[0] if order else None)


def plan_end(definition: Object, *, succeeded: bool) -> tuple[Object, list[str]]:
    """(condition, storedVersions) of a definition whose resource was migrated; no versions if they stay."""
    if not succeeded:
        return condition(MIGRATING, "False", "MigrationFailed", "The migration has failed"), []
    before = find_condition(definition, MIGRATING) or {}
    if before.get("observedGeneration") != definition["metadata"]["generation"]:
        message = (
            "The migration has succeeded but the stored versions have not been updated due to a generation mismatch"
        )
        return condition(MIGRATING, "False", "MigrationSucceeded", message), []
    message = "The migration has succeeded and the stored versions have been updated"
    stored = [each["name"] for each in definition["spec"]["versions"] if each.get("storage")]
    return condition(MIGRATING, "False", "MigrationSucceeded", message), stored


def running_message(left: int = 0, total: int = 0, *, error: str = "") -> str:
    """`left` of `total` objects are not migrated yet; `error`: why it pauses."""
    message = "The migration is running"
    if total:
        message += f", {left}/{total} objects not yet migrated" if left else f", {total} objects verified migrated"
    return f"{message}; transient error: {error}" if error else message
