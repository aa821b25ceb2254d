"""pending: what a controller has written and its caches do not show yet.

A controller that counts what is there would count wrong right after its own writes, and create or delete too much. So a
key waits until the cache shows what was written for it; the change that it waits for queues it again.
Upstream: pkg/controller/controller_utils.go (expectations). Difference: nothing expires, since nothing needs to: that a
cache holds a version, or does not hold an object any more, is looked up and not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.client.client import key_of

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.request import Key
    from steersman.controllers.base import View


@dataclass(slots=True)
class _Writes:
    created_version: int = 0
    deleted: dict[str, Key] = field(default_factory=dict)
    """By uid."""


class Pending:
    """Of one controller and one resource that it creates and deletes."""

    def __init__(self, *, view: View, resource: Resource) -> None:
        self._view = view
        self._resource = resource
        self._writes: dict[Key, _Writes] = {}

    def created(self, key: Key, answer: Object) -> None:
        """Something was created (or changed) for `key`; `answer` is what the API said."""
        writes = self._writes.setdefault(key, _Writes())
        writes.created_version = max(writes.created_version, int(answer["metadata"]["resourceVersion"]))

    def deleted(self, key: Key, obj: Object) -> None:
        """`obj` was deleted for `key`."""
        self._writes.setdefault(key, _Writes()).deleted[obj["metadata"]["uid"]] = key_of(obj)

    def settled(self, key: Key) -> bool:
        """Whether the cache shows all that was written for `key`."""
        writes = self._writes.get(key)
        if writes is None:
            return True
        for uid in [uid for uid, place in writes.deleted.items() if self._is_gone(uid, place)]:
            del writes.deleted[uid]
        if writes.deleted or not self._view.reached(self._resource, writes.created_version):
            return False
        del self._writes[key]
        return True

    def forget(self, key: Key) -> None:
        """The object that `key` stands for is no more."""
        self._writes.pop(key, None)

    def _is_gone(self, uid: str, place: Key) -> bool:
        obj = self._view.get(self._resource, place)
        return obj is None or obj["metadata"]["uid"] != uid or bool(obj["metadata"].get("deletionTimestamp"))
