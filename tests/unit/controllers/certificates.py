"""Terse builders of certificate signing requests."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"


@cache
def pem_request(common_name: str = "system:node:n1", organization: str = "system:nodes", dns: str = "") -> str:
    """In base64, as spec.request."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    pem = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return b64encode(pem.public_bytes(serialization.Encoding.PEM)).decode()


def signing_request(
    *conditions: str,
    signer: str = KUBELET_CLIENT,
    usages: tuple[str, ...] = ("digital signature", "client auth"),
    request: str = "",
    certificate: str = "",
    **spec: Any,
) -> dict[str, Any]:
    """`conditions`: types of those that are true."""
    status: dict[str, Any] = {"certificate": certificate} if certificate else {}
    if conditions:
        updated = "2026-01-01T01:00:00Z"
        status["conditions"] = [{"type": each, "status": "True", "lastUpdateTime": updated} for each in conditions]
    return {
        "metadata": {"name": "r", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"signerName": signer, "usages": list(usages), "request": request or pem_request(), **spec},
        "status": status,
    }
