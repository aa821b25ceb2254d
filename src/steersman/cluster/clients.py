"""Where the parts of a control plane get their clients from, wherever the API server is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from steersman.client.client import Client


class Clients(Protocol):
    """Makes clients, and closes them all."""

    def client(self, user: str, groups: tuple[str, ...] = ()) -> Client:
        """Of somebody; what is written with it is managed by the last part of the name."""

    async def close(self) -> None: ...
