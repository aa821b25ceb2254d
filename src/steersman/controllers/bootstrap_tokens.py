"""bootstrap_tokens: what the secrets say that new nodes introduce themselves with. Pure.

Upstream: cluster-bootstrap/util/secrets.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, NamedTuple

from steersman.api.meta.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

NAMESPACE = "kube-system"
TYPE = "bootstrap.kubernetes.io/token"
_NAME = re.compile(r"bootstrap-token-([a-z0-9]{6})")


class Token(NamedTuple):
    """Both halves; `id` is no secret."""

    id: str
    secret: str


def is_bootstrap_token(secret: Object) -> bool:
    return secret.get("type") == TYPE and secret["metadata"]["namespace"] == NAMESPACE


def field(secret: Object, name: str) -> str:
    """A value of its data, empty if it has none."""
    return b64decode((secret.get("data") or {}).get(name, "")).decode("utf-8", "replace")


def expires_in_s(secret: Object, *, now: datetime) -> float | None:
    """In how many seconds it ends: 0 if it has ended or says so in no way that can be read, None if it never ends."""
    text = field(secret, "expiration")
    if not text:
        return None
    try:
        return max(0.0, (parse_time(text) - now).total_seconds())
    except ValueError:
        return 0.0


def signing_token(secret: Object, *, now: datetime) -> Token | None:
    """The token with which cluster-info is to be signed; None if it is not to be, has ended, or is damaged."""
    name = _NAME.fullmatch(secret["metadata"]["name"])
    token = Token(field(secret, "token-id"), field(secret, "token-secret"))
    if name is None or name.group(1) != token.id or not token.secret:
        return None
    if field(secret, "usage-bootstrap-signing") != "true" or expires_in_s(secret, now=now) == 0:
        return None
    return token
