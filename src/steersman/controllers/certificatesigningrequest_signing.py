"""certificatesigningrequest_signing: approved requests to one of the cluster's own signers get their certificate.

Reads: certificate signing requests. Writes: certificate signing requests (status), signers (sign).
Invariants: only approved requests are signed, each once; what a signer does not sign is marked as failed with the
reason; no certificate outlives its CA.
Upstream differences: one controller for the four signers, with one CA for all of them; what cannot be signed for
another reason than its signer's rules is told in the log and not tried again.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.api.certificates.certificate_signing_request import CERTIFICATE_SIGNING_REQUESTS
from steersman.api.meta.times import format_time
from steersman.controllers.base import Controller, Writes
from steersman.controllers.certificate_rules import (
    SIGNERS,
    conditions_of,
    has_certificate,
    has_failed,
    is_approved,
    problem,
)
from steersman.lib.certificate_request import parse_request_pem

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key
    from steersman.controllers.base import Tools
    from steersman.lib.certificate_signing import Signer

LIFETIME = timedelta(days=365)
LIFETIME_MIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSigning:
    """What this controller is given: the CA whose certificates the API server accepts from clients, PEM."""

    ca_pem: bytes
    key_pem: bytes
    lifetime: timedelta = LIFETIME
    """Of a certificate; a request may ask for less."""


@dataclass(frozen=True, slots=True)
class Sign:
    """For so long."""

    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Refuse:
    """It breaks its signer's rules."""

    message: str


class CertificateSigningRequestSigning(Controller):
    """See the module."""

    name = "certificatesigningrequest_signing"
    account = "certificate-controller"
    reads = (CERTIFICATE_SIGNING_REQUESTS,)
    writes = (Writes(CERTIFICATE_SIGNING_REQUESTS, ("update",), subresource="status"),)

    def __init__(self, tools: Tools, *, settings: CertificateSigning) -> None:
        self._settings = settings
        self._signer: Signer | None = None
        super().__init__(tools)

    def setup(self) -> None:
        self.on(CERTIFICATE_SIGNING_REQUESTS)

    async def reconcile(self, key: Key) -> None:
        request = self.view.get(CERTIFICATE_SIGNING_REQUESTS, key)
        try:
            action = plan(request, lifetime=self._settings.lifetime)
            if request is None or action is None:
                return
            if isinstance(action, Refuse):
                changed = refused(request, action.message, timestamp=format_time(self.clock.now()))
            else:
                changed = self._signed(request, action.lifetime)
        except ValueError as error:
            self.logger.warning("error auto signing csr %s: %s", key, error)
            return
        await self.client.update_status(CERTIFICATE_SIGNING_REQUESTS, changed)

    def _signed(self, request: Object, lifetime: timedelta) -> Object:
        from steersman.lib.certificate_signing import load_signer, sign  # noqa: PLC0415 - 50 ms; only when needed

        if self._signer is None:
            self._signer = load_signer(self._settings.ca_pem, self._settings.key_pem)
        spec = request["spec"]
        pem = sign(
            self._signer,
            b64decode(spec["request"]),
            usages=spec.get("usages") or (),
            lifetime=lifetime,
            now=self.clock.now(),
        )
        return request | {"status": (request.get("status") or {}) | {"certificate": b64encode(pem).decode()}}


def plan(request: Object | None, *, lifetime: timedelta) -> Sign | Refuse | None:
    """What to do about a request. Raises CertificateError for one that cannot be read."""
    if request is None or has_certificate(request) or not is_approved(request) or has_failed(request):
        return None
    spec = request["spec"]
    signer = spec.get("signerName", "")
    if signer not in SIGNERS:
        return None
    found = problem(signer, parse_request_pem(spec["request"]), spec.get("usages") or ())
    if found:
        return Refuse(found)
    wanted_s = spec.get("expirationSeconds")
    if wanted_s is None:
        return Sign(lifetime)
    # A small minimum, as upstream's: not above the signer's own limit.
    wanted = timedelta(seconds=wanted_s)
    return Sign(lifetime if wanted > lifetime else max(wanted, LIFETIME_MIN))


def refused(request: Object, message: str, *, timestamp: str) -> Object:
    condition = {
        "type": "Failed",
        "status": "True",
        "reason": "SignerValidationFailure",
        "message": message,
        "lastUpdateTime": timestamp,
    }
    status = request.get("status") or {}
    return request | {"status": status | {"conditions": [*conditions_of(request), condition]}}
