"""pod_claims: which volume claims a pod uses, by name or made for it. Pure.

Upstream: component-helpers/storage/ephemeral, pkg/controller/volume/common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.ownership import controller_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

BY_CLAIM = "pods by volume claim"
"""The index that controllers of claims share; by `claims_of`."""


def claim_name(pod: Object, volume: Object) -> str:
    """Of the claim that is made for an ephemeral volume of a pod."""
    return f"{pod['metadata']['name']}-{volume['name']}"


def is_for_pod(claim: Object, pod: Object) -> bool:
    """Whether a claim was made for a pod, which is not so only because it is called like that."""
    owner = controller_of(claim)
    same = claim["metadata"].get("namespace") == pod["metadata"].get("namespace")
    return same and owner is not None and owner["uid"] == pod["metadata"]["uid"]


def named_claims(pod: Object) -> Iterator[str]:
    """Names of all claims that a pod uses, or may use if they are made for it."""
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim") is not None:
            yield volume["persistentVolumeClaim"]["claimName"]
        elif volume.get("ephemeral") is not None:
            yield claim_name(pod, volume)


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
