"""A data file that belongs to one process, checked before a database engine may touch it.

Raises StoreBroken, with the path and what would mend it; nothing is ever overwritten here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from typing import TYPE_CHECKING

from steersman.store.interface import StoreBroken

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100
_VERSION_AT = 60
_APPLICATION_AT = 68


def take_lock(path: Path) -> int:
    """Claim the data file at `path` for this process; the descriptor to close at the end.

    The claim is a lock on the file beside it, which holds the owner's process id and ends with the process, however
    that ends.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreBroken(
            f"cannot use the data directory {path.parent}: {error.strerror}; make it writable or choose another one"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreBroken(
            f"{path} is in use by process {owner}; stop that one first or choose another data directory"
        ) from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        # The file holds every Secret: it is made for its owner only, and SQLite gives its companions the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        pass  # a full disk or a file that cannot be written: the engine says so in a moment
    return descriptor


def create_private(path: Path) -> None:
    """An empty file that only its owner reads, if there is none yet; SQLite gives its other files the same rights."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def check_header(path: Path, *, application_id: int, version: int) -> None:
    """Look at the first bytes of an SQLite file, if there is one: is it ours, whole, and of a schema `version` we
    know?
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_SIZE)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreBroken(f"cannot read {path}: {error.strerror}; check its owner and permissions") from error
    if not header:
        return
    if len(header) < _HEADER_SIZE or not header.startswith(_SQLITE_MAGIC):
        raise damaged(path, "it is no SQLite file or its beginning is lost")
    (found_application,) = struct.unpack_from(">I", header, _APPLICATION_AT)
    (found_version,) = struct.unpack_from(">I", header, _VERSION_AT)
    if found_application not in (0, application_id):
        raise foreign(path)
    if found_version > version:
        raise newer(path, found=found_version, known=version)


def damaged(path: Path, what: str) -> StoreBroken:
    return StoreBroken(
        f"{path} is damaged: {what}; move it away and restore a snapshot into a new one (nothing was changed)"
    )


def foreign(path: Path) -> StoreBroken:
    return StoreBroken(f"{path} belongs to another program; choose another data directory (nothing was changed)")


def newer(path: Path, *, found: int, known: int) -> StoreBroken:
    return StoreBroken(
        f"{path} was written by a newer version (schema {found}, known here: up to {known}); run that version, "
        "or restore a snapshot into a new data directory (nothing was changed)"
    )
