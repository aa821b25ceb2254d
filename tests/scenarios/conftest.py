"""Scenarios talk to an API server inside the test."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


@pytest.fixture(scope="session")
def opened(
    open_api: Callable[[], AbstractAsyncContextManager[Any]], root: Path
) -> Callable[[], AbstractAsyncContextManager[Scenario]]:
    """Opens an interpreter of scenario commands, connected to a fresh API server that ends with the context."""

    @asynccontextmanager
    async def scenario() -> AsyncIterator[Scenario]:
        async with open_api() as api:
            yield Scenario(client=api.client, files=root)

    return scenario
