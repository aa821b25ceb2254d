"""Server side TLS contexts, and their replacement while serving."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Forward secrecy and authenticated encryption only; TLS 1.3 has its own list.
_CIPHERS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(*, certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 and newer, ALPN h2 and http/1.1; with `client_ca`, client certificates are verified if they are sent.

    Raises OSError (ssl.SSLError is one) when a file cannot be read or does not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS_1_2)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


class ReplaceableContext(ssl.SSLContext):
    """Stands for `current`, which may be replaced at any time: handshakes that begin later use the new one."""

    current: ssl.SSLContext

    def __new__(cls, current: ssl.SSLContext, on_handshake_error: Callable[[], None]) -> Self:  # noqa: ARG004
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, current: ssl.SSLContext, on_handshake_error: Callable[[], None]) -> None:
        class CountedSSLObject(ssl.SSLObject):
            def do_handshake(self) -> None:
                try:
                    super().do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except ssl.SSLError:
                    on_handshake_error()
                    raise

        self._object_class = CountedSSLObject
        self.replace(current)

    def replace(self, context: ssl.SSLContext) -> None:
        """Use `context` from now on."""
        context.sslobject_class = self._object_class
        self.current = context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection with the current context."""
        return self.current.wrap_bio(*args, **kwargs)
