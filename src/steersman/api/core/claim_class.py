"""The storage class of a volume claim, or of a volume. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

BETA_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def class_of_claim(claim: Object) -> str:
    """The name of its storage class: the annotation of old wins; empty if there is none."""
    return _class_of(claim)


def class_of_volume(volume: Object) -> str:
    """Likewise."""
    return _class_of(volume)


def _class_of(obj: Object) -> str:
    annotations = obj["metadata"].get("annotations") or {}
    if BETA_CLASS_ANNOTATION in annotations:
        return str(annotations[BETA_CLASS_ANNOTATION])
    return (obj.get("spec") or {}).get("storageClassName") or ""
