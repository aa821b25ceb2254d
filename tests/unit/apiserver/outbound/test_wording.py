"""Failures are told in Go's words."""

from __future__ import annotations

import socket
import ssl

import pytest

from steersman.apiserver.outbound.wording import go_text, go_url_error
from steersman.lib.http.client.errors import (
    ClientClosed,
    ClientError,
    ConnectError,
    PeerClosed,
    ProtocolError,
    Timeout,
    TlsError,
)


def connect(address: str, error: OSError | None) -> ConnectError:
    return ConnectError("cannot connect", address=address, error=error)


def tls(error: OSError | None, name: str = "a.example") -> TlsError:
    return TlsError("handshake failed", server_name=name, error=error)


def unverified(code: int, text: str = "") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, text
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


UNVERIFIED = "tls: failed to verify certificate: x509: "


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (connect("127.0.0.1:1", ConnectionRefusedError(111, "x")), "dial tcp 127.0.0.1:1: connect: connection refused"),
        (connect("[fd00::1]:1", OSError(113, "x")), "dial tcp [fd00::1]:1: connect: no route to host"),
        (connect("10.0.0.1:443", TimeoutError(110, "x")), "dial tcp 10.0.0.1:443: connect: connection timed out"),
        (connect("10.0.0.1:443", None), "dial tcp 10.0.0.1:443: i/o timeout"),
        (connect("/run/x", FileNotFoundError(2, "x")), "dial unix /run/x: connect: no such file or directory"),
        (connect("a.b:1", socket.gaierror(socket.EAI_NONAME, "x")), "dial tcp: lookup a.b: no such host"),
        (connect("a.b:1", socket.gaierror(socket.EAI_AGAIN, "x")), "dial tcp: lookup a.b: server misbehaving"),
        (tls(None), "net/http: TLS handshake timeout"),
        (tls(unverified(18)), UNVERIFIED + "certificate signed by unknown authority"),
        (tls(unverified(20)), UNVERIFIED + "certificate signed by unknown authority"),
        (tls(unverified(62)), UNVERIFIED + "certificate is valid for other names, not a.example"),
        (
            tls(unverified(64), "10.0.0.1"),
            UNVERIFIED + "cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
        ),
        (tls(unverified(26)), UNVERIFIED + "certificate specifies an incompatible key usage"),
        (tls(unverified(3, "unable to get certificate CRL")), UNVERIFIED + "unable to get certificate CRL"),
        (tls(alert("TLSV1_ALERT_UNKNOWN_CA")), "remote error: tls: unknown certificate authority"),
        (tls(alert("TLSV13_ALERT_CERTIFICATE_REQUIRED")), "remote error: tls: certificate required"),
        (tls(alert("SSLV3_ALERT_HANDSHAKE_FAILURE")), "remote error: tls: handshake failure"),
        (tls(alert("TLSV1_UNRECOGNIZED_NAME")), "remote error: tls: unrecognized name"),
        (tls(alert("WRONG_VERSION_NUMBER")), "http: server gave HTTP response to HTTPS client"),
        (tls(alert("NO_SHARED_CIPHER")), "tls: no shared cipher"),
        (Timeout("late"), "context deadline exceeded"),
        (PeerClosed("gone"), "EOF"),
        (PeerClosed("gone", answered=True), "unexpected EOF"),
        (PeerClosed("gone", error=ConnectionResetError(104, "x")), "read: connection reset by peer"),
        (PeerClosed("gone", error=BrokenPipeError(32, "x")), "write: broken pipe"),
        (ProtocolError("not HTTP"), "net/http: HTTP/1.x transport connection broken: not HTTP"),
        (ClientClosed("closed"), "http: server closed"),
        (ClientError("something else"), "something else"),
    ],
)
def test_each_failure_has_its_words(error: ClientError, text: str) -> None:
    assert go_text(error) == text


@pytest.mark.parametrize(("code", "end"), [(9, "before its first"), (10, "after its last")])
def test_a_certificate_out_of_its_time_says_so(code: int, end: str) -> None:
    text = go_text(tls(unverified(code)))
    assert text.startswith(UNVERIFIED + "certificate has expired or is not yet valid: ")
    assert text.endswith(end)


def test_the_request_stands_before_the_failure() -> None:
    error = connect("127.0.0.1:1", ConnectionRefusedError(111, "x"))
    text = 'Post "https://127.0.0.1:1/x?timeout=2s": dial tcp 127.0.0.1:1: connect: connection refused'
    assert go_url_error("POST", "https://127.0.0.1:1/x?timeout=2s", error) == text
