"""The controllers as a process of their own, as kube-controller-manager is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from steersman.apiserver.authn.jwt import KeyFormatError, load_signing_key
from steersman.cluster.controller_settings import settings_from
from steersman.cluster.controllers import ControllerManager
from steersman.cluster.errors import StartError
from steersman.cluster.remote_clients import RemoteClients
from steersman.cluster.standalone import RunningPart, access_from
from steersman.cluster.until_told import run_until_told
from steersman.controllers.certificatesigningrequest_signing import CertificateSigning, CertificateSigningRequestSigning
from steersman.controllers.kube_apiserver_serving_clustertrustbundle_publisher import (
    ServingCA,
    ServingClusterTrustBundlePublisher,
)
from steersman.controllers.root_ca_certificate_publisher import RootCA, RootCACertificatePublisher
from steersman.controllers.serviceaccount_token import ServiceAccountTokens, TokenSigning
from steersman.lib.clock import SystemClock
from steersman.lib.metrics import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.cluster.controller_options import ControllerOptions

_NEED_FILES = frozenset(
    {CertificateSigningRequestSigning.name, ServiceAccountTokens.name, ServingClusterTrustBundlePublisher.name}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerFiles:
    """What some controllers cannot work without; without a file they do not run."""

    root_ca: Path | None = None
    """What the API server is verified with; None: as the kubeconfig says."""
    service_account_key: Path | None = None
    """The private key of service account tokens."""
    signing_certificate: Path | None = None
    signing_key: Path | None = None
    """Both: the CA that signs what CertificateSigningRequests ask for."""


def run_controllers(
    *,
    kubeconfig: Path | None,
    options: ControllerOptions,
    files: ControllerFiles,
    service_cidrs: tuple[str, ...],
    leader_elect: bool,
    as_accounts: bool,
    say: Callable[[str], None],
) -> None:
    """Run until SIGTERM or SIGINT. `as_accounts`: each comes as its own service account. Raises StartError."""
    access, rng = access_from(kubeconfig), random.SystemRandom()
    given = key_settings(files, options, default_ca_pem=access.authorities_pem)
    settings = settings_from(options, service_cidrs=service_cidrs) | given
    missing = _NEED_FILES - given.keys()

    def make(on_crash: Callable[[str, BaseException], None]) -> ControllerManager:
        return ControllerManager(
            names=[name for name in options.names if name not in missing],
            settings=settings,
            clients=RemoteClients(access=access, rng=rng, as_accounts=as_accounts),
            clock=SystemClock(),
            rng=rng,
            registry=Registry(),
            on_crash=on_crash,
        )

    told = "they wait for their lease" if leader_elect else "they work"
    run_until_told(
        lambda failed: RunningPart(make, failed=failed, elects=leader_elect),
        ready=lambda _running: say(f"steersman controllers are ready: {told}"),
    )


def key_settings(files: ControllerFiles, options: ControllerOptions, *, default_ca_pem: str) -> dict[str, object]:
    """By controller, what those are given that need keys or certificates. Raises StartError."""
    root_pem = _read(files.root_ca, "--root-ca-file")
    ca_pem = root_pem or default_ca_pem
    settings: dict[str, object] = {RootCACertificatePublisher.name: RootCA(ca_pem=ca_pem)}
    if ca_pem:
        settings[ServingClusterTrustBundlePublisher.name] = ServingCA(ca_pem=ca_pem)
    key_pem = _read(files.service_account_key, "--service-account-private-key-file")
    if key_pem:
        try:
            sign = load_signing_key(key_pem.encode()).sign
        except KeyFormatError as error:
            raise StartError(f"--service-account-private-key-file: {error}") from error
        settings[ServiceAccountTokens.name] = TokenSigning(sign=sign, ca_pem=root_pem)
    signing_pem = _read(files.signing_certificate, "--cluster-signing-cert-file")
    signing_key_pem = _read(files.signing_key, "--cluster-signing-key-file")
    if bool(signing_pem) != bool(signing_key_pem):
        raise StartError("--cluster-signing-cert-file and --cluster-signing-key-file belong together; give both")
    if signing_pem:
        settings[CertificateSigningRequestSigning.name] = CertificateSigning(
            ca_pem=signing_pem.encode(),
            key_pem=signing_key_pem.encode(),
            lifetime=timedelta(seconds=options.cluster_signing_duration),
        )
    return settings


def _read(path: Path | None, option: str) -> str:
    try:
        return path.read_text() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{option} {path}: {error}; name a PEM file that can be read") from error
