from __future__ import annotations

import base64
import stat

import pytest
import yaml

from steersman.cluster.kubeconfig import render_kubeconfig, write_kubeconfig


def test_holds_the_ca_and_a_token_inlined():
    config = yaml.safe_load(render_kubeconfig(server="https://[::1]:6443", ca_pem="CA\n", token='a"b'))
    assert config["clusters"][0]["cluster"]["server"] == "https://[::1]:6443"
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]) == b"CA\n"
    assert config["users"] == [{"name": "steersman-admin", "user": {"token": 'a"b'}}]
    assert config["contexts"][0]["context"] == {"cluster": "steersman", "user": "steersman-admin"}
    assert config["current-context"] == config["contexts"][0]["name"] == "steersman"


def test_or_a_client_certificate():
    text = render_kubeconfig(server="https://x", ca_pem="CA", client_pem=("C", "K"), name="c", user="u")
    user = yaml.safe_load(text)["users"][0]
    assert user["name"] == "c-u"
    assert base64.b64decode(user["user"]["client-certificate-data"]) == b"C"
    assert base64.b64decode(user["user"]["client-key-data"]) == b"K"


@pytest.mark.parametrize("credentials", [{}, {"token": "t", "client_pem": ("c", "k")}])
def test_needs_exactly_one_credential(credentials):
    with pytest.raises(ValueError, match="one of them"):
        render_kubeconfig(server="https://x", ca_pem="CA", **credentials)


def test_is_written_for_its_owner_only_and_replaced_whole(tmp_path):
    path = tmp_path / "new" / "kubeconfig"
    write_kubeconfig(path, server="https://x", ca_pem="CA", token="one")
    path.chmod(0o644)
    write_kubeconfig(path, server="https://x", ca_pem="CA", token="two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text())["users"][0]["user"]["token"] == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["kubeconfig"]
