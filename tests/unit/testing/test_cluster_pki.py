"""Identities of a cluster in any time."""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.lib.certificate import parse_certificate, parse_pem
from steersman.testing.cluster_pki import cluster_pki


def test_identities_outlast_any_simulated_time(tmp_path) -> None:
    _, issuer = cluster_pki(tmp_path / "pki")
    pem, _ = issuer.issue_client("system:node:n", organizations=("system:nodes",), now=datetime(2030, 1, 1, tzinfo=UTC))
    certificate = parse_certificate(parse_pem(pem)[0])
    assert certificate.not_before.year == 1970
    assert certificate.not_after.year == 2199


def test_the_authority_fits_real_clocks(tmp_path) -> None:
    pki, _ = cluster_pki(tmp_path / "pki")
    ca = parse_certificate(parse_pem(pki.ca_pem())[0])
    assert ca.is_ca
    assert ca.not_before.year >= 2026
