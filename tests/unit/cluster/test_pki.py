from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest

from steersman.cluster import issue
from steersman.cluster.pki import LEAVES, PKIError, ensure_pki
from steersman.lib.certificate import CLIENT_AUTH, SERVER_AUTH, parse_certificate, parse_pem

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAMES = ("10.96.0.1", "api.example")


@pytest.fixture(scope="module")
def signing_key():
    return issue.issue_signing_key()


@pytest.fixture
def directory(tmp_path, signing_key):
    """A directory whose signing key is there already: making one takes long."""
    path = tmp_path / "pki"
    path.mkdir()
    (path / "sa.key").write_bytes(signing_key)
    (path / "sa.key").chmod(0o600)
    return path


def read(pki, name):
    return parse_certificate(parse_pem(pki.certificate(name).read_text())[0])


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_makes_everything_with_keys_that_only_the_owner_reads(tmp_path):
    pki = ensure_pki(tmp_path / "a" / "pki", names=NAMES, now=NOW)
    names = {path.name for path in pki.directory.iterdir()}
    pairs = {
        f"{name}.{end}" for name in ("ca", "front-proxy-ca", *(leaf.name for leaf in LEAVES)) for end in ("crt", "key")
    }
    assert names == pairs | {"sa.key", "sa.pub"}
    for path in pki.directory.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert pki.signing_key().public.algorithm == "RS256"
    assert [key.key_id for key in pki.verification_keys()] == [pki.signing_key().public.key_id]


def test_a_second_start_changes_nothing(directory):
    ensure_pki(directory, names=NAMES, now=NOW)
    before = contents(directory)
    ensure_pki(directory, names=NAMES, now=NOW + timedelta(days=200))
    assert contents(directory) == before


def test_leaves_name_whom_they_are_for_and_are_signed_by_their_ca(directory):
    pki = ensure_pki(directory, names=NAMES, now=NOW)
    ca, front_proxy_ca = read(pki, "ca"), read(pki, "front-proxy-ca")
    admin, server, proxy = (read(pki, name) for name in ("admin", "apiserver", "front-proxy-client"))
    assert (admin.common_name, admin.organizations) == ("kubernetes-admin", ("system:masters",))
    assert admin.allows(CLIENT_AUTH)
    assert not admin.allows(SERVER_AUTH)
    assert server.allows(SERVER_AUTH)
    assert {"10.96.0.1", "api.example", "kubernetes.default.svc", "127.0.0.1", "::1"} <= set(server.names)
    assert admin.signed_by(ca)
    assert not admin.signed_by(front_proxy_ca)
    assert proxy.signed_by(front_proxy_ca)
    assert not proxy.signed_by(ca)
    assert ca.is_ca
    assert not admin.is_ca


def test_openssl_accepts_the_chain_and_the_names(directory):
    pki = ensure_pki(directory, names=NAMES, now=datetime.fromtimestamp(_this_year(), UTC))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pki.certificate("apiserver"), pki.key("apiserver"))
    server.load_verify_locations(cadata=pki.ca_pem())
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cadata=pki.ca_pem())
    client.load_cert_chain(pki.certificate("admin"), pki.key("admin"))
    der = _handshake(server, client, "kubernetes.default.svc")
    assert parse_certificate(der).common_name == "kubernetes-admin"


def test_leaves_are_renewed_before_they_end_and_the_cas_stay(directory):
    pki = ensure_pki(directory, names=NAMES, now=NOW)
    before = contents(directory)
    later = ensure_pki(directory, names=NAMES, now=pki.renew_after + timedelta(seconds=1))
    after = contents(directory)
    assert later.renew_after > pki.renew_after
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{leaf.name}.{end}" for leaf in LEAVES for end in ("crt", "key")}


def test_the_server_certificate_is_made_anew_for_another_name(directory):
    ensure_pki(directory, names=NAMES, now=NOW)
    before = contents(directory)
    pki = ensure_pki(directory, names=(*NAMES, "10.0.0.7"), now=NOW)
    assert "10.0.0.7" in read(pki, "apiserver").names
    changed = {name for name in before if before[name] != contents(directory)[name]}
    assert changed == {"apiserver.crt", "apiserver.key"}


def test_a_renewal_that_was_cut_short_is_finished(directory):
    pki = ensure_pki(directory, names=NAMES, now=NOW)
    pki.key("admin").write_bytes(pki.key("kubelet-client").read_bytes())
    pki.key("apiserver").unlink()
    again = ensure_pki(directory, names=NAMES, now=NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("admin", "apiserver"):
        context.load_cert_chain(again.certificate(name), again.key(name))


def test_a_ca_key_alone_is_what_a_crash_leaves_and_is_replaced(directory):
    (directory / "ca.key").write_text("half")
    ensure_pki(directory, names=NAMES, now=NOW)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "ca.key").unlink(), r"ca.key: is missing while ca.crt is there; put it back"),
        (lambda d: (d / "ca.crt").write_text("nonsense"), r"ca.crt: no CERTIFICATE block found"),
        (lambda d: (d / "ca.crt").write_bytes((d / "admin.crt").read_bytes()), r"ca.crt: is no CA certificate"),
        (lambda d: (d / "ca.key").write_bytes((d / "admin.key").read_bytes()), r"ca.key: does not belong to ca.crt"),
        (lambda d: (d / "admin.key").write_text("nonsense"), r"admin.key: is no private key in PEM form"),
        (lambda d: (d / "admin.key").chmod(0o644), r"admin.key: others may read or write it; chmod 600"),
        (lambda d: (d / "sa.key").chmod(0o640), r"sa.key: others may read or write it; chmod 600"),
        (lambda d: (d / "sa.key").unlink(), r"sa.key: is missing while sa.pub is there"),
        (
            lambda d: (d / "admin.crt").write_bytes((d / "front-proxy-client.crt").read_bytes()),
            r"admin.crt: was not issued by ca.crt beside it; remove admin.crt and admin.key",
        ),
    ],
)
def test_what_is_wrong_stops_the_start_and_says_what_mends_it(directory, damage, message):
    ensure_pki(directory, names=NAMES, now=NOW)
    damage(directory)
    before = contents(directory)
    with pytest.raises(PKIError, match=message):
        ensure_pki(directory, names=NAMES, now=NOW)
    assert contents(directory) == before


def test_an_expired_ca_is_not_replaced_silently(directory):
    ensure_pki(directory, names=NAMES, now=NOW)
    with pytest.raises(PKIError, match=r"ca.crt: ended on 2036-11-22"):
        ensure_pki(directory, names=NAMES, now=NOW + timedelta(days=3651))


def test_an_encrypted_key_is_said_to_be_one(directory):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pki = ensure_pki(directory, names=NAMES, now=NOW)
    encrypted = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    pki.key("admin").write_bytes(encrypted)
    with pytest.raises(PKIError, match=r"admin.key: is encrypted"):
        ensure_pki(directory, names=NAMES, now=NOW)


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PKIError, match="file"):
        ensure_pki(tmp_path / "file" / "pki", names=NAMES, now=NOW)


def test_clients_beyond_those_kept_are_issued(directory):
    pki = ensure_pki(directory, names=NAMES, now=NOW)
    name = "system:node:" + "n" * 100
    certificate, key = pki.issue_client(name, organizations=("system:nodes",), now=NOW)
    found = parse_certificate(parse_pem(certificate)[0])
    assert (found.common_name, found.organizations) == (name, ("system:nodes",))
    assert found.signed_by(read(pki, "ca"))
    assert "PRIVATE KEY" in key


def _this_year():
    import time

    return time.time()  # noqa: TID251 - OpenSSL looks at the real clock


def _handshake(server_context, client_context, name):
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return server.getpeercert(binary_form=True)
