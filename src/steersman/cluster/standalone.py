"""Parts of a control plane as processes of their own, whose API server is elsewhere."""

from __future__ import annotations

import os
import random
import socket
import time
from typing import TYPE_CHECKING, Protocol, Self

from steersman.apiserver.identifiers import Identifiers
from steersman.client.kubeconfig import KubeconfigError, in_cluster, read_kubeconfig
from steersman.cluster.errors import StartError
from steersman.lib.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steersman.client.kubeconfig import Access


class Part(Protocol):
    """Stopped once, also if it was never started."""

    async def start(self) -> None: ...
    def elect(self, identity: str) -> None:
        """Start when it holds the lease."""

    async def stop(self) -> None: ...


class RunningPart:
    """See `until_told.Running`."""

    def __init__(
        self, part: Callable[[Callable[[str, BaseException], None]], Part], *, failed: Callable[[], None], elects: bool
    ) -> None:
        """`part(on_crash)`: makes it. `elects`: it waits for its lease."""
        self.failure: BaseException | None = None
        self._elects = elects
        self._failed = failed
        self._part = part(self._crashed)

    async def __aenter__(self) -> Self:
        try:
            if self._elects:
                self._part.elect(own_identity())
            else:
                await self._part.start()
        except BaseException:
            await self._part.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._part.stop()

    def _crashed(self, _name: str, error: BaseException) -> None:
        self.failure = error
        self._failed()


def own_identity() -> str:
    """Unlike that of any other process."""
    return f"{socket.gethostname()}_{Identifiers(clock=SystemClock(), rng=random.SystemRandom()).uid()}"


def access_from(kubeconfig: Path | None) -> Access:
    """Where the API server is; in a pod without a kubeconfig it is that of its cluster. Raises StartError."""
    try:
        if kubeconfig is None:
            return in_cluster(os.environ, monotonic=time.monotonic)
        return read_kubeconfig(kubeconfig, monotonic=time.monotonic)
    except KubeconfigError as error:
        raise StartError(f"--kubeconfig: {error}") from error
