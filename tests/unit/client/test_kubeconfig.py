"""Kubeconfigs: what is in them, what they name, and what is wrong with them."""

from __future__ import annotations

import base64
import ssl

import pytest
import yaml

from steersman.client.kubeconfig import TOKEN_READ_S, KubeconfigError, TokenFile, in_cluster, read_kubeconfig
from steersman.cluster.kubeconfig import write_kubeconfig


class Time:
    now = 0.0

    def __call__(self):
        return self.now


def config(cluster=None, user=None, **more):
    return {
        "clusters": [{"name": "c", "cluster": {"server": "https://example.com:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
        "current-context": "x",
        **more,
    }


@pytest.fixture
def read(tmp_path):
    def reading(content, **options):
        path = tmp_path / "config"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return read_kubeconfig(path, monotonic=Time(), **options)

    return reading


def test_what_the_cluster_writes_is_read(tmp_path, pki):
    path = tmp_path / "config"
    pair = pki.pair_pem("admin")
    write_kubeconfig(path, server="https://[::1]:6443", ca_pem=pki.ca_pem(), client_pem=pair)
    access = read_kubeconfig(path, monotonic=Time())
    assert (access.target.host, access.target.port, access.token) == ("::1", 6443, "")
    assert access.target.tls is not None
    assert access.target.tls.verify_mode is ssl.CERT_REQUIRED
    assert len(access.target.tls.get_ca_certs()) == 1


def test_the_context_says_which_cluster_user_and_namespace(read):
    content = config(user={"token": "t"})
    content["contexts"].append({"name": "y", "context": {"cluster": "c"}})
    access = read(content)
    assert (access.token, access.namespace, access.target.authority) == ("t", "n", "example.com:6443")
    access = read(content, context="y")
    assert (access.token, access.namespace) == ("", "")


def test_files_are_beside_the_kubeconfig(read, tmp_path, pki):
    (tmp_path / "ca.crt").write_text(pki.ca_pem())
    for name, pem in zip(("tls.crt", "tls.key"), pki.pair_pem("admin"), strict=True):
        (tmp_path / name).write_text(pem)
    access = read(
        config({"certificate-authority": "ca.crt"}, {"client-certificate": "tls.crt", "client-key": "tls.key"})
    )
    assert len(access.target.tls.get_ca_certs()) == 1


def test_data_comes_before_files(read, pki):
    data = base64.b64encode(pki.ca_pem().encode()).decode()
    read(config({"certificate-authority": "missing", "certificate-authority-data": data}))


def test_whom_to_expect_may_be_said_or_left_open(read):
    assert read(config({"tls-server-name": "other"})).target.server_name == "other"
    assert read(config({"insecure-skip-tls-verify": True})).target.tls.verify_mode is ssl.CERT_NONE
    assert read(config({"server": "http://localhost:8080"})).target.tls is None
    assert read(config({"server": "https://example.com"})).target.port == 443


def test_a_token_file_is_read_again_after_a_while(tmp_path):
    path, time = tmp_path / "token", Time()
    path.write_text("one\n")
    token = TokenFile(path, monotonic=time)
    path.write_text("two\n")
    assert token() == "one"
    time.now += TOKEN_READ_S
    assert token() == "two"
    path.unlink()
    time.now += TOKEN_READ_S
    assert token() == "two", "it may still be taken"


def test_a_token_file_comes_before_a_token(read, tmp_path):
    (tmp_path / "token").write_text("fresh")
    token = read(config(user={"token": "stale", "tokenFile": "token"})).token
    assert callable(token)
    assert token() == "fresh"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "this is no YAML"),
        ("- a", "this is no kubeconfig"),
        (config(**{"current-context": ""}), "current-context is not set; choose one of x"),
        (config(**{"current-context": "z"}), "current-context 'z' is not in contexts, which has x"),
        (config(clusters=None), r"contexts\[x\].cluster 'c' is not in clusters, which has none"),
        (config(users=[]), r"contexts\[x\].user 'u' is not in users, which has none"),
        (config({"server": "example.com"}), r"clusters\[c\].server 'example.com' is no address; https://"),
        (config({"server": "https://a:b"}), r"clusters\[c\].server 'https://a:b' is no address"),
        (config({"server": "https://a/k8s"}), "has a path"),
        (config({"server": 1}), r"clusters\[c\].server must be text, not 1"),
        (config({"certificate-authority": "missing"}), "certificate-authority missing: No such file"),
        (config({"certificate-authority-data": "?"}), "certificate-authority-data must be PEM"),
        (config({"certificate-authority-data": "YWJj"}), "holds no certificate"),
        (config(user={"client-certificate-data": "YWJj"}), r"users\[u\] has no client-key"),
        (config(user={"client-certificate-data": "YWJj", "client-key-data": "YWJj"}), "cannot be used"),
        (config(user={"tokenFile": "missing"}), r"users\[u\].tokenFile missing: No such file"),
        (config(user={"exec": {"command": "x"}}), r"users\[u\].exec is not supported; a token"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(read, content, message):
    with pytest.raises(KubeconfigError, match=message):
        read(content)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(KubeconfigError, match="No such file"):
        read_kubeconfig(tmp_path / "none", monotonic=Time())


def test_a_pod_finds_its_server_and_token(tmp_path, pki):
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(KubeconfigError, match="service account"):
        in_cluster(environ, monotonic=Time(), folder=tmp_path)
    for name, text in {"token": "t\n", "ca.crt": pki.ca_pem(), "namespace": "n"}.items():
        (tmp_path / name).write_text(text)
    access = in_cluster(environ, monotonic=Time(), folder=tmp_path)
    assert (access.target.authority, access.namespace) == ("10.0.0.1:443", "n")
    assert callable(access.token)
    assert access.token() == "t"


def test_outside_of_a_pod_there_is_none(tmp_path):
    with pytest.raises(KubeconfigError, match="this is no pod"):
        in_cluster({}, monotonic=Time(), folder=tmp_path)
