"""Why there is no answer.

    ClientError
    +-- ConnectError    no connection: no such name, unreachable, refused, or too slow
    +-- TlsError        no common ground: the handshake failed, or one side did not accept the other's certificate
    +-- Timeout         the caller's time was up
    +-- ProtocolError   the peer's answer is not HTTP/1.1, or larger than what is accepted
    +-- PeerClosed      the connection ended before the answer did
    +-- ClientClosed    this client was closed

Whatever was tried has been undone when one of these is raised: the connection is closed.
"""

from __future__ import annotations


class ClientError(Exception):
    """Base of all that a request can fail with. Its text says what failed, and where."""


class ConnectError(ClientError):
    """There is no connection to `address` ("host:port", "[IPv6]:port" or a path)."""

    def __init__(self, message: str, *, address: str, error: OSError | None = None) -> None:
        super().__init__(message)
        self.address = address
        """What was dialled last: an address, or what stood in the Target when its name could not be resolved."""
        self.error = error
        """The system's reason, a socket.gaierror when a name could not be resolved; None: it took too long."""


class TlsError(ClientError):
    """The TLS session could not be established, or was ended by an alert."""

    def __init__(self, message: str, *, server_name: str, error: OSError | None = None) -> None:
        super().__init__(message)
        self.server_name = server_name
        """Whom the peer should have proved to be."""
        self.error = error
        """Usually an ssl.SSLError; None: the handshake took too long."""


class Timeout(ClientError):  # the word of the interface; nobody means a module of that name
    """The time that the caller gave was up."""


class ProtocolError(ClientError):
    """What came is no answer that can be used."""


class PeerClosed(ClientError):
    """The connection ended too early."""

    def __init__(self, message: str, *, error: Exception | None = None, answered: bool = False) -> None:
        super().__init__(message)
        self.error = error
        """What the system said; None: the peer closed in an orderly way."""
        self.answered = answered
        """Some of the answer had arrived."""


class ClientClosed(ClientError):
    """Nothing is asked through a client that was closed."""
