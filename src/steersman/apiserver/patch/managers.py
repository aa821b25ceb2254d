"""metadata.managedFields: reading, writing, sorting, capping (upstream: apimachinery, pkg/util/managedfields)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.apiserver.patch.elements import FieldsError
from steersman.apiserver.patch.fieldset import FieldSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

APPLY, UPDATE = "Apply", "Update"
UPDATERS_MAX = 10
"""Update entries of one object; the oldest are merged beyond that."""
ANCIENT = "ancient-changes"


class Owner(NamedTuple):
    """Who owns fields. An applier is the same one in every API version, so its `api_version` is empty here."""

    manager: str
    operation: str
    api_version: str
    subresource: str

    def text(self) -> str:
        """As conflicts name it: `"kubectl-edit" with subresource "scale" using apps/v1`."""
        text = f'"{self.manager}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


def applier(manager: str, subresource: str) -> Owner:
    return Owner(manager or "unknown", APPLY, "", subresource)


def updater(manager: str, api_version: str, subresource: str) -> Owner:
    return Owner(manager or "unknown", UPDATE, api_version, subresource)


class Ownership(NamedTuple):
    """What one owner owns, in which version's field names, and since when (RFC 3339; empty: unknown)."""

    fields: FieldSet
    api_version: str
    time: str = ""
    entry: Object | None = None
    """The wire form that it was read from, as long as nothing changed."""

    def owning(self, fields: FieldSet) -> Ownership:
        return self if fields.tree is self.fields.tree else self._replace(fields=fields, entry=None)


Managed = dict[Owner, Ownership]


def decode_managed(entries: Any, *, trusted: bool = False) -> Managed:
    """Entries of metadata.managedFields. Raises FieldsError if one makes no sense.

    `trusted` entries were written by `encode_managed` and are taken as they are.
    """
    managed: Managed = {}
    for at, entry in enumerate(entries or ()):
        operation = entry.get("operation", "")
        if operation not in {APPLY, UPDATE}:
            raise FieldsError("operation must be `Apply` or `Update`")
        version = entry.get("apiVersion") or ""
        if not version:
            raise FieldsError("apiVersion must not be empty")
        if entry.get("fieldsType") != "FieldsV1":
            raise FieldsError(f"invalid fieldsType in managed fields entry {at}")
        tree = entry.get("fieldsV1")
        fields = FieldSet(tree) if trusted and tree else FieldSet.decode({} if tree is None else tree)
        owner = Owner(
            entry.get("manager") or "",
            operation,
            version if operation == UPDATE else "",
            entry.get("subresource") or "",
        )
        managed[owner] = Ownership(fields, version, entry.get("time") or "", entry if trusted else None)
    return managed


def encode_managed(managed: Managed) -> list[Object]:
    """Entries in upstream's order: appliers first, then by time, manager, version, subresource."""
    order = sorted(managed.items(), key=_sort_key)
    return [ownership.entry or _entry(owner, ownership) for owner, ownership in order]


def _sort_key(pair: tuple[Owner, Ownership]) -> tuple[str, ...]:
    owner, ownership = pair
    return (owner.operation, ownership.time, owner.manager, ownership.api_version, owner.subresource)


def _entry(owner: Owner, ownership: Ownership) -> Object:
    entry: Object = {"manager": owner.manager} if owner.manager else {}
    entry["operation"] = owner.operation
    entry["apiVersion"] = ownership.api_version
    if ownership.time:
        entry["time"] = ownership.time
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = ownership.fields.encode()
    if owner.subresource:
        entry["subresource"] = owner.subresource
    return entry


def is_reset(entries: Any) -> bool:
    """Does an object's managedFields ask for tracking to begin anew? `[]` and `[{}]` do."""
    return isinstance(entries, list) and (not entries or (len(entries) == 1 and not entries[0]))


def cap_updaters(managed: Managed) -> None:
    """Merge the oldest update entries, version by version, until there are no more than UPDATERS_MAX."""
    updaters = [owner for owner in managed if owner.operation == UPDATE]
    too_many = len(updaters) - UPDATERS_MAX
    if too_many <= 0:
        return
    updaters.sort(key=lambda owner: (managed[owner].time, owner))
    first_of: dict[str, Owner] = {}
    for owner in updaters:
        if too_many <= 0:
            return
        ownership = managed[owner]
        first = first_of.setdefault(ownership.api_version, owner)
        if first is owner:
            continue
        bucket = updater(ANCIENT, ownership.api_version, "")
        if bucket not in managed:
            managed[bucket] = managed.pop(first)
        fields = ownership.fields.union(managed[bucket].fields)
        del managed[owner]
        # The newer of the two times, which is that of the one merged in.
        managed[bucket] = Ownership(fields, ownership.api_version, ownership.time)
        too_many -= 1


def united(ownerships: Iterable[Ownership]) -> FieldSet:
    fields = FieldSet()
    for ownership in ownerships:
        fields = fields.union(ownership.fields)
    return fields
