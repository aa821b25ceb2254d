"""assumed: objects of an informer, some of them already as they are about to be written.

What is assumed holds for the version of an object that it was made of: any other version that the informer shows wins.
Upstream: pkg/scheduler/framework/plugins/volumebinding/passive_assume_cache.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.client.client import key_of
from steersman.scheduler.framework import PluginError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object
    from steersman.client.informer import Informer
    from steersman.client.request import Key


class Assumed:
    """See the module. Objects are read-only."""

    def __init__(self, *, informer: Informer) -> None:
        self._informer = informer
        self._assumed: dict[Key, Object] = {}
        informer.add_handler(self._changed)

    def get(self, key: Key) -> Object | None:
        """As it is assumed to be."""
        return self._assumed.get(key) or self._informer.get(key)

    def shown(self, key: Key) -> Object | None:
        """As the API shows it."""
        return self._informer.get(key)

    def by_index(self, name: str, value: str) -> Sequence[Object]:
        """Found as the API shows them, given as they are assumed to be."""
        found = self._informer.by_index(name, value)
        if not self._assumed:
            return found
        return [self._assumed.get(key_of(obj), obj) for obj in found]

    def assume(self, obj: Object) -> None:
        """Raises PluginError if it was made of another version than the one that is shown."""
        key = key_of(obj)
        shown = self._informer.get(key)
        if shown is None or _version(shown) != _version(obj):
            stored = _version(shown) if shown is not None else ""
            raise PluginError(f'"{key.name}" is out of sync (stored: {stored}, assume: {_version(obj)})')
        self._assumed[key] = obj

    def restore(self, obj: Object) -> None:
        """Assume nothing of it any more."""
        self._assumed.pop(key_of(obj), None)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if not self._assumed:
            return
        obj = new if new is not None else old
        assert obj is not None
        known = self._assumed.get(key_of(obj))
        if known is not None and (new is None or _version(known) != _version(new)):
            del self._assumed[key_of(obj)]


def _version(obj: Object) -> str:
    version: str = obj["metadata"].get("resourceVersion", "")
    return version
