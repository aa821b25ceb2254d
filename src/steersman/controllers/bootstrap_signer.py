"""bootstrap_signer: cluster-info in kube-public is signed with every bootstrap token that says so.

A new node reads cluster-info without being able to know whom it talks to; the signature with the token that it was
given proves that the cluster knows the token too.

Reads: config maps, secrets. Writes: config maps (update).
Keys: cluster-info, the only one.
Invariants: nothing but signatures is changed; a signature whose token is gone or has ended is removed.
Upstream differences: what has ended is noticed at once, not only with the next change.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.secret import SECRETS
from steersman.api.errors import NotFound
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.bootstrap_tokens import (
    NAMESPACE,
    Token,
    expires_in_s,
    is_bootstrap_token,
    signing_token,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object

CLUSTER_INFO = Key("kube-public", "cluster-info")
PREFIX = "jws-kubeconfig-"


class BootstrapSigner(Controller):
    """See the module."""

    name = "bootstrap_signer"
    account = "bootstrap-signer"
    reads = (CONFIG_MAPS, SECRETS)
    writes = (Writes(CONFIG_MAPS, ("update",), names=(CLUSTER_INFO.name,)),)
    workers = 1

    def setup(self) -> None:
        self.on(CONFIG_MAPS, lambda _, new: [CLUSTER_INFO] if new is not None and key_of(new) == CLUSTER_INFO else [])
        self.on(SECRETS, concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        now = self.clock.now()
        secrets = [secret for secret in self.view.list(SECRETS, NAMESPACE) if is_bootstrap_token(secret)]
        signed = plan(self.view.get(CONFIG_MAPS, key), secrets, now=now)
        if signed is not None:
            try:
                await self.client.update(CONFIG_MAPS, signed)
            except NotFound:
                return None
        ends = [remaining for secret in secrets if (remaining := expires_in_s(secret, now=now))]
        return Requeue(after_s=min(ends)) if ends else None


def concerned(old: Object | None, new: Object | None) -> list[Key]:
    return [CLUSTER_INFO] if any(is_bootstrap_token(each) for each in (old, new) if each is not None) else []


def plan(cluster_info: Object | None, secrets: Iterable[Object], *, now: datetime) -> Object | None:
    """The ConfigMap with the signatures that it should have; None if it has them, or there is nothing to sign."""
    data = (cluster_info.get("data") or {}) if cluster_info is not None else {}
    if cluster_info is None or "kubeconfig" not in data:
        return None
    wanted: dict[str, str] = {name: value for name, value in data.items() if not name.startswith(PREFIX)}
    for secret in secrets:
        token = signing_token(secret, now=now)
        if token is not None:
            wanted.setdefault(f"{PREFIX}{token.id}", detached_signature(data["kubeconfig"], token))
    return None if wanted == data else cluster_info | {"data": wanted}


def detached_signature(content: str, token: Token) -> str:
    """A JWS (RFC 7515, HS256) without its content: appendix F."""
    header = _encoded(json.dumps({"alg": "HS256", "kid": token.id}, separators=(",", ":")).encode())
    signed = f"{header}.{_encoded(content.encode())}".encode()
    return f"{header}..{_encoded(hmac.digest(token.secret.encode(), signed, hashlib.sha256))}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
