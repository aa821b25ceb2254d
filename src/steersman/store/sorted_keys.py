"""An ordered set of keys with cheap inserts and counts, for some hundred thousand keys.

The keys stand in chunks of bounded size, so that an insert moves hundreds of pointers and not all of them. Python
orders text by code points, which is the order of its UTF-8 bytes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK_KEYS_MAX = 1024


def after_prefix(prefix: str) -> str | None:
    """The first text that follows everything with `prefix`; None if nothing can."""
    while prefix:
        last = ord(prefix[-1])
        prefix = prefix[:-1]
        if last < 0x10FFFF:
            return prefix + chr(0xE000 if last == 0xD7FF else last + 1)  # surrogates are no text
    return None


class SortedKeys:
    """Distinct strings in order."""

    __slots__ = ("_chunks", "_lasts", "_size")

    def __init__(self, keys: Iterable[str] = ()) -> None:
        ordered = sorted(set(keys))
        half = _CHUNK_KEYS_MAX // 2
        self._chunks = [ordered[i : i + half] for i in range(0, len(ordered), half)]
        self._lasts = [chunk[-1] for chunk in self._chunks]
        self._size = len(ordered)

    def __len__(self) -> int:
        return self._size

    def add(self, key: str) -> None:
        """Insert a key that is not in the set."""
        chunks, lasts = self._chunks, self._lasts
        self._size += 1
        if not chunks:
            chunks.append([key])
            lasts.append(key)
            return
        i = min(bisect_left(lasts, key), len(chunks) - 1)
        chunk = chunks[i]
        insort(chunk, key)
        if len(chunk) > _CHUNK_KEYS_MAX:
            half = len(chunk) // 2
            chunks.insert(i + 1, chunk[half:])
            del chunk[half:]
            lasts.insert(i, chunk[-1])
            lasts[i + 1] = chunks[i + 1][-1]
        else:
            lasts[i] = chunk[-1]

    def remove(self, key: str) -> None:
        """Take out a key that is in the set."""
        i = bisect_left(self._lasts, key)
        chunk = self._chunks[i]
        j = bisect_left(chunk, key)
        if chunk[j] != key:
            raise KeyError(key)
        del chunk[j]
        self._size -= 1
        if chunk:
            self._lasts[i] = chunk[-1]
        else:
            del self._chunks[i]
            del self._lasts[i]

    def walk(self, prefix: str, start: str = "") -> Iterator[str]:
        """Keys with `prefix` that are not before `start`, in order. The set must not change meanwhile."""
        i, j = self._find(max(prefix, start))
        for chunk in self._chunks[i:]:
            for key in chunk[j:] if j else chunk:
                if not key.startswith(prefix):
                    return
                yield key
            j = 0

    def count(self, prefix: str, start: str = "") -> int:
        """How many keys `walk` would bring, without walking."""
        return max(0, self._rank(after_prefix(prefix)) - self._rank(max(prefix, start)))

    def _find(self, key: str) -> tuple[int, int]:
        i = bisect_left(self._lasts, key)
        return (i, bisect_left(self._chunks[i], key)) if i < len(self._chunks) else (i, 0)

    def _rank(self, key: str | None) -> int:
        if key is None:
            return self._size
        i, j = self._find(key)
        return sum(map(len, self._chunks[:i])) + j
