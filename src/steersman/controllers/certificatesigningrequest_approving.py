"""certificatesigningrequest_approving: requests of kubelets for their client certificates are approved.

Reads: certificate signing requests. Writes: certificate signing requests (approval), subject access reviews (create),
signers (approve).
Invariants: nothing is approved but what is a kubelet's client certificate by its form, and what the authorizer allows
the requestor: `selfnodeclient` for the node that it is, `nodeclient` for any.
Upstream differences: none known. A request that is not allowed is asked about again with growing delays, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.authorization.subject_access_review import SUBJECT_ACCESS_REVIEWS
from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.certificate_rules import (
    KUBELET_CLIENT,
    conditions_of,
    has_certificate,
    has_condition,
    kubelet_client_problem,
)
from steersman.lib.certificate import CertificateError
from steersman.lib.certificate_request import parse_request_pem

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key

RETRY_S, RETRY_S_MAX = 0.2, 1000.0
MESSAGES = {
    "selfnodeclient": "Auto approving self kubelet client certificate after SubjectAccessReview.",
    "nodeclient": "Auto approving kubelet client certificate after SubjectAccessReview.",
}


class CertificateSigningRequestApproving(Controller):
    """See the module."""

    name = "certificatesigningrequest_approving"
    account = "certificate-controller"
    reads = (CERTIFICATE_SIGNING_REQUESTS,)
    writes = (
        Writes(CERTIFICATE_SIGNING_REQUESTS, ("update",), subresource="approval"),
        Writes(SUBJECT_ACCESS_REVIEWS, ("create",)),
    )

    def setup(self) -> None:
        self._refusals: dict[Key, int] = {}
        self.on(CERTIFICATE_SIGNING_REQUESTS)

    async def reconcile(self, key: Key) -> Requeue | None:
        request = self.view.get(CERTIFICATE_SIGNING_REQUESTS, key)
        candidates = plan(request)
        for permission in candidates:
            assert request is not None
            review = await self.client.create(SUBJECT_ACCESS_REVIEWS, access_review(request, permission))
            if review["status"].get("allowed"):
                self._refusals.pop(key, None)
                approved = approval_of(request, permission)
                await self.client.update(CERTIFICATE_SIGNING_REQUESTS, approved, subresource="approval")
                return None
        if not candidates:
            self._refusals.pop(key, None)
            return None
        refusals = self._refusals.get(key, 0)
        self._refusals[key] = refusals + 1
        self.logger.debug("recognized csr %s as %s but subject access review was not approved", key, list(candidates))
        return Requeue(after_s=min(RETRY_S * 2.0 ** min(refusals, 20), RETRY_S_MAX))


def plan(request: Object | None) -> tuple[str, ...]:
    """The permissions one of which the requestor must have; none: the request is not for this controller to approve."""
    if request is None or has_certificate(request):
        return ()
    if has_condition(request, "Approved") or has_condition(request, "Denied"):
        return ()
    spec = request["spec"]
    try:
        parsed = parse_request_pem(spec["request"])
    except CertificateError:
        return ()
    if spec.get("signerName") != KUBELET_CLIENT or kubelet_client_problem(parsed, spec.get("usages") or ()):
        return ()
    return ("selfnodeclient", "nodeclient") if spec.get("username") == parsed.common_name else ("nodeclient",)


def access_review(request: Object, permission: str) -> Object:
    """The question whether the requestor may have it."""
    spec = request["spec"]
    return {
        "apiVersion": SUBJECT_ACCESS_REVIEWS.api_version,
        "kind": SUBJECT_ACCESS_REVIEWS.kind,
        "spec": {
            "user": spec.get("username", ""),
            "uid": spec.get("uid", ""),
            "groups": spec.get("groups") or [],
            "extra": spec.get("extra") or {},
            "resourceAttributes": {
                "group": CERTIFICATE_SIGNING_REQUESTS.group,
                "resource": CERTIFICATE_SIGNING_REQUESTS.plural,
                "subresource": permission,
                "verb": "create",
                "version": "*",
            },
        },
    }


def approval_of(request: Object, permission: str) -> Object:
    condition = {"type": "Approved", "status": "True", "reason": "AutoApproved", "message": MESSAGES[permission]}
    status = request.get("status") or {}
    return request | {"status": status | {"conditions": [*conditions_of(request), condition]}}
