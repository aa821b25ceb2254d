"""Field ownership of writes: what an update leaves in metadata.managedFields, and server-side apply (KEP-555).

`stamp_update` is called after decoding and defaulting, before admission, as upstream does it: what admission adds
belongs to nobody. Both functions are given objects in wire form with zero values normalised (as `decode` leaves
them), old and new alike.

Differences from upstream: all entries are read with the field names of the version being written; entries of
versions that are no longer served are kept.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from steersman.apiserver.patch.compare import TEMPLATES_MAX, Comparison, compare, compare_created, equal, outline
from steersman.apiserver.patch.elements import FieldsError, TypedError, path_text
from steersman.apiserver.patch.errors import ApplyConflict, FailedPatch, MalformedPatch
from steersman.apiserver.patch.fieldset import FieldSet, mentioned
from steersman.apiserver.patch.managers import (
    Managed,
    Owner,
    Ownership,
    applier,
    cap_updaters,
    decode_managed,
    encode_managed,
    is_reset,
    united,
    updater,
)
from steersman.apiserver.patch.shape import shape_of
from steersman.apiserver.patch.typed import check, has_null, merge, remove, without_nulls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type
    from steersman.apiserver.patch.shape import Shape

BEFORE_FIRST_APPLY = "before-first-apply"
MANAGER_BYTES_MAX = 128
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"
_NOBODY_OWNS = FieldSet.of(
    ("f:apiVersion",),
    ("f:kind",),
    ("f:metadata",),
    *(
        ("f:metadata", "f:" + name)
        for name in (
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        )
    ),
)


@lru_cache(maxsize=256)
def default_manager(user_agent: str) -> str:
    """The manager of a request that names none: the user agent up to its first slash, printable, 128 bytes at most."""
    kept, size = [], 0
    for char in user_agent.partition("/")[0]:
        if not char.isprintable():
            continue
        size += len(char.encode())
        if size > MANAGER_BYTES_MAX:
            break
        kept.append(char)
    return "".join(kept)


def stamp_update(
    *,
    old: Object | None,
    new: Object,
    type_: Type,
    manager: str,
    api_version: str,
    subresource: str = "",
    now: datetime,
    reset_fields: Iterable[tuple[str, ...]] = (),
) -> None:
    """Set `new["metadata"]["managedFields"]` as a create (`old` is None), update or patch through `manager` does.

    `reset_fields` are paths that this way of writing never owns, as `(("status",),)`. Entries that the client sent
    are honoured unless they make no sense or come through a subresource. Never raises: where ownership cannot be
    told (list items without identity, which validation refuses later) it stays as it was.
    """
    metadata: Object = new["metadata"]
    given = metadata.pop("managedFields", None)
    before = ((old or {}).get("metadata") or {}).get("managedFields")
    managed = _starting_point(given, before, from_request=not subresource)
    if not managed and old is not None:
        return
    me = updater(manager, api_version, subresource)
    if old is None and not managed:
        try:
            mine = _owned_at_first(type_, new, tuple(reset_fields))
        except TypedError:
            return
        if mine:
            metadata["managedFields"] = encode_managed({me: Ownership(mine, api_version, _stamp(now))})
        return
    shape = shape_of(type_)
    if type_.custom:
        _follow_schema(managed, shape)
    try:
        changes = compare_created(type_, new) if old is None else compare(shape, old, new)
    except TypedError:
        if before:
            metadata["managedFields"] = before
        return
    _update(changes, managed=managed, me=me, now=_stamp(now), excluded=_excluded(reset_fields))
    cap_updaters(managed)
    if managed:
        metadata["managedFields"] = encode_managed(managed)


def apply(
    *,
    live: Object | None,
    patch: Object,
    type_: Type,
    kind: str,
    manager: str,
    force: bool = False,
    api_version: str,
    subresource: str = "",
    now: datetime,
    reset_fields: Iterable[tuple[str, ...]] = (),
) -> Object:
    """The object after `manager` applied `patch`, with managedFields; `live` is None on create.

    It is not defaulted yet, shares unchanged parts with both inputs, and is an equal copy of `live` (other than
    managedFields) if nothing changes. Raises ApplyConflict unless `force`, MalformedPatch for another kind or a
    patch with managedFields, FailedPatch for a patch that does not fit the schema.
    """
    group_kind = (patch.get("apiVersion"), patch.get("kind"))
    if group_kind != (api_version, kind):
        raise MalformedPatch(f"invalid object type: {_gvk(patch)}")
    try:
        managed = decode_managed(((live or {}).get("metadata") or {}).get("managedFields"), trusted=True)
    except FieldsError as error:
        raise FailedPatch(f"failed to decode managed fields: {error}") from error
    applying = _Applying(
        live=live, patch=patch, type_=type_, me=applier(manager, subresource), api_version=api_version,
        now=_stamp(now), excluded=_excluded(reset_fields),
    )  # fmt: skip
    if type_.custom:
        _follow_schema(managed, applying.shape)
    if not managed and live is not None:
        first = updater(BEFORE_FIRST_APPLY, api_version, subresource)
        try:
            changes = compare_created(type_, live)
        except TypedError as error:
            raise FailedPatch(f"failed to create manager for existing fields: {error}") from error
        _update(changes, managed=managed, me=first, now=applying.now, excluded=applying.excluded)
    result = applying.run(managed, force=force, manager=manager)
    if manager == _KUBECTL:
        _sync_last_applied(result, patch)
    return result


def _owned_at_first(type_: Type, new: Object, reset_fields: tuple[tuple[str, ...], ...]) -> FieldSet:
    """What the creator of an object owns: the same for all objects of one template. Raises TypedError."""
    drawn = b"" if type_.custom else outline(new)
    return _owned_by_outline(type_, drawn, reset_fields) if drawn else _created_fields(type_, new, reset_fields)


@lru_cache(maxsize=TEMPLATES_MAX)
def _owned_by_outline(type_: Type, drawn: bytes, reset_fields: tuple[tuple[str, ...], ...]) -> FieldSet:
    return _created_fields(type_, json.loads(drawn), reset_fields)


def _created_fields(type_: Type, new: Object, reset_fields: tuple[tuple[str, ...], ...]) -> FieldSet:
    changes = compare_created(type_, new).without(_excluded(reset_fields))
    return changes.written.difference(_NOBODY_OWNS)


def keep_timestamps(old: Object, new: Object) -> None:
    """Give `new` the times of `old`'s managedFields if nothing else differs, so that a no-op stays one."""
    before, after = old["metadata"].get("managedFields"), new["metadata"].get("managedFields")
    if not before or not after or len(before) != len(after) or before == after:
        return
    for was, now in zip(before, after, strict=True):
        if {**was, "time": None} != {**now, "time": None}:
            return
    rest = {**new, "metadata": {**new["metadata"], "managedFields": before}}
    if equal(rest, old):
        new["metadata"]["managedFields"] = before


def _starting_point(given: Any, before: Any, *, from_request: bool) -> Managed:
    """The entries that a write begins with: the client's own, else those of the old object."""
    if from_request and given is not None and given != before:
        if is_reset(given):
            return {}
        try:
            managed = decode_managed(given)
        except FieldsError:
            managed = {}
        if managed:
            return managed
    elif from_request and is_reset(given):
        return {}
    try:
        return decode_managed(before, trusted=True)
    except FieldsError:
        return {}


def _update(changes: Comparison, *, managed: Managed, me: Owner, now: str, excluded: FieldSet) -> None:
    """Give all that was written to `me`, with the time if there is anything; take it, and what is gone, from others."""
    changes = changes.without(excluded)
    written, removed = changes.written, changes.removed
    mine = written.difference(_NOBODY_OWNS)
    previous = managed.get(me)
    if previous is not None and mine.tree is written.tree and _owns_already(previous.fields, mine, removed):
        _take(managed, written, removed, me)
        if mine:
            managed[me] = Ownership(previous.fields, me.api_version, now)
        return
    _take(managed, written, removed, None)
    if not mine:
        return
    previous = managed.get(me)
    if previous is not None:
        mine = mine.union(previous.fields)
    managed[me] = Ownership(mine, me.api_version, now)


def _owns_already(fields: FieldSet, written: FieldSet, removed: FieldSet) -> bool:
    """Whether an owner ends up with just the fields that it has: the common case of writing the same ones again."""
    return not written.difference(fields) and fields.difference(removed).tree is fields.tree


def _take(managed: Managed, written: FieldSet, removed: FieldSet, me: Owner | None) -> None:
    """Take what changed, and what is gone, from all but `me`."""
    if len(managed) == 1 and me in managed:
        return
    lost = written.union(removed)
    if not lost:
        return
    for owner, ownership in list(managed.items()):
        if owner == me:
            continue
        left = ownership.fields.difference(lost)
        if not left:
            del managed[owner]
        elif left.tree is not ownership.fields.tree:
            managed[owner] = ownership.owning(left)


def _follow_schema(managed: Managed, shape: Shape) -> None:
    """Own as wholes what has become atomic since: the schema of a custom resource may change under its objects."""
    for owner, ownership in managed.items():
        fields = ownership.fields.with_atomic_leaves(shape)
        managed[owner] = ownership.owning(fields)


class _Applying:
    """One apply of one object."""

    def __init__(
        self,
        *,
        live: Object | None,
        patch: Object,
        type_: Type,
        me: Owner,
        api_version: str,
        now: str,
        excluded: FieldSet,
    ) -> None:
        self.live = live
        self.patch = patch
        self.type = type_
        self.shape = shape_of(type_)
        self.me = me
        self.api_version = api_version
        self.now = now
        self.excluded = excluded

    def run(self, managed: Managed, *, force: bool, manager: str) -> Object:
        metadata = self.patch.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
            raise MalformedPatch("metadata.managedFields must be nil")
        try:
            check(self.shape, self.patch)
            applied = FieldSet(mentioned(self.shape, self.patch)).recursive_difference(self.excluded)
        except TypedError as error:
            raise FailedPatch(f"failed to create typed patch object ({_named(self.patch)}): {error}") from error
        before: Object = self.live if self.live is not None else {}
        last = managed.get(self.me)
        managed[self.me] = Ownership(applied, self.api_version, last.time if last else "")
        try:
            new = merge(self.shape, before, self.patch)
            new = self._pruned(new, managed, last)
            changes = compare(self.shape, before, new).without(self.excluded)
        except TypedError as error:
            raise FailedPatch(f"failed to create typed live object ({_named(before)}): {error}") from error
        if not force:
            self._refuse_conflicts(managed, changes, manager)
        _take(managed, changes.written, changes.removed, self.me)
        return self._finished(new, managed)

    def _finished(self, new: Object, managed: Managed) -> Object:
        changed = new != self.live or (self.shape.mixed and not equal(new, self.live))
        mine = managed[self.me]
        fields = mine.fields.difference(_NOBODY_OWNS)
        if fields:
            managed[self.me] = Ownership(fields, self.api_version, self.now if changed else mine.time)
        else:
            del managed[self.me]
        result: Object = dict(self._as_decoded(new) if changed else self.live or {})
        metadata = result["metadata"] = dict(result.get("metadata") or {})
        metadata.pop("managedFields", None)
        if managed:
            metadata["managedFields"] = encode_managed(managed)
        return result

    def _as_decoded(self, new: Object) -> Object:
        """Without declared fields that are null. The live object of a built-in type has none that matter."""
        if self.type.custom or has_null(self.patch):
            result: Object = without_nulls(self.shape, new)
            return result
        return new

    def _pruned(self, merged: Object, managed: Managed, last: Ownership | None) -> Object:
        """Without what this manager applied last time, does not apply any more, and nobody else owns."""
        if last is None or not last.fields.difference(managed[self.me].fields):
            return merged
        shape = self.shape
        applied_before = last.fields.with_named_members(shape)
        everything = FieldSet(mentioned(shape, merged)).with_named_members(shape)
        pruned = remove(shape, merged, applied_before.tree) or {}
        # Back with what others, or the new configuration, own.
        kept = FieldSet(mentioned(shape, pruned)).with_named_members(shape)
        owned = united(managed.values()).with_named_members(shape)
        pruned = remove(shape, merged, everything.difference(kept.union(owned)).tree) or {}
        # And with what came along, but was never this manager's.
        kept = FieldSet(mentioned(shape, pruned)).with_named_members(shape)
        gone = everything.difference(kept).intersection(applied_before)
        result: Object = remove(shape, merged, gone.tree, hollow=True) or {}
        return result

    def _refuse_conflicts(self, managed: Managed, changes: Comparison, manager: str) -> None:
        conflicts: list[tuple[Owner, tuple[str, ...]]] = []
        written = changes.written
        if not written:
            return
        for owner in sorted(managed):
            if owner != self.me:
                conflicts += [(owner, path) for path in managed[owner].fields.intersection(written).paths()]
        if conflicts and manager == _KUBECTL:
            allowed = self._last_applied()
            left = [conflict for conflict in conflicts if not allowed.has(conflict[1])]
            conflicts = left
        if conflicts:
            raise _conflict(conflicts)

    def _last_applied(self) -> FieldSet:
        """What kubectl applied on the client's side and nobody changed since: kubectl may take it back."""
        live = self.live or {}
        text = ((live.get("metadata") or {}).get("annotations") or {}).get(_LAST_APPLIED)
        try:
            config = json.loads(text) if text else None
            if not isinstance(config, dict) or config.get("apiVersion") != self.api_version:
                return FieldSet()
            check(self.shape, live)
            check(self.shape, config)
            changes = compare(self.shape, config, live)
            fields = FieldSet(mentioned(self.shape, config))
        except ValueError:
            return FieldSet()
        return fields.difference(changes.modified).difference(changes.added).difference(changes.removed)


def _conflict(conflicts: list[tuple[Owner, tuple[str, ...]]]) -> ApplyConflict:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {owner.text()}", "field": path_text(path)}
        for owner, path in conflicts
    ]
    if len(conflicts) == 1:
        owner, path = conflicts[0]
        return ApplyConflict(f"Apply failed with 1 conflict: conflict with {owner.text()}: {path_text(path)}", causes)
    lines: list[str] = []
    for owner in dict.fromkeys(owner for owner, _ in conflicts):
        lines.append(f"conflicts with {owner.text()}:")
        lines += [f"- {path_text(path)}" for one, path in conflicts if one == owner]
    text = "\n".join(lines)
    return ApplyConflict(f"Apply failed with {len(conflicts)} conflicts: {text}", causes)


def _sync_last_applied(result: Object, patch: Object) -> None:
    """Keep the client-side annotation, where there is one, in step: kubectl still reads it."""
    metadata = result["metadata"]
    if not (metadata.get("annotations") or {}).get(_LAST_APPLIED):
        return
    config = dict(patch)
    given = config.get("metadata")
    if isinstance(given, dict) and isinstance(given.get("annotations"), dict):
        annotations = {key: value for key, value in given["annotations"].items() if key != _LAST_APPLIED}
        config["metadata"] = {**given, "annotations": annotations}
    text = json.dumps(config, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    metadata["annotations"] = {**metadata["annotations"], _LAST_APPLIED: text}


def _excluded(paths: Iterable[tuple[str, ...]]) -> FieldSet:
    return _paths_set(tuple(paths))


@lru_cache(maxsize=1024)
def _paths_set(paths: tuple[tuple[str, ...], ...]) -> FieldSet:
    return FieldSet.of(*(tuple("f:" + name for name in path) for path in paths))


def _stamp(now: datetime) -> str:
    return f"{now.isoformat(timespec='seconds')[:19]}Z"


def _gvk(obj: Object) -> str:
    version, kind = (value if isinstance(value, str) else "" for value in (obj.get("apiVersion"), obj.get("kind")))
    # A version without a group still has its slash.
    return f"{version if '/' in version else '/' + version}, Kind={kind}"


def _named(obj: Object) -> str:
    metadata = obj.get("metadata")
    name, namespace = (
        value if isinstance(value, str) else ""
        for value in ((metadata.get("name"), metadata.get("namespace")) if isinstance(metadata, dict) else ("", ""))
    )
    return f"{namespace}/{name}; {_gvk(obj)}"
