"""The front proxy: a trusted proxy names the user in X-Remote-User, X-Remote-Uid, X-Remote-Group and X-Remote-Extra-*.

Reads: headers, and the connection's certificate, which must be of the front proxy's CA and carry an allowed common
name.
Invariants: without such a certificate the headers mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from steersman.apiserver.authn.credentials import Identified, Rejected
from steersman.apiserver.authn.user import User
from steersman.apiserver.authn.x509 import TrustedCertificates

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.lib.http.message import Headers

_EXTRA_PREFIX = "x-remote-extra-"


class RequestHeader:
    """`allowed_names`: common names that may speak for others; empty: every certificate of the CA may."""

    def __init__(self, *, ca_pem: str, allowed_names: tuple[str, ...], audiences: tuple[str, ...] = ()) -> None:
        """Raises CertificateError when `ca_pem` holds none."""
        self._trusted = TrustedCertificates(ca_pem=ca_pem)
        self._allowed_names = allowed_names
        self._audiences = audiences

    def authenticate(self, headers: Headers, certificate: bytes | None, now: datetime) -> Identified | None:
        if certificate is None:
            return None
        name = headers.get("x-remote-user")
        # An ordinary client certificate without the headers is none of this unit's business.
        if not name:
            return None
        verified = self._trusted.verify(certificate, now)
        if self._allowed_names and verified.common_name not in self._allowed_names:
            raise Rejected(f"x509: subject with cn={verified.common_name} is not in the allowed list")
        user = User(
            name=name,
            uid=headers.get("x-remote-uid"),
            groups=tuple(group for group in headers.get_all("x-remote-group") if group),
            extra=extra_from(headers, _EXTRA_PREFIX),
        )
        return Identified(user, self._audiences)


def extra_from(headers: Headers, prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Facts named by headers: what follows `prefix` (lower case) is the percent-encoded key; sorted by key."""
    found: dict[str, list[str]] = {}
    for header in headers:
        if header.startswith(prefix):
            found.setdefault(_unescape(header[len(prefix) :]), []).extend(headers.get_all(header))
    return tuple((key, tuple(found[key])) for key in sorted(found))


def _unescape(encoded: str) -> str:
    """Percent-decoded; as it is when it is not properly encoded (Go's url.PathUnescape refuses it whole)."""
    for position, char in enumerate(encoded):
        if char == "%" and not _is_hex(encoded[position + 1 : position + 3]):
            return encoded
    return unquote(encoded, errors="surrogateescape") if "%" in encoded else encoded


def _is_hex(text: str) -> bool:
    return len(text) == 2 and all(char in "0123456789abcdefABCDEF" for char in text)
