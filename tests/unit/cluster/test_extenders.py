"""How extenders are reached and trusted."""

from __future__ import annotations

import base64
import ssl

import pytest

from steersman.cluster.errors import StartError
from steersman.cluster.extenders import make_extenders
from steersman.lib.http.client.client import HttpClient
from steersman.scheduler.configuration.model import ExtenderConfiguration, ExtenderTls


def target(url, tls=None):
    (extender,) = make_extenders([ExtenderConfiguration(url, tls=tls)], HttpClient())._extenders
    return extender._target


def test_addresses():
    assert (target("http://h:81/x").host, target("http://h:81/x").port, target("http://h").port) == ("h", 81, 80)
    assert target("https://h").port == 443


def test_with_a_ca_it_is_verified_without_it_is_not(pki):
    data = base64.b64encode(pki.ca_pem().encode()).decode()
    assert target("https://h", ExtenderTls(ca_data=data, server_name="s")).tls.verify_mode is ssl.CERT_REQUIRED
    assert target("https://h", ExtenderTls(ca_file=str(pki.certificate("ca")))).tls.verify_mode is ssl.CERT_REQUIRED
    assert target("https://h").tls.verify_mode is ssl.CERT_NONE


def test_it_is_shown_a_certificate(pki):
    tls = ExtenderTls(cert_file=str(pki.certificate("admin")), key_file=str(pki.key("admin")))
    assert target("https://h", tls).tls is not None


@pytest.mark.parametrize("tls", [ExtenderTls(ca_data="!"), ExtenderTls(ca_file="/nowhere")])
def test_what_cannot_be_read_is_told(tls):
    with pytest.raises(StartError, match=r"extenders\[0\]\.tlsConfig"):
        target("https://h", tls)
