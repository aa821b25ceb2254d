"""serviceaccount_token: Secrets of type kubernetes.io/service-account-token hold a token of their service account.

Reads: secrets, service accounts. Writes: secrets (update, delete), service accounts (update; looked at where they are
kept before).
Keys: service accounts, whether they exist or not; all secrets of one are worked on together.
Invariants: a secret is deleted only when its account is gone where accounts are kept, or was replaced by another of its
name, and only that very secret; a token that is there is never replaced.
Upstream differences: acts as kube-controller-manager itself, as upstream does; one queue instead of two.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import Conflict, NotFound
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.controllers.base import Tools

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - the type's name
ACCOUNT_NAME = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
BY_ACCOUNT = "token secrets by service account"
"""Index of secrets, by namespace/name of the account."""
_ISSUER = "kubernetes/serviceaccount"
_CLAIM = "kubernetes.io/serviceaccount/"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSigning:
    """What this controller is given."""

    sign: Callable[[dict[str, Any]], str]
    """Makes a signed token (JWS, compact) of claims, with a key that the API server knows."""
    ca_pem: str
    """The CA of the API server; empty to leave it out of secrets."""


class ServiceAccountTokens(Controller):
    """See the module."""

    name = "serviceaccount_token"
    account = "system:kube-controller-manager"
    reads = (SECRETS, SERVICE_ACCOUNTS)
    writes = (Writes(SECRETS, ("update", "delete")), Writes(SERVICE_ACCOUNTS, ("get", "update")))

    def __init__(self, tools: Tools, *, settings: TokenSigning) -> None:
        self._settings = settings
        self._gone: dict[Key, set[str]] = {}
        """Token secrets that were deleted and may be mentioned by their account still."""
        super().__init__(tools)

    def setup(self) -> None:
        self.index(SECRETS, BY_ACCOUNT, accounts_of)
        self.on(SERVICE_ACCOUNTS)
        self.on(SECRETS, self._concerned)

    def _concerned(self, old: Object | None, new: Object | None) -> list[Key]:
        keys = {account_key(secret) for secret in (old, new) if secret is not None and accounts_of(secret)}
        if new is None and old is not None:
            for key in keys:
                self._gone.setdefault(key, set()).add(old["metadata"]["name"])
        return list(keys)

    async def reconcile(self, key: Key) -> None:
        secrets = self.view.by_index(SECRETS, BY_ACCOUNT, str(key))
        account = self.view.get(SERVICE_ACCOUNTS, key)
        if any(not fits(secret, account) for secret in secrets):
            # The cache may be behind: a secret made right after its account must not fall.
            account = await self._live_account(key)
        for secret in secrets:
            if not fits(secret, account):
                await self._delete(secret)
                continue
            assert account is not None
            filled = plan_secret(secret, account, settings=self._settings)
            if filled is not None and not secret["metadata"].get("deletionTimestamp"):
                await self._update(filled)
        await self._forget_references(key, account)

    async def _live_account(self, key: Key) -> Object | None:
        try:
            return await self.client.get(SERVICE_ACCOUNTS, key)
        except NotFound:
            return None

    async def _delete(self, secret: Object) -> None:
        try:
            await self.client.delete(SECRETS, key_of(secret), uid=secret["metadata"]["uid"])
        except (NotFound, Conflict):
            return

    async def _update(self, secret: Object) -> None:
        try:
            await self.client.update(SECRETS, secret)
        except (NotFound, Conflict):
            return  # the change that the cache lacks queues it again

    async def _forget_references(self, key: Key, account: Object | None) -> None:
        names = set(self._gone.get(key, ()))
        if not names:
            return
        if account is not None and plan_references(account, names) is not None:
            live = await self._live_account(key)
            there = {secret["metadata"]["name"] for secret in self.view.by_index(SECRETS, BY_ACCOUNT, str(key))}
            if live is not None and (wanted := plan_references(live, names - there)) is not None:
                await self.client.update(SERVICE_ACCOUNTS, wanted)
        # More may have gone while this was written.
        left = self._gone.pop(key) - names
        if left:
            self._gone[key] = left


def account_key(secret: Object) -> Key:
    """The account that a token secret names."""
    metadata = secret["metadata"]
    return Key(metadata["namespace"], (metadata.get("annotations") or {}).get(ACCOUNT_NAME, ""))


def accounts_of(secret: Object) -> tuple[str, ...]:
    """Index values: the account of a token secret, nothing of other secrets."""
    if secret.get("type") != TOKEN_TYPE:
        return ()
    key = account_key(secret)
    return (str(key),) if key.name else ()


def fits(secret: Object, account: Object | None) -> bool:
    """Whether a token secret that names an account is this very account's."""
    if account is None:
        return False
    uid = (secret["metadata"].get("annotations") or {}).get(ACCOUNT_UID)
    return not uid or uid == account["metadata"]["uid"]


def plan_secret(secret: Object, account: Object, *, settings: TokenSigning) -> Object | None:
    """The secret with what it lacks; None if it lacks nothing."""
    metadata, data = secret["metadata"], secret.get("data") or {}
    lacking: dict[str, str] = {}
    if settings.ca_pem and data.get("ca.crt") != _encoded(settings.ca_pem):
        lacking["ca.crt"] = _encoded(settings.ca_pem)
    if not data.get("namespace"):
        lacking["namespace"] = _encoded(metadata["namespace"])
    if not data.get("token"):
        lacking["token"] = _encoded(settings.sign(claims(secret, account)))
    if not lacking:
        return None
    owner = account["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ACCOUNT_NAME: owner["name"], ACCOUNT_UID: owner["uid"]}
    return secret | {"metadata": metadata | {"annotations": annotations}, "data": data | lacking}


def claims(secret: Object, account: Object) -> dict[str, Any]:
    """Of a token that lasts as long as its secret does."""
    owner = account["metadata"]
    return {
        "iss": _ISSUER,
        f"{_CLAIM}namespace": owner["namespace"],
        f"{_CLAIM}secret.name": secret["metadata"]["name"],
        f"{_CLAIM}service-account.name": owner["name"],
        f"{_CLAIM}service-account.uid": owner["uid"],
        "sub": f"system:serviceaccount:{owner['namespace']}:{owner['name']}",
    }


def plan_references(account: Object, gone: set[str]) -> Object | None:
    """The account without references to secrets that are gone; None if it has none."""
    mentioned = account.get("secrets") or []
    left = [reference for reference in mentioned if reference.get("name") not in gone]
    if len(left) == len(mentioned):
        return None
    return account | {"secrets": left}


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
