"""Issues service account tokens, and publishes what others need to verify them (OpenID Connect discovery, RFC 7517
keys).

Invariants: one key for all API servers of a cluster, kept on disk; every token has an id (jti), an end and at least
one audience.
Upstream differences: tokens bound to webhook configurations (alpha in 1.37) are not issued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from steersman.api.errors import FieldError, invalid
from steersman.apiserver.authn.jwt import VerificationKeys
from steersman.apiserver.authn.user import service_account_username

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.jwt import SigningKey, VerificationKey

DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/openid/v1/jwks"
JWKS_CONTENT_TYPE = "application/jwk-set+json"
METADATA_CACHE_CONTROL = "public, max-age=3600"

_EXPIRATION_S_MIN = 600
_EXPIRATION_S_MAX = 1 << 32
_WARN_ONLY_EXPIRATION_S = 3607
"""What projected volumes ask for by default: such tokens live on for a year and only warn after that time."""
_EXTENDED_EXPIRATION_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that a token names."""

    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """What a token says. `pod` with `node` (where it runs), or `node` alone, or `secret`, or none of them."""

    namespace: str
    service_account: Reference
    audiences: tuple[str, ...]
    expiration_s: int
    pod: Reference | None = None
    node: Reference | None = None
    secret: Reference | None = None
    warn_after_s: int = 0


class TokenIssuer:
    """`new_id`: makes UUIDs. `retired_keys`: former keys, still published and accepted. `jwks_uri`: where others
    fetch the keys.
    """

    def __init__(
        self,
        *,
        key: SigningKey,
        issuer: str,
        new_id: Callable[[], str],
        retired_keys: tuple[VerificationKey, ...] = (),
        jwks_uri: str = "",
    ) -> None:
        self.issuer = issuer
        self.keys = VerificationKeys(keys=(key.public, *(k for k in retired_keys if k.key_id != key.public.key_id)))
        self._key = key
        self._new_id = new_id
        self._jwks_uri = jwks_uri or issuer.rstrip("/") + JWKS_PATH

    def issue(self, claims: TokenClaims, now: datetime) -> str:
        """The signed token. Raises ValueError for claims that contradict each other."""
        return self._key.sign(self.payload(claims, now))

    def payload(self, claims: TokenClaims, now: datetime) -> dict[str, Any]:
        if claims.secret is not None and (claims.pod is not None or claims.node is not None):
            raise ValueError("a token can only be bound to one object type")
        issued = int(now.timestamp())
        bound: dict[str, Any] = {
            "namespace": claims.namespace,
            "serviceaccount": _reference(claims.service_account),
        }
        for kind, reference in (("pod", claims.pod), ("secret", claims.secret), ("node", claims.node)):
            if reference is not None:
                bound[kind] = _reference(reference)
        if claims.warn_after_s:
            bound["warnafter"] = issued + claims.warn_after_s
        return {
            "aud": list(claims.audiences),
            "exp": issued + claims.expiration_s,
            "iat": issued,
            "iss": self.issuer,
            "jti": self._new_id(),
            "kubernetes.io": bound,
            "nbf": issued,
            "sub": service_account_username(claims.namespace, claims.service_account.name),
        }

    def discovery_document(self) -> bytes:
        """The body of `/.well-known/openid-configuration`, application/json."""
        return orjson.dumps(
            {
                "issuer": self.issuer,
                "jwks_uri": self._jwks_uri,
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": sorted({key.algorithm for key in self.keys.keys}),
            }
        )

    def jwks(self) -> bytes:
        """The body of `/openid/v1/jwks`, application/jwk-set+json."""
        return orjson.dumps({"keys": [key.jwk() for key in self.keys.keys]})


def token_lifetime(
    expiration_s: int, *, bound_to_pod: bool, audiences: tuple[str, ...], api_audiences: tuple[str, ...]
) -> tuple[int, int]:
    """(seconds until the token ends, seconds until its use is warned of; 0: never).

    Tokens of projected volumes live on for a year, so that clients which read the file only once keep working.
    """
    for_api_server = bool(audiences) and all(audience in api_audiences for audience in audiences)
    if bound_to_pod and expiration_s == _WARN_ONLY_EXPIRATION_S and for_api_server:
        return _EXTENDED_EXPIRATION_S, expiration_s
    return expiration_s, 0


def validate_token_request(request: Object) -> list[FieldError]:
    """Of an authentication.k8s.io/v1 TokenRequest with defaults (expirationSeconds 3600)."""
    spec = request.get("spec") or {}
    errors: list[FieldError] = []
    seconds = spec.get("expirationSeconds", 3600)
    path = "spec.expirationSeconds"
    if seconds < _EXPIRATION_S_MIN:
        errors.append(invalid(path, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > _EXPIRATION_S_MAX:
        errors.append(invalid(path, seconds, "may not specify a duration larger than 2^32 seconds"))
    if spec.get("attestations"):
        detail = "attestations may only be specified with a webhook bound object reference"
        return [invalid("spec.attestations", spec["attestations"], detail)]
    return errors


def _reference(reference: Reference) -> dict[str, str]:
    return {"name": reference.name, "uid": reference.uid} if reference.uid else {"name": reference.name}
