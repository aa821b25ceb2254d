"""CertificateApproval: who approves or denies a request must be allowed to approve for its signer.

Judges: UPDATE of certificatesigningrequests/approval, by the signer that is stored.
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


class CertificateApproval(Plain):
    """See the module."""

    name = "CertificateApproval"
    resources = (CERTIFICATE_SIGNING_REQUESTS,)

    def __init__(self, *, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def validate(self, review: Review) -> None:
        if review.subresource != "approval":
            return
        if review.operation != UPDATE or review.old is None:
            return
        signer = review.old["spec"].get("signerName", "")
        if not may(self._authorizer, review.user, "approve", signer):
            raise review.forbidden(f"user not permitted to approve requests with signerName {go_quote(signer)}")
