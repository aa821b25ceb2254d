"""Clients of an API server elsewhere, out of a kubeconfig: all as the user that it names, or each service account with
tokens of its own, which that user asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.client.client import Client
from steersman.client.http_transport import HttpTransport
from steersman.cluster.account_transport import AccountTransport
from steersman.lib.http.client.client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from steersman.client.kubeconfig import Access
    from steersman.client.transport import Transport

_ACCOUNT = "system:serviceaccount:"


class RemoteClients:
    """See the module. Makes connections of its own, which `close` cuts."""

    def __init__(self, *, access: Access, rng: Random, as_accounts: bool = False) -> None:
        """`as_accounts`: whoever is a service account comes as one."""
        self._access = access
        self._rng = rng
        self._http = HttpClient()
        self._as_accounts = as_accounts

    def client(self, user: str, groups: tuple[str, ...] = ()) -> Client:  # noqa: ARG002 - the server knows its groups
        """See Clients."""
        short = user.rpartition(":")[2]
        transport: Transport = self._transport(short, self._access.token)
        if self._as_accounts and user.startswith(_ACCOUNT):
            namespace, _, name = user.removeprefix(_ACCOUNT).partition(":")
            owner = Client(transport=transport, rng=self._rng, field_manager=short)
            transport = AccountTransport(
                owner=owner,
                namespace=namespace,
                name=name,
                connect=lambda token: self._transport(short, token, anonymous=True),
            )
        return Client(transport=transport, rng=self._rng, field_manager=short)

    async def close(self) -> None:
        await self._http.close()

    def _transport(self, name: str, token: Callable[[], str] | str, *, anonymous: bool = False) -> HttpTransport:
        target = (self._access.bare if anonymous else None) or self._access.target
        return HttpTransport(http=self._http, target=target, user_agent=f"steersman/{name}", token=token)
