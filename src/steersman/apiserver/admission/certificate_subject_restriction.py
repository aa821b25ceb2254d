"""CertificateSubjectRestriction: no client certificate of the API server makes its holder a member of system:masters.

Judges: CREATE of certificatesigningrequests. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.apiserver.admission.interface import CREATE, Plain
from steersman.apiserver.authn.user import PRIVILEGED_GROUP
from steersman.lib.certificate import CertificateError
from steersman.lib.certificate_request import parse_request_pem

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"


class CertificateSubjectRestriction(Plain):
    """See the module."""

    name = "CertificateSubjectRestriction"
    resources = (CERTIFICATE_SIGNING_REQUESTS,)

    def validate(self, review: Review) -> None:
        if review.operation != CREATE or review.subresource:
            return
        spec = (review.obj or {}).get("spec") or {}
        if spec.get("signerName") != CLIENT_SIGNER:
            return
        try:
            request = parse_request_pem(spec.get("request", ""))
        except CertificateError as error:
            raise review.forbidden(f"failed to parse CSR: {error}") from None
        if PRIVILEGED_GROUP in request.organizations:
            raise review.forbidden(f"use of {CLIENT_SIGNER} signer with {PRIVILEGED_GROUP} group is not allowed")
