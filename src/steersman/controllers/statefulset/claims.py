"""claims: the storage of an ordinal's pod, and who owns it. Pure.

Invariants: what is to be deleted with the set belongs to the set; what is to be deleted with an ordinal belongs to the
ordinal's pod, from the moment on when the ordinal is given up; a claim that belongs to somebody of the same name and
another uid is left to the garbage collector.
Upstream: KEP-1847, stateful_set_utils.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.pod import PODS
from steersman.controllers.ownership import reference_to
from steersman.controllers.statefulset.identity import claim_name, claim_templates, ordinal_of, ordinals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

RETAIN, DELETE = "Retain", "Delete"


def new_claims(stateful_set: Object, pod: Object) -> list[Object]:
    """The claims of a pod, as they are made."""
    labels = (stateful_set["spec"].get("selector") or {}).get("matchLabels") or {}
    claims = []
    for template in claim_templates(stateful_set):
        metadata = template["metadata"] | {
            "name": claim_name(stateful_set, template, ordinal_of(pod)),
            "namespace": stateful_set["metadata"]["namespace"],
        }
        all_labels = (metadata.get("labels") or {}) | labels
        if all_labels:
            metadata["labels"] = all_labels
        claims.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | template | {"metadata": metadata})
    return claims


def retention(stateful_set: Object) -> tuple[str, str]:
    """When the set is deleted, when it is scaled down."""
    policy = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenDeleted") or RETAIN, policy.get("whenScaled") or RETAIN


def is_stale(stateful_set: Object, pod: Object, claim: Object) -> bool:
    """It is about to be deleted with a former pod of this name: a new one must wait for that."""
    return retention(stateful_set)[1] != RETAIN and _belongs_to_former(claim, pod, PODS)


def has_right_owners(stateful_set: Object, pod: Object, claim: Object) -> bool:
    """Nothing is to be changed about its owners."""
    if _belongs_to_former(claim, stateful_set, STATEFUL_SETS) or _belongs_to_former(claim, pod, PODS):
        return True
    of_set, of_pod = _belongs_to(claim, stateful_set), _belongs_to(claim, pod)
    if has_foreign_controller(stateful_set, pod, claim):
        return not (of_set or of_pod)
    if _is_owned_without_control(stateful_set, pod, claim):
        return False
    return (of_set, of_pod) == _wanted(stateful_set, pod)


def right_owners(stateful_set: Object, pod: Object, claim: Object) -> list[Object]:
    """The ownerReferences that a claim is to have."""
    others = [
        reference
        for reference in _owners(claim)
        if not _names(reference, stateful_set, STATEFUL_SETS) and not _names(reference, pod, PODS)
    ]
    if has_foreign_controller(stateful_set, pod, claim):
        return others
    by_set, by_pod = _wanted(stateful_set, pod)
    if by_set:
        others.append(reference_to(stateful_set, STATEFUL_SETS))
    if by_pod:
        others.append(reference_to(pod, PODS))
    return others


def has_foreign_controller(stateful_set: Object, pod: Object, claim: Object) -> bool:
    """Somebody else controls it, so that the set cannot do as its policy says."""
    if retention(stateful_set) == (RETAIN, RETAIN):
        return False
    for reference in _owners(claim):
        for owner, resource in ((stateful_set, STATEFUL_SETS), (pod, PODS)):
            if _names(reference, owner, resource):
                if reference["uid"] != _uid(owner):
                    return True
                break
        else:
            if reference.get("controller"):
                return True
    return False


def _wanted(stateful_set: Object, pod: Object) -> tuple[bool, bool]:
    """Whether the set owns the claim, whether the pod does."""
    when_deleted, when_scaled = retention(stateful_set)
    given_up = when_scaled == DELETE and ordinal_of(pod) not in ordinals(stateful_set)
    return when_deleted == DELETE and not given_up, given_up


def _is_owned_without_control(stateful_set: Object, pod: Object, claim: Object) -> bool:
    uids = {_uid(stateful_set), _uid(pod)}
    return any(reference["uid"] in uids and not reference.get("controller") for reference in _owners(claim))


def _belongs_to_former(claim: Object, owner: Object, resource: Resource) -> bool:
    first = next((reference for reference in _owners(claim) if _names(reference, owner, resource)), None)
    return first is not None and first["uid"] != _uid(owner)


def _belongs_to(claim: Object, owner: Object) -> bool:
    return any(reference["uid"] == _uid(owner) for reference in _owners(claim))


def _names(reference: Object, owner: Object, resource: Resource) -> bool:
    named = (reference.get("apiVersion"), reference.get("kind"), reference.get("name"))
    return named == (resource.api_version, resource.kind, owner["metadata"]["name"])


def _owners(claim: Object) -> Sequence[Object]:
    return claim["metadata"].get("ownerReferences") or ()


def _uid(owner: Object) -> str:
    """Empty for a pod that has not been made yet."""
    uid: str = owner["metadata"].get("uid", "")
    return uid
