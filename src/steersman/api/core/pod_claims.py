"""Which volume claims a pod uses, by name or made for it. Pure.

Upstream: component-helpers/storage/ephemeral, pkg/controller/volume/common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object


class ClaimUse(NamedTuple):
    """How a volume of a pod names its claim. `made`: the claim is made for the pod, as its ephemeral volume."""

    name: str
    made: bool


def claim_name(pod: Object, volume: Object) -> str:
    """Of the claim that is made for an ephemeral volume of a pod."""
    return f"{pod['metadata']['name']}-{volume['name']}"


def claim_uses(pod: Object) -> Iterator[ClaimUse]:
    """In the order of its volumes."""
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim") is not None:
            yield ClaimUse(volume["persistentVolumeClaim"]["claimName"], made=False)
        elif volume.get("ephemeral") is not None:
            yield ClaimUse(claim_name(pod, volume), made=True)


def named_claims(pod: Object) -> Iterator[str]:
    """Names of all claims that a pod uses, or may use if they are made for it."""
    for use in claim_uses(pod):
        yield use.name


def is_for_pod(claim: Object, pod: Object) -> bool:
    """Whether a claim was made for a pod, which is not so only because it is called like that."""
    owners = claim["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    same = claim["metadata"].get("namespace") == pod["metadata"].get("namespace")
    return same and owner is not None and owner["uid"] == pod["metadata"]["uid"]
