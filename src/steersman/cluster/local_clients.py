"""Clients of the API server in its own process, each as somebody: with a certificate that the cluster's PKI issued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.client.client import Client
from steersman.cluster.local_transport import LocalTransport
from steersman.lib.pem import blocks

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from steersman.lib.clock import Clock
    from steersman.lib.http.message import Handler


class Issuer(Protocol):
    """What issues identities: the cluster's PKI."""

    def issue_client(self, common_name: str, *, organizations: tuple[str, ...], now: datetime) -> tuple[str, str]:
        """(certificate, key), PEM."""


class LocalClients:
    """Makes them, and closes them all. `handler`: the API server's."""

    def __init__(self, *, handler: Handler, issuer: Issuer, clock: Clock, rng: Random) -> None:
        self._handler = handler
        self._issuer = issuer
        self._clock = clock
        self._rng = rng
        self._transports: list[LocalTransport] = []

    def client(self, user: str, groups: tuple[str, ...] = (), *, manager: str = "") -> Client:
        """The user's; what is written with it is managed by `manager`, or the last part of the user's name."""
        certificate, _key = self._issuer.issue_client(user, organizations=groups, now=self._clock.now())
        (der,) = (block.content for block in blocks(certificate.encode()))
        short = manager or user.rpartition(":")[2]
        transport = LocalTransport(handler=self._handler, user_agent=f"steersman/{short}", certificate_der=der)
        self._transports.append(transport)
        return Client(transport=transport, rng=self._rng, field_manager=short)

    async def close(self) -> None:
        for transport in self._transports:
            await transport.close()
