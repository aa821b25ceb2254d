"""NamespaceLifecycle: nothing is created in a namespace that is absent or ending; the basic three are never deleted.

Reads: namespaces. Judges: CREATE in namespaces; DELETE of namespaces.
Invariants: access reviews pass (they only ask); updates and deletes in an ending namespace pass, or it could never end.
Upstream differences: none known. (Upstream waits for its informer; the cache here is never behind.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.namespace import NAMESPACES
from steersman.api.errors import Forbidden, NotFound
from steersman.apiserver.admission.interface import CREATE, DELETE, Plain, Review

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Reader

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
_REVIEWS = frozenset({"localsubjectaccessreviews"})


class NamespaceLifecycle(Plain):
    """First in the chain: what has no place to be need not be looked at further."""

    name = "NamespaceLifecycle"

    def __init__(self, *, reader: Reader) -> None:
        self._reader = reader

    def admit(self, review: Review) -> None:
        resource = review.resource
        if review.operation == DELETE and resource is NAMESPACES and review.name in IMMORTAL:
            raise Forbidden.of(resource.group, resource.plural, review.name, "this namespace may not be deleted")
        if review.operation != CREATE or not review.namespace or resource is NAMESPACES:
            return
        if resource.plural in _REVIEWS or review.subresource:
            return
        namespace = self._reader.get(NAMESPACES, "", review.namespace)
        if namespace is None:
            raise NotFound.of("", "namespaces", review.namespace)
        if (namespace.get("status") or {}).get("phase") != "Terminating":
            return
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {review.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        why = f"unable to create new content in namespace {review.namespace} because it is being terminated"
        raise Forbidden.of(resource.group, resource.plural, review.name, why, causes=[cause])
