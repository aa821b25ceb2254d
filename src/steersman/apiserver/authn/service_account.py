"""Service account tokens: bound ones (with an audience and an end, KEP-1205) and legacy ones kept in Secrets.

Reads: service accounts, and the pods, nodes and secrets that tokens are bound to, through `BoundObjects`.
Invariants: a token ends with its time, its service account, or the object it is bound to (same name *and* uid),
whichever ends first; a deletion is noticed by the next request, also for tokens that were verified before.
Upstream differences: the label kubernetes.io/legacy-token-last-used is not written here; `LegacyServiceAccountToken`
is pure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from steersman.apiserver.authn.credentials import Identified, Rejected, intersect
from steersman.apiserver.authn.jwt import TokenError, unverified_issuer
from steersman.apiserver.authn.user import (
    CREDENTIAL_ID,
    NODE_NAME,
    NODE_UID,
    POD_NAME,
    POD_UID,
    User,
    service_account_groups,
    service_account_username,
    split_service_account,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object
    from steersman.apiserver.authn.jwt import VerificationKeys

_LEEWAY = timedelta(seconds=60)
_LEGACY_ISSUER = "kubernetes/serviceaccount"
_LEGACY_PREFIX = "kubernetes.io/serviceaccount/"
_INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
_INVALIDATED = "service account token has been invalidated"


@dataclass(frozen=True, slots=True)
class ObjectIdentity:
    """Which object stands under a name now. `deleted_at`: since when it is terminating."""

    uid: str
    deleted_at: datetime | None = None


class BoundObjects(Protocol):
    """Looks into the API server's caches; must know every write that was acknowledged."""

    def identity(self, resource: str, namespace: str, name: str) -> ObjectIdentity | None:
        """Of `serviceaccounts`, `pods`, `secrets` or `nodes` (namespace empty); None when there is none."""

    def secret(self, namespace: str, name: str) -> Object | None:
        """The whole Secret, to compare legacy tokens with."""


class ServiceAccountToken:
    """Tokens of the TokenRequest API. `issuers`: the current issuer first, then former ones that are still accepted."""

    def __init__(
        self, *, issuers: tuple[str, ...], keys: VerificationKeys, objects: BoundObjects, audiences: tuple[str, ...]
    ) -> None:
        self._issuers = frozenset(issuers)
        self._keys = keys
        self._objects = objects
        self._audiences = audiences

    def authenticate_token(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified | None:
        if unverified_issuer(token) not in self._issuers:
            return None
        claims = _verified(self._keys, token)
        good_for = _audiences(claims, self._audiences, audiences)
        bound = _text_claims(claims.get("kubernetes.io"))
        expires = _check_times(claims, now)
        self._check(bound, now)
        return Identified(_user(claims, bound), good_for, expires, partial(self._check, bound))

    def _check(self, bound: Mapping[str, Any], now: datetime) -> None:
        """What a token is bound to is still there. Raises Rejected."""
        namespace = bound.get("namespace", "")
        name, uid = _reference(bound, "serviceaccount")
        deleted_before = now - _LEEWAY
        account = self._objects.identity("serviceaccounts", namespace, name)
        if account is None:
            raise Rejected(f'serviceaccounts "{name}" not found')
        if account.uid != uid:
            raise Rejected(f"service account UID ({account.uid}) does not match claim ({uid})")
        if account.deleted_at is not None and account.deleted_at < deleted_before:
            raise Rejected(f"service account {namespace}/{name} has been deleted")
        if "secret" in bound:
            self._check_bound(bound, "secret", namespace, deleted_before)
        if "pod" in bound:
            # The node of a pod-bound token is information only: it may be gone before the pod is.
            self._check_bound(bound, "pod", namespace, deleted_before)
        elif "node" in bound:
            self._check_bound(bound, "node", "", deleted_before)

    def _check_bound(self, bound: Mapping[str, Any], kind: str, namespace: str, deleted_before: datetime) -> None:
        name, uid = _reference(bound, kind)
        found = self._objects.identity(f"{kind}s", namespace, name)
        if found is None:
            raise Rejected(_INVALIDATED)
        if found.uid != uid:
            raise Rejected(f"{kind} UID ({found.uid}) does not match service account {kind} ref claim ({uid})")
        if found.deleted_at is not None and found.deleted_at < deleted_before:
            raise Rejected(_INVALIDATED)


class LegacyServiceAccountToken:
    """Tokens without end, kept in Secrets of type kubernetes.io/service-account-token. Good for the API server only."""

    def __init__(self, *, keys: VerificationKeys, objects: BoundObjects, audiences: tuple[str, ...]) -> None:
        self._keys = keys
        self._objects = objects
        self._audiences = audiences

    def authenticate_token(self, token: str, audiences: tuple[str, ...], now: datetime) -> Identified | None:
        if unverified_issuer(token) != _LEGACY_ISSUER:
            return None
        claims = _verified(self._keys, token)
        good_for = _audiences(claims, self._audiences, audiences)
        check = partial(self._check, claims, token)
        check(now)
        namespace, name = claims[_LEGACY_PREFIX + "namespace"], claims[_LEGACY_PREFIX + "service-account.name"]
        user = User(
            name=service_account_username(namespace, name),
            uid=claims[_LEGACY_PREFIX + "service-account.uid"],
            groups=service_account_groups(namespace),
        )
        return Identified(user, good_for, None, check)

    def _check(self, claims: Mapping[str, Any], token: str, now: datetime) -> None:  # noqa: ARG002 - legacy has no time
        subject = _claim(claims, "sub", "sub claim is missing")
        namespace = _claim(claims, _LEGACY_PREFIX + "namespace", "namespace claim is missing")
        secret_name = _claim(claims, _LEGACY_PREFIX + "secret.name", "secretName claim is missing")
        name = _claim(claims, _LEGACY_PREFIX + "service-account.name", "serviceAccountName claim is missing")
        uid = _claim(claims, _LEGACY_PREFIX + "service-account.uid", "serviceAccountUID claim is missing")
        if split_service_account(subject) != (namespace, name):
            raise Rejected("sub claim is invalid")
        secret = self._objects.secret(namespace, secret_name)
        if secret is None or secret["metadata"].get("deletionTimestamp"):
            raise Rejected("Token has been invalidated")
        if not hmac.compare_digest(_secret_token(secret), token.encode()):
            raise Rejected("Token does not match server's copy")
        account = self._objects.identity("serviceaccounts", namespace, name)
        if account is None:
            raise Rejected(f'serviceaccounts "{name}" not found')
        if account.deleted_at is not None:
            raise Rejected(f"ServiceAccount {namespace}/{name} has been deleted")
        if account.uid != uid:
            raise Rejected(f"ServiceAccount UID ({account.uid}) does not match claim ({uid})")
        if (secret["metadata"].get("labels") or {}).get(_INVALID_SINCE):
            raise Rejected(
                f"the token in secret {namespace}/{secret_name} for service account {namespace}/{name} has been marked "
                "invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the "
                f"'{_INVALID_SINCE}' label from the secret to temporarily allow use of this token"
            )


def _verified(keys: VerificationKeys, token: str) -> dict[str, Any]:
    try:
        return keys.verify(token)
    except TokenError as error:
        raise Rejected(str(error)) from error


def _audiences(claims: Mapping[str, Any], own: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    listed = claims.get("aud")
    claimed = (listed,) if isinstance(listed, str) else tuple(listed) if isinstance(listed, list) else ()
    claimed = claimed or own
    good_for = intersect(claimed, wanted)
    if not good_for:
        raise Rejected(f"token audiences {_go_list(claimed)} is invalid for the target audiences {_go_list(wanted)}")
    return good_for


def _go_list(values: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{value}"' for value in values) + "]"


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the token ends, leeway included. Raises Rejected when it has ended or not begun."""
    expires = _moment(claims, "exp")
    if expires is not None:
        expires += _LEEWAY
        if now > expires:
            raise Rejected("service account token has expired")
    begins, issued = _moment(claims, "nbf"), _moment(claims, "iat")
    if begins is not None and now + _LEEWAY < begins:
        raise Rejected("service account token is not valid yet")
    if issued is not None and now + _LEEWAY < issued:
        raise Rejected("service account token is issued in the future")
    return expires


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Rejected(
            "service account token claims could not be validated due to unexpected validation error"
        ) from error


def _text_claims(bound: Any) -> dict[str, Any]:
    if not isinstance(bound, dict):
        raise Rejected("kubernetes.io claim is missing")
    return bound


def _reference(bound: Mapping[str, Any], kind: str) -> tuple[str, str]:
    reference = bound.get(kind)
    if not isinstance(reference, dict):
        raise Rejected(f"{kind} claim is missing")
    return str(reference.get("name", "")), str(reference.get("uid", ""))


def _claim(claims: Mapping[str, Any], name: str, missing: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(missing)
    return value


def _secret_token(secret: Object) -> bytes:
    try:
        return base64.b64decode((secret.get("data") or {}).get("token", ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _user(claims: Mapping[str, Any], bound: Mapping[str, Any]) -> User:
    namespace = str(bound.get("namespace", ""))
    name, uid = _reference(bound, "serviceaccount")
    extra: dict[str, tuple[str, ...]] = {}
    if claims.get("jti"):
        extra[CREDENTIAL_ID] = (f"JTI={claims['jti']}",)
    if "pod" in bound:
        extra[POD_NAME], extra[POD_UID] = ((text,) for text in _reference(bound, "pod"))
    if "node" in bound:
        node_name, node_uid = _reference(bound, "node")
        extra[NODE_NAME] = (node_name,)
        if node_uid:
            extra[NODE_UID] = (node_uid,)
    return User(
        name=service_account_username(namespace, name),
        uid=uid,
        groups=service_account_groups(namespace),
        extra=tuple(sorted(extra.items())),
    )
