"""Who the server says it is, and whom it believes: certificates at the door of a real process."""

from __future__ import annotations

import base64
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import yaml

from steersman.cluster.pki import ensure_pki
from steersman.lib.certificate import Certificate, parse_certificate
from steersman.lib.clock import SystemClock
from steersman.testing.rest import BROKEN, RestClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.testing.server import ServerProcess


def of_kubeconfig(path: Path, folder: Path) -> tuple[Path, Path]:
    """The administrator's certificate and key, as files."""
    user = yaml.safe_load(path.read_text())["users"][0]["user"]
    files = folder / "client.crt", folder / "client.key"
    for file, field in zip(files, ("client-certificate-data", "client-key-data"), strict=True):
        file.write_bytes(base64.b64decode(user[field]))
    return files


def served_certificate(server: ServerProcess) -> Certificate:
    """What the server shows in a handshake."""
    where = urlsplit(server.url)
    context = ssl.create_default_context(cafile=str(server.ca))
    with (
        socket.create_connection((where.hostname, where.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as connection,
    ):
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    return parse_certificate(der)


def test_the_kubeconfig_lets_its_owner_in_and_nobody_else_reads_it(server: ServerProcess, tmp_path: Path) -> None:
    assert server.kubeconfig.stat().st_mode & 0o777 == 0o600
    admin = RestClient(server.url, ca=server.ca, certificate=of_kubeconfig(server.kubeconfig, tmp_path))
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    who = admin.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review).body["status"]["userInfo"]
    assert (who["username"], "system:masters" in who["groups"]) == ("kubernetes-admin", True)
    assert admin.ask("GET", "/api/v1/secrets").status == 200
    admin.close()


def test_a_certificate_of_another_authority_is_no_login(server: ServerProcess, tmp_path: Path) -> None:
    """Whatever it says its holder's groups are."""
    foreign = ensure_pki(tmp_path / "pki", names=("127.0.0.1",), now=SystemClock().now())
    certificate = foreign.certificate("admin"), foreign.key("admin")
    visitor = RestClient(server.url, ca=server.ca, certificate=certificate)
    try:
        status = visitor.ask("GET", "/api/v1/secrets").status
    except BROKEN:
        status = 401  # turned away in the handshake
    visitor.close()
    assert status == 401


def test_a_server_of_another_authority_is_not_believed(server: ServerProcess, tmp_path: Path) -> None:
    foreign = ensure_pki(tmp_path / "pki", names=("127.0.0.1",), now=SystemClock().now())
    client = RestClient(server.url, ca=foreign.certificate("ca"))
    with pytest.raises(ssl.SSLCertVerificationError):
        client.ask("GET", "/version")


@pytest.mark.parametrize("age_days", [300, 400])
def test_certificates_that_have_ended_or_soon_will_are_renewed_at_the_start(
    tmp_path: Path, serve: Callable[..., ServerProcess], age_days: int
) -> None:
    now = SystemClock().now()
    old = ensure_pki(tmp_path / "data" / "pki", names=("127.0.0.1",), now=now - timedelta(days=age_days))
    authority = old.ca_pem()
    before = {name: old.certificate(name).read_bytes() for name in ("apiserver", "admin", "kubelet-client")}
    server = serve(tmp_path / "data")
    assert old.ca_pem() == authority
    assert [name for name, pem in before.items() if old.certificate(name).read_bytes() == pem] == []
    assert served_certificate(server).not_after > now + timedelta(days=300)
    admin = RestClient(server.url, ca=server.ca, certificate=of_kubeconfig(server.kubeconfig, tmp_path))
    assert admin.ask("GET", "/api/v1/secrets").status == 200
    admin.close()
