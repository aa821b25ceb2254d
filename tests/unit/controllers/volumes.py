"""Terse builders of volumes, claims and the pods that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .objects import meta

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def volume(name: str = "v", *, size: str = "1Gi", modes: tuple[str, ...] = ("ReadWriteOnce",), **more: Any) -> Object:
    """`phase`, `metadata` and fields of the specification."""
    metadata = {key: value for key, value in meta(name, **more.pop("metadata", {})).items() if key != "namespace"}
    phase = more.pop("phase", "")
    spec = {
        "capacity": {"storage": size},
        "accessModes": list(modes),
        "persistentVolumeReclaimPolicy": "Retain",
        **more,
    }
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase} if phase else {}}


def claim(name: str = "c", *, size: str = "1Gi", modes: tuple[str, ...] = ("ReadWriteOnce",), **more: Any) -> Object:
    """`phase`, `metadata`, `status` and fields of the specification."""
    metadata = meta(name, **more.pop("metadata", {}))
    phase, status = more.pop("phase", ""), more.pop("status", {})
    spec = {"resources": {"requests": {"storage": size}}, "accessModes": list(modes), **more}
    return {"metadata": metadata, "spec": spec, "status": ({"phase": phase} if phase else {}) | status}


def user(
    name: str = "p", *, node: str = "n1", phase: str = "Running", uses: str = "c", made: bool = False, **more: Any
) -> Object:
    """A pod with a volume that is a claim of the name, or one made for it (then called `uses` itself)."""
    source = (
        {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}} if made else {"persistentVolumeClaim": {"claimName": uses}}
    )
    spec = {"volumes": [{"name": uses, **source}], "containers": [], **({"nodeName": node} if node else {})}
    return {"kind": "Pod", "metadata": meta(name, **more), "spec": spec, "status": {"phase": phase}}
