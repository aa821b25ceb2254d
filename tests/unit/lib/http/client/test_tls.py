"""Contexts verify as Go's client does."""

from __future__ import annotations

import ssl

import pytest
from cryptography import x509

from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context
from steersman.lib.http.message import Request, Response


def whoami(request: Request) -> Response:
    der = request.peer.certificate_der
    name = "nobody" if der is None else x509.load_der_x509_certificate(der).subject.rfc4514_string()
    return Response(200, name.encode())


@pytest.mark.parametrize(("user", "name"), [(None, b"nobody"), ("alice", b"CN=alice")])
async def test_a_certificate_is_shown_if_there_is_one(serve, client, certificates, user, name) -> None:
    site = await serve(whoami, tls=certificates.server_side())
    paths = certificates.paths(user) if user else {}
    target = Target("127.0.0.1", site.target.port, client_context(authorities_pem=certificates.authority, **paths))
    assert (await client.request(target, "GET", "/", timeout_s=5)).body == name


async def test_a_server_may_be_trusted_by_itself(serve, client, certificates) -> None:
    site = await serve(whoami, tls=certificates.server_side())
    server_pem = certificates.paths("server")["certificate"].read_text()
    target = Target("127.0.0.1", site.target.port, client_context(authorities_pem=server_pem))
    assert (await client.request(target, "GET", "/", timeout_s=5)).status == 200


async def test_any_server_may_do(serve, client, certificates) -> None:
    site = await serve(whoami, tls=certificates.server_side("expired"))
    target = Target("127.0.0.1", site.target.port, client_context(verify=False), "any.name")
    assert (await client.request(target, "GET", "/", timeout_s=5)).status == 200


def test_the_system_is_trusted_unless_told_otherwise(certificates) -> None:
    assert client_context().verify_mode is ssl.CERT_REQUIRED
    only = client_context(authorities_pem=certificates.authority)
    assert [dict(pair[0] for pair in each["subject"]) for each in only.get_ca_certs()] == [{"commonName": "authority"}]
    assert not only.hostname_checks_common_name
    assert only.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises((ssl.SSLError, ValueError)):
        client_context(authorities_pem=text)
