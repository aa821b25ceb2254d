"""Why a request to another server failed, in the words of Go's net/http, which clients and tests know. Pure.

Upstream differences: what Python is not told is left out or put in other words: which server a name was asked of, which
names a certificate has, and which local address a connection had.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING, Final

from steersman.api.errors import go_quote
from steersman.lib.http.client.errors import ClientClosed, ConnectError, PeerClosed, ProtocolError, Timeout, TlsError

if TYPE_CHECKING:
    from steersman.lib.http.client.errors import ClientError

_UNKNOWN_AUTHORITY = "certificate signed by unknown authority"
_UNVERIFIED: Final[dict[int, str]] = {
    2: _UNKNOWN_AUTHORITY,
    9: "certificate has expired or is not yet valid: current time is before its first",
    10: "certificate has expired or is not yet valid: current time is after its last",
    18: _UNKNOWN_AUTHORITY,
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: _UNKNOWN_AUTHORITY,
    24: "certificate is not authorized to sign other certificates",
    25: "too many intermediates for path length constraint",
    26: "certificate specifies an incompatible key usage",
    79: "certificate is not authorized to sign other certificates",
}
"""By OpenSSL's code (X509_V_ERR_...)."""
_NAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64
_ALERTS: Final[dict[str, str]] = {
    "UNEXPECTED_MESSAGE": "unexpected message",
    "BAD_RECORD_MAC": "bad record MAC",
    "HANDSHAKE_FAILURE": "handshake failure",
    "BAD_CERTIFICATE": "bad certificate",
    "UNSUPPORTED_CERTIFICATE": "unsupported certificate",
    "CERTIFICATE_REVOKED": "revoked certificate",
    "CERTIFICATE_EXPIRED": "expired certificate",
    "CERTIFICATE_UNKNOWN": "unknown certificate",
    "ILLEGAL_PARAMETER": "illegal parameter",
    "UNKNOWN_CA": "unknown certificate authority",
    "ACCESS_DENIED": "access denied",
    "DECODE_ERROR": "error decoding message",
    "DECRYPT_ERROR": "error decrypting message",
    "PROTOCOL_VERSION": "protocol version not supported",
    "INSUFFICIENT_SECURITY": "insufficient security level",
    "INTERNAL_ERROR": "internal error",
    "USER_CANCELLED": "user canceled",
    "NO_RENEGOTIATION": "no renegotiation",
    "MISSING_EXTENSION": "missing extension",
    "UNSUPPORTED_EXTENSION": "unsupported extension",
    "UNRECOGNIZED_NAME": "unrecognized name",
    "CERTIFICATE_REQUIRED": "certificate required",
    "NO_APPLICATION_PROTOCOL": "no application protocol",
}
"""By the end of OpenSSL's reason (..._ALERT_...)."""
_NO_TLS: Final = frozenset(("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"))


def go_text(error: ClientError) -> str:
    """What Go's http.Transport would say."""
    match error:
        case ConnectError():
            return _dial(error)
        case TlsError():
            return _tls(error)
        case Timeout():
            return "context deadline exceeded"
        case PeerClosed():
            return _closed(error)
        case ProtocolError():
            return f"net/http: HTTP/1.x transport connection broken: {error}"
        case ClientClosed():
            return "http: server closed"
    return str(error)


def go_url_error(method: str, url: str, error: ClientError) -> str:
    """What Go's http.Client would say: `Post "https://10.0.0.1:443/x?timeout=2s": context deadline exceeded`."""
    return f"{method[:1].upper()}{method[1:].lower()} {go_quote(url)}: {go_text(error)}"


def _dial(error: ConnectError) -> str:
    address, reason = error.address, error.error
    if isinstance(reason, socket.gaierror):
        name = address.rpartition(":")[0].strip("[]")
        temporary = reason.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
        return f"dial tcp: lookup {name}: {'server misbehaving' if temporary else 'no such host'}"
    network = "unix" if address.startswith("/") else "tcp"
    why = "i/o timeout" if reason is None else f"connect: {_system(reason)}"
    return f"dial {network} {address}: {why}"


def _tls(error: TlsError) -> str:
    reason = error.error
    if reason is None:
        return "net/http: TLS handshake timeout"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"tls: failed to verify certificate: x509: {_unverified(reason, error.server_name)}"
    token = getattr(reason, "reason", None) or ""
    if token in _NO_TLS:
        return "http: server gave HTTP response to HTTPS client"
    _, alert, name = token.partition("_ALERT_")
    if alert:
        return f"remote error: tls: {_ALERTS.get(name, name.replace('_', ' ').lower())}"
    if token.endswith("UNRECOGNIZED_NAME"):
        return "remote error: tls: unrecognized name"
    return f"tls: {token.replace('_', ' ').lower()}" if token else f"tls: {_system(reason)}"


def _unverified(reason: ssl.SSLCertVerificationError, server_name: str) -> str:
    code = reason.verify_code
    if code == _NAME_MISMATCH:
        return f"certificate is valid for other names, not {server_name}"
    if code == _ADDRESS_MISMATCH:
        return f"cannot validate certificate for {server_name} because it doesn't contain any IP SANs"
    return _UNVERIFIED.get(code) or str(reason.verify_message)


def _closed(error: PeerClosed) -> str:
    reason = error.error
    if isinstance(reason, OSError) and reason.errno is not None:
        call = "write" if isinstance(reason, BrokenPipeError) else "read"
        return f"{call}: {_system(reason)}"
    return "unexpected EOF" if error.answered else "EOF"


def _system(error: OSError) -> str:
    """Go spells the system's reasons as the system does, but begins them small."""
    if error.errno is None or isinstance(error, ssl.SSLError):
        return str(error)
    return os.strerror(error.errno).lower()
