"""The claims of a pod: which they are, and whom they are reserved for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from steersman.api.meta.types import Object

FINALIZER = "resource.kubernetes.io/delete-protection"


class ClaimError(Exception):
    """A pod has to wait: a claim of it is not there, or not for it."""


def claims_of(pod: Object, claim_of: Callable[[str, str], Object | None]) -> list[Object]:
    """Of spec.resourceClaims; without those that are not needed. `claim_of`: by namespace and name. Raises
    ClaimError.
    """
    return list(_claims(pod, claim_of))


def claim_names(pod: Object) -> list[str]:
    """Of the claims that are known by now."""
    names = (_name(pod, entry) for entry in pod["spec"].get("resourceClaims") or ())
    return [name for known, name in names if known and name is not None]


def allocation_of(claim: Object) -> Object | None:
    allocation: Object | None = (claim.get("status") or {}).get("allocation")
    return allocation


def reserved_for(pod: Object, claim: Object) -> bool:
    uid = pod["metadata"]["uid"]
    return any(each["uid"] == uid for each in (claim.get("status") or {}).get("reservedFor") or ())


def consumer(pod: Object) -> Object:
    """How a pod is named in status.reservedFor."""
    return {"resource": "pods", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}


def owned_by(pod: Object, claim: Object) -> bool:
    """Whether a claim was made for this very pod."""
    uid = pod["metadata"]["uid"]
    return any(each.get("controller") and each["uid"] == uid for each in claim["metadata"].get("ownerReferences") or ())


def _claims(pod: Object, claim_of: Callable[[str, str], Object | None]) -> Iterator[Object]:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    for entry in pod["spec"].get("resourceClaims") or ():
        known, claim_name = _name(pod, entry)
        if not known:
            raise ClaimError(f'pod "{namespace}/{name}": ResourceClaim not created yet')
        if claim_name is None:
            continue
        claim = claim_of(namespace, claim_name)
        if claim is None:
            raise ClaimError(f'could not find v1.ResourceClaim "{namespace}/{claim_name}"')
        if claim["metadata"].get("deletionTimestamp"):
            raise ClaimError(f'resourceclaim "{claim_name}" is being deleted')
        if entry.get("resourceClaimName") is None and not owned_by(pod, claim):
            what = f"ResourceClaim {namespace}/{claim_name} was not created for Pod {namespace}/{name}"
            raise ClaimError(f"{what} (Pod is not owner)")
        yield claim


def _name(pod: Object, entry: Object) -> tuple[bool, str | None]:
    """Whether it is known yet, and the name; None: there need not be one."""
    if entry.get("resourceClaimName") is not None:
        return True, entry["resourceClaimName"]
    for status in (pod.get("status") or {}).get("resourceClaimStatuses") or ():
        if status["name"] == entry["name"]:
            return True, status.get("resourceClaimName")
    return False, None
