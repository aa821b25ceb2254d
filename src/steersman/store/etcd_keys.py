"""How the store's keys and revisions lie in an etcd cluster; pure.

Keys stand under the configured prefix as they are. What the store keeps for itself stands under a zero byte, where no
list of it looks. The store's revision is etcd's plus a shift, which is 0 unless a snapshot with a higher revision was
restored.
"""

from __future__ import annotations

from typing import Any

from steersman.store.interface import Record

_INTERNAL = b"\0steersman\0"
_FROM_HERE_ON = b"\0"
"""As the end of a range: no end."""


class KeySpace:
    """`prefix` of all keys, and the `shift` of revisions."""

    def __init__(self, *, prefix: str) -> None:
        self._prefix = prefix.encode()
        self.shift = 0

    @property
    def shift_key(self) -> bytes:
        """Where the shift is written."""
        return _INTERNAL + b"shift\0" + self._prefix

    @property
    def probe_key(self) -> bytes:
        """A key that never exists, to ask for the revision alone."""
        return _INTERNAL + b"probe"

    def to_remote_key(self, key: str) -> bytes:
        return self._prefix + key.encode()

    def from_remote_key(self, key: bytes) -> str | None:
        """None for a key that is not the store's."""
        if key.startswith(b"\0") or not key.startswith(self._prefix):
            return None
        return key[len(self._prefix) :].decode()

    def to_remote(self, revision: int) -> int:
        """At least 1: what was before the shift is compacted, and etcd says so of revision 1."""
        return max(1, revision - self.shift)

    def from_remote(self, revision: int) -> int:
        return revision + self.shift

    def range_of(self, prefix: str, start: str = "") -> tuple[bytes, bytes]:
        """The range of the keys with `prefix` from `start` on: first key and the key after the last."""
        full = self.to_remote_key(prefix)
        return max(full, self.to_remote_key(start)) or b"\x01", _after(full)

    def everything(self) -> tuple[bytes, bytes]:
        """All keys of the cluster, other programs' too."""
        return b"\0", _FROM_HERE_ON

    def record_of(self, kv: Any) -> Record:
        key = kv.key[len(self._prefix) :].decode()
        return Record(key, kv.value, kv.create_revision + self.shift, kv.mod_revision + self.shift, kv.version)


def _after(prefix: bytes) -> bytes:
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,)) if stripped else _FROM_HERE_ON
