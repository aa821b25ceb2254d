"""The cluster's keys and certificates in one directory: made once, kept, renewed before they end.

    ca.crt ca.key                          signs everything below but the front proxy's (ECDSA P-256, ten years)
    apiserver.crt .key                     the API server's serving certificate
    kubelet-client.crt .key                the API server towards kubelets   (O=system:masters)
    admin.crt .key                         the administrator                 (O=system:masters)
    sa.key sa.pub                          signs service account tokens (RSA 2048: relying parties expect RS256)
    front-proxy-ca.crt .key                signs the front proxy only, so that its headers cannot be forged by users
    front-proxy-client.crt .key            the API server towards aggregated API servers

Invariants: files appear whole or not at all; keys are readable by their owner only; what exists is never overwritten
but by the renewal of a leaf; CAs and sa.key are never replaced, since everything issued so far hangs on them; two
processes that start at once do not mix two sets.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.apiserver.authn.jwt import KeyFormatError, load_signing_key, load_verification_keys
from steersman.cluster.files import write_atomically
from steersman.lib.certificate import Certificate, CertificateError, parse_certificate, parse_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from steersman.apiserver.authn.jwt import SigningKey, VerificationKey
    from steersman.cluster.issue import Authority

_CA_LIFETIME = timedelta(days=3650)
_LEAF_LIFETIME = timedelta(days=365)
_RENEWED_BEFORE_END = timedelta(days=90)
_CLOCK_SKEW = timedelta(minutes=5)
_CA, _FRONT_PROXY_CA = "ca", "front-proxy-ca"

CLUSTER_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
    "::1",
)
"""Names that every API server is known under; pods add the first address of the service range."""


class PKIError(Exception):
    """A file of the PKI cannot be used or written; the message names it, says what is wrong, and what mends it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate that is issued and renewed. `server`: for serving under the PKI's names; otherwise for clients."""

    name: str
    authority: str
    common_name: str
    organizations: tuple[str, ...] = ()
    server: bool = False


LEAVES = (
    Leaf("apiserver", _CA, "kube-apiserver", server=True),
    Leaf("kubelet-client", _CA, "kube-apiserver-kubelet-client", ("system:masters",)),
    Leaf("admin", _CA, "kubernetes-admin", ("system:masters",)),
    Leaf("front-proxy-client", _FRONT_PROXY_CA, "front-proxy-client"),
)
_AUTHORITIES = ((_CA, "kubernetes-ca"), (_FRONT_PROXY_CA, "front-proxy-ca"))


@dataclass(frozen=True, slots=True)
class PKI:
    """Paths of everything; all files exist and fit when this is handed out."""

    directory: Path
    renew_after: datetime
    """When the first leaf should be renewed: call `ensure_pki` again then, and load the files anew."""

    def certificate(self, name: str) -> Path:
        """`ca`, `front-proxy-ca` or the name of a leaf."""
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def ca_pem(self) -> str:
        return self.certificate(_CA).read_text(encoding="ascii")

    def front_proxy_ca_pem(self) -> str:
        return self.certificate(_FRONT_PROXY_CA).read_text(encoding="ascii")

    def pair_pem(self, name: str) -> tuple[str, str]:
        """(certificate, key) of a leaf."""
        return self.certificate(name).read_text(encoding="ascii"), self.key(name).read_text(encoding="ascii")

    def signing_key(self) -> SigningKey:
        """The key of service account tokens. Raises PKIError."""
        path = self.directory / "sa.key"
        try:
            return load_signing_key(path.read_bytes())
        except (OSError, KeyFormatError) as error:
            raise PKIError(
                f"{path}: {error}; put the private key there that the cluster's tokens are signed with"
            ) from error

    def verification_keys(self) -> tuple[VerificationKey, ...]:
        """All public keys of sa.pub: keep former ones in that file while their tokens are to be accepted. Raises
        PKIError.
        """
        path = self.directory / "sa.pub"
        try:
            return load_verification_keys(path.read_bytes())
        except (OSError, KeyFormatError) as error:
            raise PKIError(f"{path}: {error}; remove it to have it made from sa.key") from error

    def issue_client(self, common_name: str, *, organizations: tuple[str, ...] = (), now: datetime) -> tuple[str, str]:
        """(certificate, key), PEM, of a client that is not kept here: a component, a node. Raises PKIError."""
        from steersman.cluster.issue import issue_leaf  # noqa: PLC0415 - 50 ms; only where one is issued

        authority = _read_certificate(self.certificate(_CA))
        certificate, key = issue_leaf(
            _load_authority(self.directory, _CA),
            common_name=common_name,
            organizations=organizations,
            not_before=now - _CLOCK_SKEW,
            not_after=min(now + _LEAF_LIFETIME, authority.not_after),
        )
        return certificate.decode("ascii"), key.decode("ascii")


def ensure_pki(directory: Path, *, names: tuple[str, ...], now: datetime) -> PKI:
    """Make what is missing, renew what ends soon or serves under other names, check the rest.

    `names`: DNS names and IP addresses that clients use for the API server, beside `CLUSTER_NAMES`. Raises PKIError.
    """
    names = tuple(dict.fromkeys(_canonical(name) for name in (*CLUSTER_NAMES, *names)))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One context for all pairs: making one costs more than checking a pair.
        pairs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with _locked(directory):
            for name, common_name in _AUTHORITIES:
                _ensure_authority(directory, name, common_name, pairs, now)
            _ensure_signing_key(directory)
            ends = [_ensure_leaf(directory, leaf, names, pairs, now) for leaf in LEAVES]
    except OSError as error:
        path = error.filename or directory
        raise PKIError(f"{path}: {error.strerror or error}; this user must be able to read and write there") from error
    return PKI(directory, min(ends) - _RENEWED_BEFORE_END)


def _ensure_authority(directory: Path, name: str, common_name: str, pairs: ssl.SSLContext, now: datetime) -> None:
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    if certificate.exists() and key.exists():
        found = _read_certificate(certificate)
        if not found.is_ca:
            raise PKIError(f"{certificate}: is no CA certificate; put the certificate and key of a CA there")
        if now > found.not_after:
            raise PKIError(
                f"{certificate}: ended on {found.not_after:%Y-%m-%d}; remove {directory} to begin anew with a new CA, "
                "then hand out new certificates and kubeconfigs"
            )
        if not _fits(pairs, certificate, key):
            raise PKIError(f"{key}: does not belong to {certificate.name} beside it; put back the pair that belongs")
        return
    # The certificate is written last: a key alone is what a crash leaves, and nothing was issued with it.
    if certificate.exists():
        raise PKIError(
            f"{key}: is missing while {certificate.name} is there; put it back, or remove {directory} to begin anew "
            "with a new CA, then hand out new certificates and kubeconfigs"
        )
    from steersman.cluster.issue import issue_authority  # noqa: PLC0415 - 50 ms; only where one is issued

    pem, key_pem = issue_authority(common_name, not_before=now - _CLOCK_SKEW, not_after=now + _CA_LIFETIME)
    write_atomically(key, key_pem, mode=0o600)
    write_atomically(certificate, pem, mode=0o644)


def _ensure_leaf(directory: Path, leaf: Leaf, names: tuple[str, ...], pairs: ssl.SSLContext, now: datetime) -> datetime:
    """When it ends."""
    certificate, key = directory / f"{leaf.name}.crt", directory / f"{leaf.name}.key"
    authority = _read_certificate(directory / f"{leaf.authority}.crt")
    if certificate.exists() and key.exists():
        found = _read_certificate(certificate)
        if found.issuer != authority.subject:
            raise PKIError(
                f"{certificate}: was not issued by {leaf.authority}.crt beside it; remove {certificate.name} and "
                f"{key.name} to have new ones made"
            )
        serves = not leaf.server or set(names) <= set(found.names)
        # A crash between the two writes of a renewal leaves a pair that does not fit: it is issued again.
        if serves and now < found.not_after - _RENEWED_BEFORE_END and _fits(pairs, certificate, key):
            return found.not_after
    from steersman.cluster.issue import issue_leaf  # noqa: PLC0415 - 50 ms; only where one is issued

    not_after = min(now + _LEAF_LIFETIME, authority.not_after)
    pem, key_pem = issue_leaf(
        _load_authority(directory, leaf.authority),
        common_name=leaf.common_name,
        organizations=leaf.organizations,
        server_names=names if leaf.server else (),
        not_before=now - _CLOCK_SKEW,
        not_after=not_after,
    )
    write_atomically(key, key_pem, mode=0o600)
    write_atomically(certificate, pem, mode=0o644)
    return not_after


def _ensure_signing_key(directory: Path) -> None:
    private, public = directory / "sa.key", directory / "sa.pub"
    if private.exists():
        _check_secret(private)
        if public.exists():
            return
    elif public.exists():
        raise PKIError(
            f"{private}: is missing while {public.name} is there; put it back, or remove {public.name} to have a new "
            "pair made (all service account tokens become void)"
        )
    from steersman.cluster.issue import issue_signing_key, public_key_of  # noqa: PLC0415 - only where one is made

    if not private.exists():
        write_atomically(private, issue_signing_key(), mode=0o600)
    try:
        public_pem = public_key_of(private.read_bytes())
    except ValueError as error:
        raise PKIError(f"{private}: {error}; put an unencrypted private key in PEM form there") from error
    write_atomically(public, public_pem, mode=0o644)


def _load_authority(directory: Path, name: str) -> Authority:
    from steersman.cluster.issue import load_authority  # noqa: PLC0415 - 50 ms; only where one is issued

    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    try:
        return load_authority(certificate.read_bytes(), key.read_bytes())
    except ValueError as error:
        raise PKIError(f"{key}: {error}; put back the CA's unencrypted private key in PEM form") from error


def _read_certificate(path: Path) -> Certificate:
    try:
        return parse_certificate(parse_pem(path.read_text(encoding="ascii"))[0])
    except (CertificateError, UnicodeDecodeError) as error:
        raise PKIError(
            f"{path}: {error}; put back the certificate, or remove it and its key to have new ones made"
        ) from error


def _fits(pairs: ssl.SSLContext, certificate: Path, key: Path) -> bool:
    """Whether the key is the certificate's. Raises PKIError for a key that is no key, or that others may read."""
    _check_secret(key)
    try:
        pairs.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return False
        what = error.reason or str(error)
        raise PKIError(f"{key}: is no private key in PEM form ({what}); put it back, or remove the pair") from error
    except _EncryptedError as error:
        raise PKIError(f"{key}: is encrypted; put it there without a password") from error
    return True


class _EncryptedError(Exception):
    """OpenSSL asks for a password."""


def _no_password() -> str:
    raise _EncryptedError


def _check_secret(key: Path) -> None:
    if key.stat().st_mode & 0o077:
        raise PKIError(f"{key}: others may read or write it; chmod 600 {key}")


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
