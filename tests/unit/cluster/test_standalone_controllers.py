"""What controllers are given that need keys, in a process of their own."""

from __future__ import annotations

import pytest

from steersman.cluster.controller_options import ControllerOptions
from steersman.cluster.errors import StartError
from steersman.cluster.standalone_controllers import ControllerFiles, key_settings

OPTIONS = ControllerOptions()


def test_without_files_those_are_left_out_that_need_them():
    assert set(key_settings(ControllerFiles(), OPTIONS, default_ca_pem="")) == {"root_ca_certificate_publisher"}


def test_the_kubeconfigs_ca_is_published_if_no_other_is_given(pki):
    found = key_settings(ControllerFiles(), OPTIONS, default_ca_pem="theirs")
    assert found["root_ca_certificate_publisher"].ca_pem == "theirs"
    given = key_settings(ControllerFiles(root_ca=pki.certificate("ca")), OPTIONS, default_ca_pem="theirs")
    assert given["root_ca_certificate_publisher"].ca_pem == pki.ca_pem()


def test_with_keys_tokens_and_certificates_are_signed(pki):
    files = ControllerFiles(
        service_account_key=pki.key("sa"), signing_certificate=pki.certificate("ca"), signing_key=pki.key("ca")
    )
    found = key_settings(files, OPTIONS, default_ca_pem="")
    assert found["serviceaccount_token"].sign({"sub": "x"}).count(".") == 2
    assert found["certificatesigningrequest_signing"].lifetime.days == 365


def test_what_does_not_go_together_is_told(pki, tmp_path):
    with pytest.raises(StartError, match="belong together"):
        key_settings(ControllerFiles(signing_key=pki.key("ca")), OPTIONS, default_ca_pem="")
    (tmp_path / "no.key").write_text("nothing")
    with pytest.raises(StartError, match="--service-account-private-key-file"):
        key_settings(ControllerFiles(service_account_key=tmp_path / "no.key"), OPTIONS, default_ca_pem="")
