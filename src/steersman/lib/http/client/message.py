"""What callers of the client give and get: targets, limits, complete answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from steersman.lib.http.message import Headers


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and whom to expect there. Equal targets share their idle connections."""

    host: str
    """A name, an IPv4 or IPv6 address (without brackets), or the absolute path of a unix socket."""
    port: int = 0
    """Without meaning for a unix socket."""
    tls: ssl.SSLContext | None = None
    """None: no TLS. Contexts are the same if they are the same object, so keep them; see `tls.client_context`."""
    server_name: str = ""
    """Whom the certificate must name, and what is asked for (SNI), when that is not `host`."""

    @property
    def authority(self) -> str:
        """As dialled: "host:port", IPv6 in brackets, or the path of a unix socket."""
        if self.host.startswith("/"):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a peer may use, and what is kept for it."""

    header_bytes_max: int = 1 << 20
    """Of the head of an answer, with all interim answers (1xx) before it."""
    body_bytes_max: int = 64 << 20
    """Of an answer that is returned as a whole."""
    read_buffer_bytes: int = 256 * 1024
    """Of an open answer or a raw stream: beyond so much that nobody has read, reading from the socket stops."""
    write_buffer_bytes: int = 256 * 1024
    """A raw stream is `paused` above so much that waits to be sent, until a quarter of it is left."""
    connect_s: float = 30.0
    handshake_s: float = 10.0
    idle_s: float = 60.0
    """A connection that was not used for so long is closed; less than what servers usually allow."""
    idle_per_target_max: int = 25
    idle_max: int = 500
    """Of all targets together; the one that was idle for longest makes room."""


@dataclass(frozen=True, slots=True)
class ClientResponse:
    """A complete answer of any status."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
