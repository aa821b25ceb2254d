"""A store's current content as one file: independent of the driver, complete or absent, checked before it is believed.

Layout: the line `steersman snapshot 1`; a line of JSON with the revision; then per record four little-endian 32 bit
numbers (length of the key, length of the value, seconds to live or 0, CRC-32 of all else in the record), the key and
the value. A final record has an empty key, and as its value the number of records before it and the revision.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.store.interface import Put, StoreBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MAGIC = b"steersman snapshot 1\n"
_HEAD = struct.Struct("<III")
_CHECKSUM = struct.Struct("<I")


def _private(path: str, flags: int) -> int:
    """A snapshot holds every Secret: only its owner reads it."""
    return os.open(path, flags, 0o600)


class SnapshotWriter:
    """Writes beside the target and moves it there in the end. All methods block. Raises StoreBroken."""

    __slots__ = ("_count", "_file", "_path", "_revision", "_temporary")

    def __init__(self, path: Path, *, revision: int) -> None:
        if path.exists():
            raise StoreBroken(f"{path} exists already; a snapshot is written to a new file")
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._revision = revision
        self._count = 0
        try:
            self._file = open(self._temporary, "xb", opener=_private)  # noqa: SIM115 - closed by finish and abort
            self._file.write(_MAGIC + json.dumps({"revision": revision}).encode() + b"\n")
        except OSError as error:
            raise StoreBroken(f"cannot write a snapshot to {path}: {error.strerror}; choose another place") from error

    def add(self, items: Iterable[tuple[str, bytes, int]]) -> None:
        """Append (key, value, seconds to live)."""
        try:
            for key, value, ttl_s in items:
                name = key.encode()
                head = _HEAD.pack(len(name), len(value), ttl_s)
                checksum = zlib.crc32(value, zlib.crc32(name, zlib.crc32(head)))
                self._file.write(head + _CHECKSUM.pack(checksum) + name + value)
                self._count += 1
        except OSError as error:
            raise StoreBroken(f"cannot write the snapshot {self._path}: {error.strerror}") from error

    def finish(self) -> None:
        """Make it durable and visible under its name."""
        self.add([("", _end(self._count, self._revision), 0)])
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.link(self._temporary, self._path)  # unlike a rename this never replaces a file
            self._temporary.unlink()
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise StoreBroken(f"cannot finish the snapshot {self._path}: {error.strerror}") from error

    def abort(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A checked snapshot file."""

    path: Path
    revision: int
    count: int

    def puts(self) -> Iterator[Put]:
        """Its records in key order."""
        return (put for put in _records(self.path) if put.key)


def open_snapshot(path: Path) -> Snapshot:
    """Read the file through once; raises StoreBroken unless it is a complete snapshot."""
    count = 0
    end: bytes | None = None
    for put in _records(path):
        if end is not None:
            raise _damaged(path)
        if put.key:
            count += 1
        else:
            end = put.value
    with path.open("rb") as file:
        file.readline()
        revision = _revision(file.readline())
    if revision is None or end != _end(count, revision):
        raise _damaged(path)
    return Snapshot(path, revision, count)


def _end(count: int, revision: int) -> bytes:
    return b"%d %d" % (count, revision)


def _revision(line: bytes) -> int | None:
    try:
        revision = json.loads(line)["revision"]
    except (ValueError, KeyError):
        return None
    return revision if isinstance(revision, int) else None


def _records(path: Path) -> Iterator[Put]:
    try:
        with path.open("rb") as file:
            if file.readline() != _MAGIC or not file.readline().startswith(b"{"):
                raise StoreBroken(f"{path} is no snapshot of steersman")
            while start := file.read(_HEAD.size + _CHECKSUM.size):
                if len(start) < _HEAD.size + _CHECKSUM.size:
                    raise _damaged(path)
                head = start[: _HEAD.size]
                name_size, value_size, ttl_s = _HEAD.unpack(head)
                (checksum,) = _CHECKSUM.unpack(start[_HEAD.size :])
                name, value = file.read(name_size), file.read(value_size)
                if zlib.crc32(value, zlib.crc32(name, zlib.crc32(head))) != checksum:
                    raise _damaged(path)
                yield Put(name.decode(), value, ttl_s)
    except OSError as error:
        raise StoreBroken(f"cannot read the snapshot {path}: {error.strerror}") from error


def _damaged(path: Path) -> StoreBroken:
    return StoreBroken(f"the snapshot {path} is damaged or cut off; use another one")
