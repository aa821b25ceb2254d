"""Failures carry what those who word them anew need to know."""

from __future__ import annotations

from steersman.lib.http.client.errors import (
    ClientClosed,
    ClientError,
    ConnectError,
    PeerClosed,
    ProtocolError,
    Timeout,
    TlsError,
)


def test_every_failure_is_a_client_error_with_its_own_text() -> None:
    reason = ConnectionResetError(104, "reset")
    errors = [
        ConnectError("text", address="10.0.0.1:1", error=reason),
        TlsError("text", server_name="a", error=reason),
        PeerClosed("text", error=reason, answered=True),
        *(kind("text") for kind in (Timeout, ProtocolError, ClientClosed)),
    ]
    assert all(isinstance(error, ClientError) and str(error) == "text" for error in errors)
    assert all(error.error is reason for error in errors[:3])


def test_none_is_an_error_of_the_system_which_others_would_catch() -> None:
    assert not any(issubclass(kind, OSError) for kind in ClientError.__subclasses__())
