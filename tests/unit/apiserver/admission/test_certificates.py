"""CertificateApproval, CertificateSigning, CertificateSubjectRestriction, ClusterTrustBundleAttest."""

from __future__ import annotations

import base64

import pytest

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.certificate_approval import CertificateApproval
from steersman.apiserver.admission.certificate_signing import CertificateSigning
from steersman.apiserver.admission.certificate_subject_restriction import CLIENT_SIGNER, CertificateSubjectRestriction
from steersman.apiserver.admission.cluster_trust_bundle_attest import ClusterTrustBundleAttest
from steersman.apiserver.authz.attributes import ALLOWED, NO_OPINION

from .shelf import review


class Signers:
    """Allows (verb, name)."""

    def __init__(self, *allowed) -> None:
        self._allowed = allowed

    def authorize(self, asked):
        assert (asked.group, asked.resource) == ("certificates.k8s.io", "signers")
        return ALLOWED if (asked.verb, asked.name) in self._allowed else NO_OPINION


def _request(signer="a.b/c", **status):
    return {"metadata": {"name": "r"}, "spec": {"signerName": signer}, "status": status}


@pytest.mark.parametrize("allowed", [("approve", "a.b/c"), ("approve", "a.b/*")])
def test_who_may_approve_for_the_signer_or_its_domain_approves(allowed):
    how = {"subresource": "approval"}
    CertificateApproval(authorizer=Signers(allowed)).validate(
        review(CERTIFICATE_SIGNING_REQUESTS, _request(), _request(), **how)
    )
    with pytest.raises(Forbidden, match=r'user not permitted to approve requests with signerName "x\.y/z"'):
        CertificateApproval(authorizer=Signers(allowed)).validate(
            review(CERTIFICATE_SIGNING_REQUESTS, _request(), _request("x.y/z"), **how)
        )


@pytest.mark.parametrize("change", [{"certificate": "x"}, {"conditions": [{"type": "Failed"}]}])
def test_who_may_sign_issues(change):
    asked = review(CERTIFICATE_SIGNING_REQUESTS, _request(**change), _request(), subresource="status")
    CertificateSigning(authorizer=Signers(("sign", "a.b/*"))).validate(asked)
    with pytest.raises(Forbidden, match=r'user not permitted to sign requests with signerName "a\.b/c"'):
        CertificateSigning(authorizer=Signers()).validate(asked)


def test_a_status_without_news_needs_no_signer():
    asked = review(CERTIFICATE_SIGNING_REQUESTS, _request(conditions=[]), _request(), subresource="status")
    CertificateSigning(authorizer=Signers()).validate(asked)


def test_a_bundle_of_a_signer_needs_its_attestation():
    bundle = {"metadata": {"name": "b"}, "spec": {"signerName": "a.b/c"}}
    plugin = ClusterTrustBundleAttest(authorizer=Signers())
    with pytest.raises(Forbidden, match=r'user not permitted to attest for signerName "a\.b/c"'):
        plugin.validate(review(CLUSTER_TRUST_BUNDLES, bundle))
    owned = {**bundle, "metadata": {"name": "b", "ownerReferences": []}}
    plugin.validate(review(CLUSTER_TRUST_BUNDLES, owned, bundle))
    plugin.validate(review(CLUSTER_TRUST_BUNDLES, {"metadata": {"name": "b"}, "spec": {}}))
    ClusterTrustBundleAttest(authorizer=Signers(("attest", "a.b/c"))).validate(review(CLUSTER_TRUST_BUNDLES, bundle))


def request_pem(*, common_name="", organizations=()):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
    if common_name:
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.PEM)).decode()


def _client(request, signer=CLIENT_SIGNER):
    obj = {"metadata": {"name": "r"}, "spec": {"signerName": signer, "request": request}}
    CertificateSubjectRestriction().validate(review(CERTIFICATE_SIGNING_REQUESTS, obj))


def test_no_client_certificate_makes_a_master():
    _client(request_pem(common_name="x", organizations=("devs",)))
    masters = request_pem(organizations=("devs", "system:masters"))
    with pytest.raises(Forbidden, match=f"use of {CLIENT_SIGNER} signer with system:masters group is not allowed"):
        _client(masters)
    _client(masters, signer="a.b/c")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----",
    ],
)
def test_what_cannot_be_read_is_no_request(text):
    with pytest.raises(Forbidden, match="failed to parse CSR"):
        _client(base64.b64encode(text.encode()).decode())
