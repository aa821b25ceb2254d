"""The write path. The order of everything that happens to an object on its way into the store is written here and
nowhere else.

    create   default > own fields (managedFields) > admit > system fields > hook > prepare > judge > validate
    admission > store update   read > transform > default > own fields > admit > versions > hook > prepare > judge >
    validate admission > store delete   read > preconditions > admission > grace and finalizers > mark, or remove

The order is upstream's (apiserver: endpoints/handlers, registry/rest, registry/generic/registry). An update is tried
again with what the store holds when somebody else was faster, unless the author insisted on a version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    invalid,
)
from steersman.api.meta.names import generate_name
from steersman.api.meta.object_meta import validate_metadata, validate_metadata_update
from steersman.api.schema.empties import forget_empties
from steersman.apiserver import deletion
from steersman.apiserver.admission.interface import CREATE, DELETE, UPDATE, Review
from steersman.apiserver.given import as_given
from steersman.apiserver.mutated import settle_metadata, single_owners
from steersman.apiserver.objects import encode_stored
from steersman.apiserver.patch.managed_fields import keep_timestamps, stamp_update
from steersman.apiserver.write import Written
from steersman.store.interface import Compare, Delete, Put
from steersman.store.interface import Conflict as StoreConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource, Strategy
    from steersman.apiserver.admission.chain import Chain
    from steersman.apiserver.conversion.views import View
    from steersman.apiserver.hooks import Hook
    from steersman.apiserver.identifiers import Identifiers
    from steersman.apiserver.objects import Hint
    from steersman.apiserver.options import DeleteOptions
    from steersman.apiserver.resources import Served
    from steersman.apiserver.write import Write
    from steersman.store.interface import Store
    from steersman.store.watchcache import Entry, WatchCache

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
RETRIES_MAX = 50
"""Rounds of an update against other writers before it gives up with a conflict."""

_OPTIONS = {CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions"}
_SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
"""What a new object gets from the server, whatever its author says."""


class _VersionOnCreate(ApiError):
    """Upstream's storage has no reason for it."""

    code, reason = 500, ""


class Pipeline:
    """All writes of the API server."""

    def __init__(
        self,
        *,
        store: Store,
        cache: WatchCache,
        chain: Chain,
        identifiers: Identifiers,
        hooks: Mapping[Resource, Hook],
    ) -> None:
        self._store = store
        self._cache = cache
        self._chain = chain
        self._identifiers = identifiers
        self._hooks = hooks

    # -- create

    async def create(self, write: Write, obj: Object) -> Written:
        """`obj`: decoded, in the served version, ours to change. Raises ApiError."""
        resource = write.served.resource
        _default(resource.strategy, obj, write)
        metadata = obj["metadata"]
        for name in _SYSTEM_FIELDS:
            metadata.pop(name, None)
        single_owners(metadata, write.warnings)
        self._own_fields(write, obj, None)
        forget_empties(resource.schema(), obj)
        review = self._review(CREATE, write, obj, None)
        try:
            if resource.no_creation:
                name = metadata.get("name") or ""
                raise Forbidden.of(resource.group, resource.plural, name, resource.no_creation)
            await self._admit(write, review, obj)
            write.served.judged_form(obj)
            return await self._create_stored(write, obj, review)
        except BaseException:
            await self._undo(write, review)
            raise

    async def _create_stored(self, write: Write, obj: Object, review: Review) -> Written:
        served = write.served
        resource = served.judge
        strategy = resource.strategy
        metadata = obj["metadata"]
        generated = not metadata.get("name") and bool(metadata.get("generateName"))
        self._system_fields(write, metadata, strategy)
        hook = self._hooks.get(resource)
        if hook is not None:
            await hook.begin_create(write, obj)
        if strategy.prepare_create is not None:
            strategy.prepare_create(obj, write.context())
        errors = validate_metadata(
            obj,
            namespaced=resource.namespaced,
            validate_name=strategy.name_rule(obj) if strategy.name_rule is not None else strategy.validate_name,
            standard_finalizers=strategy.standard_finalizers,
        )
        judge = _judges(served.resource)
        if judge.validate is not None:
            errors += judge.validate(obj)
        _judge(resource, metadata.get("name") or "", errors, write.given)
        if strategy.warnings is not None:
            write.warnings += strategy.warnings(obj, None)
        if strategy.canonicalize is not None:
            strategy.canonicalize(obj)
        review.name = write.name = metadata["name"]
        await self._chain.validate(review)
        tries = strategy.generate_name_conflict_retries if generated else 1
        for attempt in range(tries):
            try:
                written = await self._put(write, obj, None, ttl_s=strategy.ttl_s)
                break
            except StoreConflict as conflict:
                if attempt == tries - 1:
                    raise _exists(served, metadata, conflict) from None
                metadata["name"] = write.name = generate_name(metadata["generateName"], self._identifiers.rng)
        if hook is not None and not write.dry_run:
            await hook.committed(write, obj, None)
        return written

    def _system_fields(self, write: Write, metadata: Object, strategy: Strategy) -> None:
        """What the server decides about a new object."""
        identifiers = self._identifiers
        metadata["uid"] = identifiers.uid()
        metadata["creationTimestamp"] = identifiers.timestamp(write.now)
        write.new_uid = identifiers.uid
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = generate_name(metadata["generateName"], identifiers.rng)
        if strategy.has_generation:
            metadata["generation"] = 1

    # -- update

    async def update(
        self,
        write: Write,
        transform: Callable[[Object | None], Object],
        *,
        own_fields: bool = True,
        create_on_absent: bool = False,
        default: bool = True,
        review: bool = True,
        uid: str | None = None,
    ) -> Written:
        """`transform(old)` gives the new object in the served version; called again with a newer `old` after a lost
        race.

        `create_on_absent`: `transform(None)` makes an object that is created. `own_fields` False: transform has kept
        managedFields itself (apply). `review` False: admission has looked at it already, in another form. `uid`: only
        this incarnation of the object. Raises ApiError.
        """
        served = write.served
        await self._cache.fresh()
        entry = served.entry(write.namespace, write.name)
        for _ in range(RETRIES_MAX):
            if entry is None:
                if not create_on_absent:
                    raise NotFound.of(served.resource.group, served.resource.plural, write.name)
                return await self._create_on_update(write, transform, own_fields=own_fields)
            if served.view is not None:
                entry = await served.view.one(entry)
            old = served.judged(entry)
            if uid is not None and old["metadata"]["uid"] != uid:
                raise _wrong_uid(served, write, uid, old["metadata"]["uid"])
            # Both forms of what is there are read-only from here on; they differ only for views of another version.
            before = old if served.as_stored or served.resource.custom else served.object(entry)
            new = transform(before)
            if default:
                _default(served.resource.strategy, new, write)
            single_owners(new["metadata"], write.warnings)
            if own_fields:
                self._own_fields(write, new, before)
            forget_empties(served.resource.schema(), new)
            asked = self._review(UPDATE, write, new, old)
            try:
                if review:
                    await self._admit(write, asked, new)
                    if write.lens is not None and asked.obj is not None:
                        write.lens.put(asked.obj, new)
                served.judged_form(new)
                return await self._update_stored(write, new, old, entry, asked if review else None)
            except StoreConflict as conflict:
                await self._undo(write, asked)
                # A body that names a version is refused by the next round, a patch is computed again.
                record = conflict.current
                entry = (
                    served.index.entry(record.key, record.value, record.mod_revision, None)
                    if record is not None
                    else None
                )
            except BaseException:
                await self._undo(write, asked)
                raise
        raise _modified(served, write.name)

    async def _create_on_update(
        self, write: Write, transform: Callable[[Object | None], Object], *, own_fields: bool
    ) -> Written:
        resource = write.served.resource
        obj = transform(None)
        if not own_fields:
            manager, write.manager = write.manager, ""
            try:
                return await self.create(write, obj)
            finally:
                write.manager = manager
        if obj["metadata"].get("uid") and resource.strategy.allow_create_on_update:
            raise _wrong_uid(write.served, write, obj["metadata"]["uid"], "")
        obj["metadata"].pop("resourceVersion", None)
        return await self.create(write, obj)

    async def _update_stored(
        self, write: Write, new: Object, old: Object, entry: Entry, review: Review | None
    ) -> Written:
        served = write.served
        resource = served.judge
        strategy = resource.strategy
        metadata, before = new["metadata"], old["metadata"]
        self._check_version(write, metadata, entry, strategy)
        hook = self._hooks.get(resource)
        if hook is not None and write.subresource is None:
            await hook.begin_update(write, new, old)
        self._keep_system_fields(metadata, before)
        view = write.subresource.update if write.subresource is not None else None
        prepare = view.prepare if view is not None else strategy.prepare_update
        if view is None and strategy.has_status:
            _keep(new, old, "status")
        if prepare is not None:
            prepare(new, old, write.context())
        counts = strategy.has_generation and (view is None or view.raises_generation)
        if counts and any(new.get(f) != old.get(f) for f in strategy.generation_fields):
            metadata["generation"] = before.get("generation", 0) + 1
        judge = _judges(served.resource)
        errors = validate_metadata_update(new, old, standard_finalizers=strategy.standard_finalizers)
        if view is not None:
            errors += view.validate(new, old) if view.validate is not None else []
        elif judge.validate_update is not None:
            errors += judge.validate_update(new, old)
        elif judge.validate is not None:
            errors += judge.validate(new)
        _judge(resource, write.name, errors, write.given)
        warn = view.warnings if view is not None else strategy.warnings
        if warn is not None:
            write.warnings += warn(new, old)
        if strategy.canonicalize is not None:
            strategy.canonicalize(new)
        if review is not None:
            if write.lens is not None:
                review.obj = write.lens.get(new)
            await self._chain.validate(review)
        if before.get("deletionTimestamp") and deletion.may_be_removed(new, strategy):
            return await self._remove(write, new, old, entry)
        keep_timestamps(old, new)
        if new == old and not (served.view is not None and served.view.is_outdated(entry)):
            return Written(served.json(entry), changed=False, revision=entry.revision)
        written = await self._put(write, new, entry, ttl_s=strategy.ttl_s)
        if hook is not None and not write.dry_run:
            await hook.committed(write, new, old)
        return written

    @staticmethod
    def _check_version(write: Write, metadata: Object, entry: Entry, strategy: Strategy) -> None:
        """An update that names a version is for that version only."""
        served = write.served
        asked = metadata.get("resourceVersion") or ""
        if not asked or asked == "0":
            if not strategy.allow_unconditional_update:
                error = invalid("metadata.resourceVersion", 0, "must be specified for an update")
                # Told by upstream's store, which knows resources and no kinds.
                raise Invalid.of(served.resource.group, served.resource.plural, write.name, [error])
        elif asked != str(entry.revision):
            raise _modified(served, write.name)
        metadata["resourceVersion"] = str(entry.revision)

    @staticmethod
    def _keep_system_fields(metadata: Object, before: Object) -> None:
        """What an update can never change; a client that leaves it out gets it back."""
        if not metadata.get("uid"):
            metadata["uid"] = before["uid"]
        metadata["creationTimestamp"] = before["creationTimestamp"]
        if before.get("deletionTimestamp"):
            metadata["deletionTimestamp"] = before["deletionTimestamp"]
            if "deletionGracePeriodSeconds" in before and "deletionGracePeriodSeconds" not in metadata:
                metadata["deletionGracePeriodSeconds"] = before["deletionGracePeriodSeconds"]
        if "generation" in before:
            metadata["generation"] = before["generation"]
        else:
            metadata.pop("generation", None)

    # -- delete

    async def delete(self, write: Write, options: DeleteOptions, *, review: bool = True) -> Written:
        """Mark or remove. `write.dry_run` counts, `options.dry_run` is the caller's to copy there. Raises ApiError."""
        served = write.served
        resource = served.resource.stored
        await self._cache.fresh()
        entry = served.entry(write.namespace, write.name)
        while True:
            if entry is None:
                raise NotFound.of(served.resource.group, served.resource.plural, write.name)
            if served.view is not None:
                entry = await served.view.one(entry)
            old = served.judged(entry)
            asked = self._review(DELETE, write, None, old)
            try:
                if options.unsafe:
                    if review:
                        await self._chain.admit(asked)
                    raise _needless(served, write)
                deletion.check_preconditions(resource, write.name, old, options)
                obj = served.judged(entry)
                outcome = deletion.plan_deletion(
                    obj, resource.strategy, options, write.context(), self._identifiers.timestamp
                )
                # A deletion that only waits for the grace of an earlier one is no news to admission.
                if review and not (
                    outcome is deletion.Outcome.PENDING and old["metadata"].get("deletionGracePeriodSeconds")
                ):
                    await self._chain.admit(asked)
                    await self._chain.validate(asked)
                if outcome is deletion.Outcome.PENDING:
                    return Written(served.json(entry), changed=False, revision=entry.revision)
                if outcome is deletion.Outcome.REMOVE:
                    entry = await self._mark_first(write, obj, old, entry)
                    return await self._remove(write, obj, old, entry, asked_for=True)
                written = await self._put(write, obj, entry)
                hook = self._hooks.get(resource)
                if hook is not None and not write.dry_run:
                    await hook.committed(write, obj, old)
                return written
            except StoreConflict as conflict:
                await self._undo(write, asked)
                record = conflict.current
                entry = (
                    served.index.entry(record.key, record.value, record.mod_revision, None)
                    if record is not None
                    else None
                )
            except BaseException:
                await self._undo(write, asked)
                raise

    async def _mark_first(self, write: Write, obj: Object, old: Object, entry: Entry) -> Entry:
        """Graceful deletion without grace: the object is seen as deleted before it is seen to go, as upstream does."""
        if write.dry_run or obj["metadata"].get("deletionTimestamp") == old["metadata"].get("deletionTimestamp"):
            return entry
        marked = dict(obj)
        marked["metadata"] = dict(obj["metadata"])
        await self._put(write, marked, entry)
        current = write.served.entry(write.namespace, write.name)
        return current if current is not None else entry

    # -- the store

    async def _put(self, write: Write, obj: Object, entry: Entry | None, *, ttl_s: int = 0) -> Written:
        served = write.served
        key = served.key(write.namespace, write.name)
        version = obj["metadata"].get("resourceVersion")
        if entry is None and version and not write.dry_run:
            raise _VersionOnCreate("resourceVersion should not be set on objects to be created")
        if served.view is not None:
            return await self._put_converted(write, obj, entry, served.view, ttl_s=ttl_s)
        served.put_form(obj)
        value = encode_stored(obj)
        if write.dry_run:
            if entry is None and served.entry(write.namespace, write.name) is not None:
                raise StoreConflict(key, await self._store.get(key))
            if version:
                obj["metadata"]["resourceVersion"] = version
            return Written(orjson.dumps(served.served_form(obj)), created=entry is None)
        current = await self._commit(write, key, value, served.index.hint(obj), entry, ttl_s=ttl_s)
        return Written(served.json(current), created=entry is None, revision=current.revision)

    async def _put_converted(
        self, write: Write, obj: Object, entry: Entry | None, view: View, *, ttl_s: int = 0
    ) -> Written:
        """As `_put`, where a webhook converts to what is stored, and what was stored to the answer."""
        served = write.served
        key = served.key(write.namespace, write.name)
        stored = await view.to_stored(obj)
        if write.dry_run:
            if entry is None and served.entry(write.namespace, write.name) is not None:
                raise StoreConflict(key, await self._store.get(key))
            again = await view.from_stored(stored)
            if version := obj["metadata"].get("resourceVersion"):
                again["metadata"]["resourceVersion"] = version
            return Written(orjson.dumps(again), created=entry is None)
        value = encode_stored(stored | {"metadata": dict(stored["metadata"])})
        # What was converted lacks the defaults of the storage version: those are put in where it is read.
        hint = served.index.hint(stored) if stored is obj else None
        current = await self._commit(write, key, value, hint, entry, ttl_s=ttl_s)
        return Written(served.json(await view.one(current)), created=entry is None, revision=current.revision)

    async def _commit(
        self, write: Write, key: str, value: bytes, hint: Hint | None, entry: Entry | None, *, ttl_s: int
    ) -> Entry:
        """Store a value in place of `entry`; what is there now. Raises StoreConflict."""
        served, cache = write.served, self._cache
        cache.hint(key, value, hint)
        compare = Compare(key, entry.revision if entry is not None else 0)
        try:
            revision = await self._store.commit((compare,), (Put(key, value, ttl_s),))
        except BaseException:
            cache.unhint(key)
            raise
        await cache.follow(revision)
        current = served.collection.entries.get(key) if served.collection is not None else None
        if current is None or current.revision != revision:
            current = served.index.entry(key, value, revision, hint)
        return current

    async def _remove(
        self, write: Write, obj: Object, old: Object, entry: Entry, *, asked_for: bool = False
    ) -> Written:
        """Take the object out of the store; the answer is its last state, at the deletion's revision if it was
        `asked_for`.
        """
        served = write.served
        obj["metadata"]["resourceVersion"] = str(entry.revision)
        last = orjson.dumps(served.served_form(obj))
        if write.dry_run:
            return Written(last, removed=True)
        key = served.key(write.namespace, write.name)
        revision = await self._store.commit((Compare(key, entry.revision),), (Delete(key),))
        await self._cache.follow(revision)
        if asked_for:
            obj["metadata"]["resourceVersion"] = str(revision)
            last = orjson.dumps(obj)
        hook = self._hooks.get(served.resource.stored)
        if hook is not None:
            await hook.committed(write, None, old)
        return Written(last, removed=True, revision=revision)

    # -- parts

    def _own_fields(self, write: Write, new: Object, old: Object | None) -> None:
        """Record in managedFields what this write changes."""
        if not write.manager:
            return
        resource = write.served.resource
        view = write.subresource.update if write.subresource is not None else None
        stamp_update(
            old=old,
            new=new,
            type_=resource.schema(),
            manager=write.manager,
            api_version=resource.api_version,
            subresource=write.subresource_name,
            now=write.now,
            reset_fields=view.reset_fields if view is not None else resource.strategy.reset_fields,
        )

    @staticmethod
    def _review(operation: str, write: Write, obj: Object | None, old: Object | None) -> Review:
        if write.lens is not None:
            obj, old = obj and write.lens.get(obj), old and write.lens.get(old)
        options, kind = write.options, _OPTIONS[operation]
        if options and options["kind"] != kind:
            # A patch, or an update that creates: admission knows the outcome only.
            options = {name: value for name, value in options.items() if name != "force"} | {"kind": kind}
        return Review(
            operation=operation,
            resource=write.served.resource,
            subresource=write.subresource_name,
            namespace=write.namespace,
            name=write.name,
            user=write.user,
            now=write.now,
            obj=obj,
            old=old,
            dry_run=write.dry_run,
            options=options,
            warnings=write.warnings,
        )

    async def _admit(self, write: Write, review: Review, obj: Object) -> None:
        """What may change `obj`, which the review is about (or about a part of it)."""
        managed = obj["metadata"].get("managedFields")
        await self._chain.admit(review)
        if review.mutated and write.lens is None:
            settle_metadata(
                obj,
                namespace=write.namespace,
                managed_before=managed,
                warnings=write.warnings,
                new=review.operation == CREATE,
            )

    async def _undo(self, write: Write, review: Review) -> None:
        while write.undo:
            await write.undo.pop()()
        await self._chain.undo(review)


def _default(strategy: Strategy, obj: Object, write: Write) -> None:
    if strategy.default is not None:
        strategy.default(obj)
    if strategy.default_moments is not None:
        strategy.default_moments(obj, write.now)


def _judges(resource: Resource) -> Strategy:
    """Whose rules count: the stored resource's, unless a view of it has its own."""
    return resource.strategy if resource.strategy.validate is not None else resource.stored.strategy


def _keep(new: Object, old: Object, name: str) -> None:
    if name in old:
        new[name] = old[name]
    else:
        new.pop(name, None)


def _judge(resource: Resource, name: str, errors: list[FieldError], given: Any) -> None:
    if errors:
        raise Invalid.of(resource.group, resource.kind, name, as_given(errors, given))


def _modified(served: Served, name: str) -> Conflict:
    return Conflict.of(served.resource.group, served.resource.plural, name, MODIFIED)


def _wrong_uid(served: Served, write: Write, asked: str, found: str) -> Conflict:
    key = served.key(write.namespace, write.name)
    why = (
        f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
    )
    return Conflict.of(served.resource.group, served.resource.plural, write.name, why)


def _needless(served: Served, write: Write) -> Conflict:
    """An unsafe deletion of an object that can be read."""
    key = served.key(write.namespace, write.name)
    why = (
        f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
        "unsafe deletion is not allowed because the object is decodable from storage"
    )
    return Conflict.of(served.resource.group, served.resource.plural, write.name, why)


def _worth_retrying(error: AlreadyExists) -> AlreadyExists:
    """The refusal of a name that was asked to be generated: the next one may be free."""
    details = {**(error.details or {}), "retryAfterSeconds": 1}
    return AlreadyExists(error.message, details=details, headers=(("Retry-After", "1"),))


def _exists(served: Served, metadata: Object, conflict: StoreConflict) -> AlreadyExists:
    resource = served.resource
    error = AlreadyExists.of(resource.group, resource.plural, metadata["name"])
    if conflict.current is not None and orjson.loads(conflict.current.value)["metadata"].get("deletionTimestamp"):
        error = AlreadyExists(f"object is being deleted: {error.message}", details=error.details)
    return _worth_retrying(error) if metadata.get("generateName") else error
