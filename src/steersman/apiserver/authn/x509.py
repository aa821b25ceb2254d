"""Client certificates: the common name is the user, the organizations are its groups.

Reads: the leaf certificate of the connection, verified by the TLS layer as well. Here it is checked again that it was
signed by a CA that speaks for *users*, since the TLS layer also admits the front proxy's. Invariants: a certificate
that is out of date, for another use or of another CA is a 401.
Upstream differences: the leaf must be signed by the CA itself; chains with intermediates are refused.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from steersman.apiserver.authn.credentials import Identified, Rejected
from steersman.apiserver.authn.user import CREDENTIAL_ID, User
from steersman.lib.certificate import CLIENT_AUTH, Certificate, CertificateError, parse_certificate, parse_pem

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.lib.http.message import Headers

_CACHED_CERTIFICATES_MAX = 4096
_OID_USER_UID = "1.3.6.1.4.1.57683.2"


class TrustedCertificates:
    """Certificates signed by one of `ca_pem`'s CAs for the use of clients. Remembers what it has verified."""

    def __init__(self, *, ca_pem: str) -> None:
        self._authorities = tuple(parse_certificate(der) for der in parse_pem(ca_pem))
        self._verified: dict[bytes, Certificate] = {}

    def verify(self, der: bytes, now: datetime) -> Certificate:
        """Raises Rejected."""
        certificate = self._verified.get(der)
        if certificate is None:
            certificate = self._verify(der)
            if len(self._verified) >= _CACHED_CERTIFICATES_MAX:
                self._verified.clear()
            self._verified[der] = certificate
        if now > certificate.not_after:
            raise Rejected(f"verifying certificate SN={certificate.serial} failed: x509: certificate has expired")
        if now < certificate.not_before:
            raise Rejected(f"verifying certificate SN={certificate.serial} failed: x509: certificate is not yet valid")
        return certificate

    def _verify(self, der: bytes) -> Certificate:
        try:
            certificate = parse_certificate(der)
        except CertificateError as error:
            raise Rejected(f"verifying certificate failed: {error}") from error
        failed = f"verifying certificate SN={certificate.serial} failed: x509: "
        if not certificate.allows(CLIENT_AUTH):
            raise Rejected(failed + "certificate specifies an incompatible key usage")
        if not any(certificate.signed_by(authority) for authority in self._authorities):
            raise Rejected(failed + "certificate signed by unknown authority")
        return certificate


class ClientCertificate:
    """Identity from the certificate of the connection."""

    def __init__(self, *, ca_pem: str, audiences: tuple[str, ...] = ()) -> None:
        """Raises CertificateError when `ca_pem` holds none."""
        self._trusted = TrustedCertificates(ca_pem=ca_pem)
        self._audiences = audiences
        self._identified: dict[bytes, Identified | None] = {}

    def authenticate(self, headers: Headers, certificate: bytes | None, now: datetime) -> Identified | None:  # noqa: ARG002
        if certificate is None:
            return None
        verified = self._trusted.verify(certificate, now)
        try:
            return self._identified[certificate]
        except KeyError:
            pass
        if len(self._identified) >= _CACHED_CERTIFICATES_MAX:
            self._identified.clear()
        identified = self._identified[certificate] = self._identify(verified, certificate)
        return identified

    def _identify(self, certificate: Certificate, der: bytes) -> Identified | None:
        if not certificate.common_name:
            return None
        uids = [text for oid, text in certificate.attributes if oid == _OID_USER_UID]
        if len(uids) > 1:
            raise Rejected("expected 1 UID, but found multiple")
        if uids and not uids[0]:
            raise Rejected("UID cannot be an empty string")
        fingerprint = hashlib.sha256(der).hexdigest()
        user = User(
            name=certificate.common_name,
            uid=uids[0] if uids else "",
            groups=certificate.organizations,
            extra=((CREDENTIAL_ID, (f"X509SHA256={fingerprint}",)),),
        )
        return Identified(user, self._audiences, expires=certificate.not_after)
