"""The socket that the API server listens on: bound here, or inherited from whoever started the process.

An inherited socket (the protocol of sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, descriptor 3) outlives the process: while
the server is replaced, or killed and started again, clients wait to be accepted instead of being refused.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from steersman.cluster.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_FD = 3


def open_listener(
    host: str, port: int, *, environ: Mapping[str, str], pid: int | None = None, first_fd: int = FIRST_FD
) -> socket.socket:
    """Bound before anything else, so that the port is known and a taken one is told at once. Raises StartError."""
    inherited = _inherited(environ, os.getpid() if pid is None else pid, first_fd)
    if inherited is None:
        return _bind(host, port)
    if inherited.type != socket.SOCK_STREAM or inherited.family not in (socket.AF_INET, socket.AF_INET6):
        inherited.close()
        raise StartError("the inherited socket is no TCP socket; pass one that listens on the server's port")
    found: int = inherited.getsockname()[1]
    if port and found != port:
        inherited.close()
        raise StartError(
            f"the inherited socket listens on port {found}, --port says {port}; make them agree, or leave --port 0"
        )
    return inherited


def _inherited(environ: Mapping[str, str], pid: int, first_fd: int) -> socket.socket | None:
    """None if no socket was passed to this very process. Raises StartError."""
    if environ.get("LISTEN_PID") != str(pid):
        return None
    if environ.get("LISTEN_FDS") != "1":
        raise StartError(f"LISTEN_FDS is {environ.get('LISTEN_FDS', '')!r}: the server takes exactly one socket")
    os.set_inheritable(first_fd, False)  # what the server starts has no business with it
    try:
        return socket.socket(fileno=first_fd)
    except OSError as error:
        what = f"descriptor {first_fd} is none: {error.strerror}"
        raise StartError(f"LISTEN_FDS announces a socket, but {what}") from error


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "choose another with --listen and --port (0 picks a free port)"
        ) from error
    return listener
