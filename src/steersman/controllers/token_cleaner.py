"""token_cleaner: bootstrap tokens are deleted when their time has come.

Reads: secrets. Writes: secrets (delete).
Invariants: only a secret that was looked at is deleted (by uid); skew between clocks can only shift the moment.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.secret import SECRETS
from steersman.api.errors import Conflict, NotFound
from steersman.client.client import key_of
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.bootstrap_tokens import expires_in_s, is_bootstrap_token

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.client.request import Key


class TokenCleaner(Controller):
    """See the module."""

    name = "token_cleaner"
    account = "token-cleaner"
    reads = (SECRETS,)
    writes = (Writes(SECRETS, ("delete",)),)
    workers = 1

    def setup(self) -> None:
        self.on(SECRETS, concerned)

    async def reconcile(self, key: Key) -> Requeue | None:
        secret = self.view.get(SECRETS, key)
        if secret is None or not is_bootstrap_token(secret):
            return None
        remaining_s = expires_in_s(secret, now=self.clock.now())
        if remaining_s:
            return Requeue(after_s=remaining_s)
        if remaining_s is None:
            return None
        try:
            await self.client.delete(SECRETS, key, uid=secret["metadata"]["uid"])
        except (NotFound, Conflict):
            return None
        return None


def concerned(_old: Object | None, new: Object | None) -> list[Key]:
    return [key_of(new)] if new is not None and is_bootstrap_token(new) else []
