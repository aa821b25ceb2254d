"""Pods of a node, and the claims that they use. Each method raises Forbidden or NotFound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import NotFound, go_quote
from steersman.api.meta.quantity import parse
from steersman.apiserver.admission.interface import CREATE, DELETE, UPDATE
from steersman.apiserver.admission.pod_secrets import UnknownVolume, api_reference
from steersman.apiserver.authz.pod_references import MIRROR_ANNOTATION

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader, Review

_CLAIM_STATUS = ("capacity", "conditions", "allocatedResourceStatuses", "allocatedResources")
"""What a node may tell of a claim."""


class NodePods:
    """See the module."""

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def judge_pod(self, node: str, review: Review) -> None:
        match review.subresource:
            case "" if review.operation == CREATE and review.obj is not None:
                self._create(node, review, review.obj)
            case "" if review.operation == DELETE:
                if self._existing(review)["spec"].get("nodeName") != node:
                    raise review.forbidden(
                        f"node {go_quote(node)} can only delete pods with spec.nodeName set to itself"
                    )
            case "":
                raise review.forbidden(
                    f"unexpected operation {go_quote(review.operation)}, node {go_quote(node)} can only create and "
                    "delete mirror pods"
                )
            case "status":
                _judge_status(node, review)
            case "eviction":
                self._evict(node, review)
            case other:
                raise review.forbidden(
                    f"unexpected pod subresource {go_quote(other)}, only 'status' and 'eviction' are allowed"
                )

    def _existing(self, review: Review) -> Object:
        pod = self._reader.get(PODS, review.namespace, review.name)
        if pod is None:
            raise NotFound.of("", "pods", review.name)
        return pod

    def _create(self, node: str, review: Review, pod: Object) -> None:
        """Mirror pods alone: the API's picture of what a node runs by itself."""
        me = go_quote(node)
        metadata = pod["metadata"]
        if MIRROR_ANNOTATION not in (metadata.get("annotations") or {}):
            raise review.forbidden(
                f"pod does not have {go_quote(MIRROR_ANNOTATION)} annotation, node {me} can only create mirror pods"
            )
        if pod["spec"].get("nodeName") != node:
            raise review.forbidden(f"node {me} can only create pods with spec.nodeName set to itself")
        owners = metadata.get("ownerReferences") or []
        if len(owners) > 1:
            raise review.forbidden(f"node {me} can only create pods with a single owner reference set to itself")
        if not owners or (owners[0].get("apiVersion"), owners[0].get("kind"), owners[0].get("name")) != (
            "v1",
            "Node",
            node,
        ):
            raise review.forbidden(f"node {me} can only create pods with an owner reference set to itself")
        if not owners[0].get("controller"):
            raise review.forbidden(f"node {me} can only create pods with a controller owner reference set to itself")
        if owners[0].get("blockOwnerDeletion"):
            raise review.forbidden(f"node {me} must not set blockOwnerDeletion on an owner reference")
        self._check_uid(node, review, owners[0].get("uid", ""))
        try:
            found = api_reference(pod["spec"])
        except UnknownVolume as error:
            raise review.forbidden(f"error checking mirror pod for API references: {error}") from None
        if found:
            raise review.forbidden(f"node {me} can not create pods that reference {found}")

    def _check_uid(self, node: str, review: Review, uid: str) -> None:
        stored = self._reader.get(NODES, "", node)
        if stored is None:
            raise NotFound.of("", "nodes", node)
        expected = stored["metadata"]["uid"]
        if uid != expected:
            raise review.forbidden(f"node {node} UID mismatch: expected {uid} got {expected}")

    def _evict(self, node: str, review: Review) -> None:
        if review.operation != CREATE:
            raise review.forbidden(f"unexpected operation {review.operation}")
        if self._existing(review)["spec"].get("nodeName") != node:
            raise review.forbidden(f"node {node} can only evict pods with spec.nodeName set to itself")

    def judge_claim(self, node: str, review: Review) -> None:
        if review.subresource != "status":
            raise review.forbidden("may only update PVC status")
        if review.operation != UPDATE or review.obj is None or review.old is None:
            raise review.forbidden(f"unexpected operation {go_quote(review.operation)}")
        after, before = _without_node_status(review.obj), _without_node_status(review.old)
        if after != before:
            fields = ", ".join(sorted(key for key in after.keys() | before.keys() if after.get(key) != before.get(key)))
            raise review.forbidden(
                f"node {go_quote(node)} is not allowed to update fields other than status.quantity and "
                f"status.conditions: {fields}"
            )


def _without_node_status(claim: Object) -> Object:
    metadata = {k: v for k, v in claim["metadata"].items() if k not in ("resourceVersion", "managedFields") and v}
    status = {k: v for k, v in (claim.get("status") or {}).items() if k not in _CLAIM_STATUS}
    return {**claim, "metadata": metadata, "status": status}


def _judge_status(node: str, review: Review) -> None:
    me = go_quote(node)
    if review.operation != UPDATE or review.obj is None or review.old is None:
        raise review.forbidden(f"unexpected operation {go_quote(review.operation)}")
    if review.old["spec"].get("nodeName") != node:
        why = "can only update pod status for pods with spec.nodeName set to itself"
        raise review.forbidden(f"node {me} {why}")
    if (review.obj["metadata"].get("labels") or {}) != (review.old["metadata"].get("labels") or {}):
        raise review.forbidden(f"node {me} cannot update labels through pod status")
    after, before = review.obj.get("status") or {}, review.old.get("status") or {}
    if (after.get("resourceClaimStatuses") or []) != (before.get("resourceClaimStatuses") or []):
        raise review.forbidden(f"node {me} cannot update resource claim statues")
    if after.get("extendedResourceClaimStatus") != before.get("extendedResourceClaimStatus"):
        raise review.forbidden(f"node {me} cannot update extended resource claim status")
    field = "nodeAllocatableResourceClaimStatuses"
    if _amounts_parsed(after.get(field) or []) != _amounts_parsed(before.get(field) or []):
        raise review.forbidden(f"node {me} cannot update node allocatable resource claim statuses")


def _amounts_parsed(value: object, key: str = "") -> object:
    """With quantities as numbers, so that "1" equals "1000m"."""
    if isinstance(value, list):
        return [_amounts_parsed(item) for item in value]
    if isinstance(value, dict):
        return {name: _amounts_parsed(item, name) for name, item in value.items()}
    if key in ("quantity", "perPod", "perContainer") and isinstance(value, str):
        return parse(value)
    return value
