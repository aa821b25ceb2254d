"""ownership: which objects belong to a controller's object: owned, adopted when they match, released when they do not.

Invariants: an object that another one owns is left alone; nothing is adopted for an owner that is being deleted, which
is looked up where it is kept before the first adoption; release and adoption name the uids they are about.
Upstream: pkg/controller/controller_ref_manager.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.errors import Invalid, NotFound
from steersman.client.client import key_of
from steersman.client.request import Key, PatchType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.client import Client
    from steersman.controllers.base import View

BY_OWNER = "by the uid of what controls it, or by namespace"
"""The index that controllers of owners share, for every resource that is owned; by `owner_keys`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner has a claim on: what is its own already, what to adopt, what to release."""

    owned: list[Object]
    adopt: list[Object]
    release: list[Object]


class OwnerGoneError(Exception):
    """The owner is being deleted or was replaced, which the cache did not show; the message says so."""


def controller_of(obj: Object) -> Object | None:
    """The ownerReference of the one that controls it."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            owner: Object = reference
            return owner
    return None


def reference_to(owner: Object, resource: Resource) -> Object:
    """The ownerReference that makes `owner` the controller."""
    metadata = owner["metadata"]
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owner_keys(obj: Object) -> tuple[str, ...]:
    """The values of BY_OWNER."""
    reference = controller_of(obj)
    return (reference["uid"],) if reference is not None else (orphans_of(obj["metadata"]["namespace"]),)


def orphans_of(namespace: str) -> str:
    """The value of BY_OWNER for what nobody controls."""
    return f"orphans of {namespace}"


def candidates(view: View, resource: Resource, owner: Object) -> list[Object]:
    """What is the owner's, and what is nobody's and could be; by BY_OWNER."""
    metadata = owner["metadata"]
    values = (metadata["uid"], orphans_of(metadata["namespace"]))
    return [obj for value in values for obj in view.by_index(resource, BY_OWNER, value)]


def plan_claim(owner: Object, objects: Iterable[Object], matches: Callable[[Object], bool]) -> Claim:
    """Sort `objects` of the owner's namespace. `matches`: the owner's selector."""
    uid, deleted = owner["metadata"]["uid"], bool(owner["metadata"].get("deletionTimestamp"))
    claim = Claim([], [], [])
    for obj in objects:
        reference = controller_of(obj)
        if reference is None:
            if not deleted and not obj["metadata"].get("deletionTimestamp") and matches(obj):
                claim.adopt.append(obj)
        elif reference["uid"] == uid:
            if matches(obj):
                claim.owned.append(obj)
            elif not deleted:
                claim.release.append(obj)
    return claim


class Claims:
    """Carries claims out, for one controller."""

    def __init__(
        self, *, client: Client, owners: Resource, objects: Resource, finalizers: tuple[str, ...] = ()
    ) -> None:
        """`finalizers`: what is adopted gets them, what is released loses them."""
        self._client = client
        self._owners = owners
        self._objects = objects
        self._finalizers = list(finalizers)

    async def settle(self, owner: Object, claim: Claim) -> list[Object]:
        """Adopt and release; all that is the owner's now. Raises OwnerGoneError, ApiError."""
        mine = list(claim.owned)
        for obj in claim.release:
            await self._release(obj, owner["metadata"]["uid"])
        if claim.adopt:
            await self._check_owner(owner)
        mine += [obj for obj in claim.adopt if await self._adopt(obj, owner)]
        return mine

    async def _check_owner(self, owner: Object) -> None:
        key = key_of(owner)
        found = await self._client.get(self._owners, key)
        if found["metadata"]["uid"] != owner["metadata"]["uid"]:
            raise OwnerGoneError(f"{self._owners.kind} {key} was replaced: nothing is adopted for it")
        if found["metadata"].get("deletionTimestamp"):
            raise OwnerGoneError(f"{self._owners.kind} {key} is being deleted: nothing is adopted for it")

    async def _adopt(self, obj: Object, owner: Object) -> bool:
        metadata: Object = {"uid": obj["metadata"]["uid"], "ownerReferences": [reference_to(owner, self._owners)]}
        if self._finalizers:
            metadata["finalizers"] = self._finalizers
        try:
            await self._patch(key_of(obj), metadata)
        except NotFound:
            return False
        return True

    async def _release(self, obj: Object, owner_uid: str) -> None:
        metadata: Object = {
            "uid": obj["metadata"]["uid"],
            "ownerReferences": [{"$patch": "delete", "uid": owner_uid}],
        }
        if self._finalizers:
            metadata["$deleteFromPrimitiveList/finalizers"] = self._finalizers
        try:
            await self._patch(key_of(obj), metadata)
        except (NotFound, Invalid):
            # It is gone, or was replaced by another of its name, or has no owners any more.
            return

    async def _patch(self, key: Key, metadata: Object) -> None:
        await self._client.patch(self._objects, key, {"metadata": metadata}, kind=PatchType.STRATEGIC)


def concerned_owners(
    old: Object | None, new: Object | None, *, kind: str, adopters: Callable[[Object], Iterable[Key]]
) -> list[Key]:
    """Whom a change of something owned concerns: its controller of `kind`, before and after; or, while it has none and
    is not being deleted, whoever might adopt it.
    """
    keys: list[Key] = []
    for obj in (old, new):
        reference = controller_of(obj) if obj is not None else None
        if obj is not None and reference is not None and reference["kind"] == kind:
            keys.append(Key(obj["metadata"].get("namespace", ""), reference["name"]))
    if new is not None and controller_of(new) is None and not new["metadata"].get("deletionTimestamp"):
        keys += adopters(new)
    return keys
