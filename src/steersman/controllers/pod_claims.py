"""pod_claims: pods by the volume claims that they use. Pure.

Upstream: pkg/controller/volume/common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod_claims import claim_name, is_for_pod, named_claims

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

BY_CLAIM = "pods by volume claim"
"""The index that controllers of claims share; by `claims_of`."""


def claims_of(pod: Object) -> tuple[str, ...]:
    """Index values: namespace/name of claims."""
    namespace = pod["metadata"]["namespace"]
    return tuple({f"{namespace}/{name}" for name in named_claims(pod)})


def mentions(pod: Object, claim: Object, *, made: bool = True) -> bool:
    """Whether a pod uses a claim. `made`: also as one that was made for it."""
    name = claim["metadata"]["name"]
    for volume in pod["spec"].get("volumes") or ():
        if (volume.get("persistentVolumeClaim") or {}).get("claimName") == name:
            return True
        if made and volume.get("ephemeral") is not None and claim_name(pod, volume) == name and is_for_pod(claim, pod):
            return True
    return False
