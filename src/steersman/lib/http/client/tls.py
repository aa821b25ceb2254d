"""Client side TLS contexts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Forward secrecy and authenticated encryption only; TLS 1.3 has its own list.
_CIPHERS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"


def client_context(
    *,
    authorities_pem: str | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    verify: bool = True,
) -> ssl.SSLContext:
    """TLS 1.2 and newer, ALPN http/1.1; who the server is is verified as Go's client does.

    authorities_pem   certificates that are trusted, and no other; of authorities, or of servers themselves. None: the
                      system's.
    certificate, key  files with what is shown to servers that ask for it; `key` may be in the same file.
    verify            False: any server will do.

    Making one takes milliseconds with the system's authorities, and idle connections belong to one: keep them.
    Raises OSError (ssl.SSLError is one) when something cannot be read or does not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS_1_2)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities_pem is not None:
        context.load_verify_locations(cadata=authorities_pem)
    else:
        context.load_default_certs()
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
