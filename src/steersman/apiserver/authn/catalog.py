"""All ways of proving an identity, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.authn.anonymous import Anonymous
from steersman.apiserver.authn.authenticator import Authenticator
from steersman.apiserver.authn.request_header import RequestHeader
from steersman.apiserver.authn.service_account import LegacyServiceAccountToken, ServiceAccountToken
from steersman.apiserver.authn.token_file import TokenFile
from steersman.apiserver.authn.x509 import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.apiserver.authn.credentials import RequestProof, TokenProof
    from steersman.apiserver.authn.jwt import VerificationKeys
    from steersman.apiserver.authn.service_account import BoundObjects
    from steersman.apiserver.authn.user import User


def authenticator(
    *,
    audiences: tuple[str, ...],
    issuers: tuple[str, ...] = (),
    keys: VerificationKeys | None = None,
    objects: BoundObjects | None = None,
    token_users: Mapping[str, User] | None = None,
    client_ca_pem: str = "",
    front_proxy_ca_pem: str = "",
    front_proxy_names: tuple[str, ...] = ("front-proxy-client",),
    anonymous: bool = True,
) -> Authenticator:
    """The chain. A kind of credential that is left out is not accepted. Raises CertificateError."""
    requests: list[RequestProof] = []
    tokens: list[TokenProof] = []
    # The front proxy first: its certificate says who the proxy is, its headers say who asks.
    if front_proxy_ca_pem:
        requests.append(RequestHeader(ca_pem=front_proxy_ca_pem, allowed_names=front_proxy_names, audiences=audiences))
    if client_ca_pem:
        requests.append(ClientCertificate(ca_pem=client_ca_pem, audiences=audiences))
    # Table look-ups before signatures.
    if token_users:
        tokens.append(TokenFile(users=token_users, audiences=audiences))
    if keys is not None and objects is not None:
        tokens.append(LegacyServiceAccountToken(keys=keys, objects=objects, audiences=audiences))
        if issuers:
            tokens.append(ServiceAccountToken(issuers=issuers, keys=keys, objects=objects, audiences=audiences))
    return Authenticator(
        requests=tuple(requests),
        tokens=tuple(tokens),
        last=Anonymous() if anonymous else None,
        audiences=audiences,
    )
