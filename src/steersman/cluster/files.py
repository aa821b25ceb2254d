"""Small files that must be whole: keys, certificates, kubeconfigs."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` at `path`, durable, with `mode` from the first moment; what was there is replaced. Raises OSError."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - both are plain names here
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108
        raise
