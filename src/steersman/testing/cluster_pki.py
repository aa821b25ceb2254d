"""Keys and certificates of a cluster that lives as long as a test, whatever time it is in it.

The serving certificate fits real clocks, which are what real clients look at. Those of the cluster's own components
last as long as any simulated time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from steersman.cluster.issue import Authority, issue_leaf, load_authority
from steersman.cluster.pki import PKI, ensure_pki
from steersman.lib.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

_ALWAYS = datetime(1970, 1, 2, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)


class LastingIssuer:
    """Issues identities that do not end. An `Issuer` of cluster.local_clients."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def issue_client(self, common_name: str, *, organizations: tuple[str, ...], now: datetime) -> tuple[str, str]:
        """(certificate, key), PEM."""
        del now
        begin, end = _ALWAYS
        certificate, key = issue_leaf(
            self._authority,
            common_name=common_name,
            organizations=organizations,
            not_before=begin,
            not_after=end,
        )
        return certificate.decode("ascii"), key.decode("ascii")


def cluster_pki(directory: Path) -> tuple[PKI, LastingIssuer]:
    """A new PKI in a directory that need not exist."""
    directory.mkdir(mode=0o700, parents=True)
    # An RSA key, which relying parties outside of a test expect, would take longer than everything else.
    signing = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = directory / "sa.key"
    key.touch(mode=0o600)
    key.write_bytes(signing)
    pki = ensure_pki(directory, names=("127.0.0.1",), now=SystemClock().now())
    return pki, LastingIssuer(load_authority(pki.certificate("ca").read_bytes(), pki.key("ca").read_bytes()))
