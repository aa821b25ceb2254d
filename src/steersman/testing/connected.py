"""A client of a server in another process, out of a kubeconfig: what components outside of the API server have.

async with connected(server.kubeconfig) as client:
    await client.create(CONFIG_MAPS, ...)
"""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from steersman.client.client import Client
from steersman.client.http_transport import HttpTransport
from steersman.client.kubeconfig import read_kubeconfig
from steersman.lib.aio import loop_time
from steersman.lib.http.client.client import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def connected(kubeconfig: Path, *, context: str = "", seed: int = 1) -> AsyncIterator[Client]:
    """`context`: instead of the current one; `seed`: of back-offs. Raises KubeconfigError."""
    access = read_kubeconfig(kubeconfig, monotonic=loop_time, context=context)
    http = HttpClient()
    transport = HttpTransport(http=http, target=access.target, user_agent="steersman-testing", token=access.token)
    try:
        yield Client(transport=transport, rng=random.Random(seed))  # noqa: S311 - back-offs
    finally:
        await transport.close()
        await http.close()
