"""ClusterTrustBundleAttest: a bundle that speaks for a signer is written only by those who may attest for it.

Judges: CREATE and UPDATE of clustertrustbundles; what the garbage collector writes passes.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES
from steersman.api.errors import go_quote
from steersman.apiserver.admission.interface import CREATE, UPDATE, Plain
from steersman.apiserver.admission.signer_access import may
from steersman.apiserver.authz.escalation import only_housekeeping

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Review
    from steersman.apiserver.authz.attributes import Authorizer


class ClusterTrustBundleAttest(Plain):
    """See the module."""

    name = "ClusterTrustBundleAttest"
    resources = (CLUSTER_TRUST_BUNDLES,)

    def __init__(self, *, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def validate(self, review: Review) -> None:
        if review.operation not in (CREATE, UPDATE):
            return
        if review.obj is None:
            return
        signer = (review.obj.get("spec") or {}).get("signerName", "")
        if not signer:
            return
        if review.operation == UPDATE and review.old is not None and only_housekeeping(review.obj, review.old):
            return
        if not may(self._authorizer, review.user, "attest", signer):
            raise review.forbidden(f"user not permitted to attest for signerName {go_quote(signer)}")
