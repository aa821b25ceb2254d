"""What goes on beside the requests of a running server: its store is compacted, and asked whether it still answers.

Invariant: a store that fails ends none of this; it is told, and asked again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from steersman.store.interface import Compacted, StoreError

if TYPE_CHECKING:
    from steersman.store.interface import Store

PROBE_INTERVAL_S = 1.0
PROBE_S_MAX = 2.0
_log = logging.getLogger(__name__)


async def compact(store: Store, interval_s: float) -> None:
    """For ever: forget history that is older than one interval."""
    behind = 0
    while True:
        try:
            current = await store.revision()
            if 0 < behind <= current:
                await store.compact(behind)
        except Compacted:
            pass  # another server of the same store was faster
        except StoreError as error:
            _log.warning("compaction failed, will be tried again: %s", error)
            await asyncio.sleep(interval_s)
            continue
        behind = current
        await asyncio.sleep(interval_s)


class StoreProbe:
    """Whether a store in another process answers. One inside this process is not asked: it has no way not to."""

    def __init__(self, *, store: Store) -> None:
        self.problem: str | None = None
        """What is wrong; None when all is well."""
        self._store = store

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        while not self._store.embedded:
            self._note(await self._ask())
            await asyncio.sleep(PROBE_INTERVAL_S)

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(PROBE_S_MAX):
                await self._store.revision()
        except TimeoutError:
            return f"the store has not answered for {PROBE_S_MAX:g} s"
        except StoreError as error:
            return str(error)
        return None

    def _note(self, problem: str | None) -> None:
        if (problem is None) != (self.problem is None):
            if problem is None:
                _log.info("the store answers again")
            else:
                _log.error("the store does not answer: %s", problem)
        self.problem = problem
