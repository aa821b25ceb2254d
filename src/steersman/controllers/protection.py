"""protection: finalizers that keep an object while it is used. Pure.

Upstream: pkg/volume/util/finalizer.go, pkg/controller/volume/protectionutil.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def needs_finalizer(obj: Object, finalizer: str) -> bool:
    """It is not being deleted and is not protected yet."""
    metadata = obj["metadata"]
    return not metadata.get("deletionTimestamp") and finalizer not in (metadata.get("finalizers") or ())


def wants_to_go(obj: Object, finalizer: str) -> bool:
    """It is being deleted, and its protection keeps it."""
    metadata = obj["metadata"]
    return bool(metadata.get("deletionTimestamp")) and finalizer in (metadata.get("finalizers") or ())


def protected(obj: Object, finalizer: str) -> Object:
    """With the finalizer."""
    metadata = obj["metadata"]
    return obj | {"metadata": metadata | {"finalizers": [*(metadata.get("finalizers") or ()), finalizer]}}


def released(obj: Object, finalizer: str) -> Object:
    """Without it."""
    metadata = obj["metadata"]
    left = [each for each in metadata.get("finalizers") or () if each != finalizer]
    return obj | {"metadata": metadata | {"finalizers": left}}
