"""Requests as a service account, with tokens that somebody else asks for: the account is made if it is not there.

A token is replaced when four fifths of its life are over, and at once when the server does not take it any more.
Upstream: controller-manager pkg/clientbuilder (client_builder_dynamic).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import AlreadyExists, NotFound, Unauthorized
from steersman.client.request import Key
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.request import ApiRequest
    from steersman.client.transport import Transport, Watch

LIFE_S = 3600
_SHARE = 0.8


class AccountTransport:
    """See the module, and Transport."""

    def __init__(
        self, *, owner: Client, namespace: str, name: str, connect: Callable[[Callable[[], str]], Transport]
    ) -> None:
        """`owner`: may make service accounts and their tokens. `connect`: makes the transport that shows a token."""
        self._owner = owner
        self._key = Key(namespace, name)
        self._inner = connect(lambda: self._token)
        self._token = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def exchange(self, request: ApiRequest, *, timeout_s: float) -> Any:
        """See Transport."""
        token = await self._fresh()
        try:
            return await self._inner.exchange(request, timeout_s=timeout_s)
        except Unauthorized:
            await self._fresh(refused=token)
            return await self._inner.exchange(request, timeout_s=timeout_s)

    async def watch(self, request: ApiRequest, *, timeout_s: float) -> Watch:
        """See Transport."""
        token = await self._fresh()
        try:
            return await self._inner.watch(request, timeout_s=timeout_s)
        except Unauthorized:
            await self._fresh(refused=token)
            return await self._inner.watch(request, timeout_s=timeout_s)

    async def close(self) -> None:
        await self._inner.close()

    async def _fresh(self, *, refused: str = "") -> str:
        """See that there is a token that is not `refused`. Raises ApiError, TransportError."""
        async with self._asking:  # many requests ask once
            if loop_time() >= self._until or self._token == refused:
                asked_at = loop_time()
                self._token = await self._ask()
                self._until = asked_at + LIFE_S * _SHARE
        return self._token

    async def _ask(self) -> str:
        wanted: Object = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [], "expirationSeconds": LIFE_S},
        }
        try:
            answer = await self._owner.create(SERVICE_ACCOUNTS, wanted, key=self._key, subresource="token")
        except NotFound:
            metadata = {"namespace": self._key.namespace, "name": self._key.name}
            with suppress(AlreadyExists):
                await self._owner.create(SERVICE_ACCOUNTS, {"metadata": metadata})
            answer = await self._owner.create(SERVICE_ACCOUNTS, wanted, key=self._key, subresource="token")
        token: str = answer["status"]["token"]
        return token
