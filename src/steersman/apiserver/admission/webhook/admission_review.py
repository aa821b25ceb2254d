"""AdmissionReview: what a webhook is told about a write (admission.k8s.io v1 and v1beta1, which look alike). Pure.

Upstream differences: of objects that are deleted as a collection the name is told, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.namespace import NAMESPACES
from steersman.apiserver.admission.webhook.equivalents import is_own_kind

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.resources import Served

GROUP = "admission.k8s.io"
KIND = "AdmissionReview"


def admission_review(version: str, request: Object) -> Object:
    """The document, in one of `hooks.REVIEW_VERSIONS`."""
    return {"kind": KIND, "apiVersion": f"{GROUP}/{version}", "request": request}


def admission_request(review: Review, served: Served, obj: Object | None, old: Object | None, *, uid: str) -> Object:
    """The AdmissionRequest. `obj` and `old`: in the version of `served`, which is the one that the webhook named."""
    shown = obj if obj is not None else old
    about, asked = served.resource, review.resource
    request: Object = {"uid": uid, "kind": _kind(about, shown), "resource": _resource(about)}
    if review.subresource:
        request["subResource"] = review.subresource
    request["requestKind"] = _kind(asked, shown)
    request["requestResource"] = _resource(asked)
    if review.subresource:
        request["requestSubResource"] = review.subresource
    if review.name:
        request["name"] = review.name
    # A namespace counts as being in itself.
    if namespace := review.name if asked is NAMESPACES else review.namespace:
        request["namespace"] = namespace
    return request | {
        "operation": review.operation,
        "userInfo": review.user.info(),
        "object": obj,
        "oldObject": old,
        "dryRun": review.dry_run,
        "options": review.options or None,
    }


def _kind(resource: Resource, shown: Object | None) -> Object:
    """Of the resource, or the kind that a subresource speaks."""
    if shown is None or is_own_kind(shown, resource):
        return {"group": resource.group, "version": resource.version, "kind": resource.kind}
    group, _, version = str(shown.get("apiVersion") or "").rpartition("/")
    return {"group": group, "version": version, "kind": shown.get("kind") or ""}


def _resource(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}
