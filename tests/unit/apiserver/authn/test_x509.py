from __future__ import annotations

from datetime import timedelta

import pytest

from steersman.api.errors import Unauthorized
from steersman.apiserver.authn.credentials import Rejected
from steersman.apiserver.authn.x509 import TrustedCertificates
from steersman.lib.certificate import CertificateError

from .identities import NOW, Authority, chain, headers


def test_client_certificates_name_user_and_groups():
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    user = who.authenticate(headers(), ca.client("bob", "devs", "ops"), NOW)
    assert (user.name, user.groups) == ("bob", ("devs", "ops", "system:authenticated"))
    assert user.extra[0][1][0].startswith("X509SHA256=")


@pytest.mark.parametrize(
    "what", ["another ca", "the same name of another ca", "a server's", "expired", "early", "damaged"]
)
def test_certificates_that_do_not_hold_are_never_anonymous(what):
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    certificate, now = ca.client("bob"), NOW
    match what:
        case "another ca":
            certificate = Authority("other").client("bob")
        case "the same name of another ca":
            certificate = Authority().client("bob")
        case "a server's":
            certificate = ca.client("bob", server_names=("bob",))
        case "expired":
            now += timedelta(days=2)
        case "early":
            now -= timedelta(days=2)
        case "damaged":
            certificate = certificate[:-1]
    with pytest.raises(Unauthorized):
        who.authenticate(headers(), certificate, now)


def test_a_remembered_certificate_ends_with_its_time():
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    certificate = ca.client("bob")
    assert who.authenticate(headers(), certificate, NOW).name == "bob"
    with pytest.raises(Unauthorized):
        who.authenticate(headers(), certificate, NOW + timedelta(days=2))


def test_refusals_name_the_certificate_by_its_serial_number():
    trusted = TrustedCertificates(ca_pem=Authority().pem.decode())
    with pytest.raises(Rejected, match=r"verifying certificate SN=\d+ failed: x509: certificate signed by unknown"):
        trusted.verify(Authority("other").client("x"), NOW)


def test_without_a_ca_there_is_no_start():
    with pytest.raises(CertificateError, match="no CERTIFICATE block"):
        TrustedCertificates(ca_pem="")


def test_a_certificate_without_a_common_name_names_nobody():
    ca = Authority()
    who = chain(client_ca_pem=ca.pem.decode())
    assert who.authenticate(headers(), ca.client("", "devs"), NOW).name == "system:anonymous"
