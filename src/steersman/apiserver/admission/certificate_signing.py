"""CertificateSigning: who issues a certificate must be allowed to sign for the request's signer.

Judges: UPDATE of certificatesigningrequests/status that changes the certificate or the conditions.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.errors import go_quote
from steersman.apiserver.admission.interface import UPDATE, Plain
from steersman.apiserver.admission.signer_access import may

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.authz.attributes import Authorizer


class CertificateSigning(Plain):
    """See the module."""

    name = "CertificateSigning"
    resources = (CERTIFICATE_SIGNING_REQUESTS,)

    def __init__(self, *, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def validate(self, review: Review) -> None:
        if review.subresource != "status":
            return
        if review.operation != UPDATE or review.obj is None or review.old is None:
            return
        after, before = review.obj.get("status") or {}, review.old.get("status") or {}
        if after.get("certificate") == before.get("certificate") and (after.get("conditions") or []) == (
            before.get("conditions") or []
        ):
            return
        signer = review.old["spec"].get("signerName", "")
        if not may(self._authorizer, review.user, "sign", signer):
            raise review.forbidden(f"user not permitted to sign requests with signerName {go_quote(signer)}")
