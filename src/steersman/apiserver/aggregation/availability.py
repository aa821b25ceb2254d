"""Whether an extension server answers: its group version's document is asked for, several times at once.

One answer is enough, so that a server with several endpoints is not told unavailable for one that is gone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from steersman.api.errors import ApiError, go_quote
from steersman.apiserver.aggregation.identity import CHECKER
from steersman.apiserver.outbound.wording import go_text
from steersman.lib.aio import Tasks
from steersman.lib.http.client.errors import ClientError

if TYPE_CHECKING:
    from steersman.apiserver.aggregation.extension_servers import ExtensionServers
    from steersman.apiserver.aggregation.registrations import Backend, Registration

ATTEMPTS: Final = 5
TIMEOUT_S: Final = 5.0
INSURANCE_S: Final = 6.0
"""When looking up names or connecting takes longer than it should."""
TIMED_OUT: Final = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


class DiscoveryCheck:
    """Asks."""

    def __init__(self, *, servers: ExtensionServers) -> None:
        self._servers = servers

    async def problem(self, registration: Registration) -> str:
        """What is in the way, in upstream's words; empty if it can be asked. Takes up to `INSURANCE_S`."""
        assert registration.backend is not None
        backend, path = registration.backend, registration.path
        tasks = Tasks()
        try:
            asked = [tasks.start(self._ask(backend, path), name=f"check {registration.name}") for _ in range(ATTEMPTS)]
            last = ""
            for answer in asyncio.as_completed(asked):
                last = await answer
                if not last:
                    break
        finally:
            await tasks.close()
        return last

    async def _ask(self, backend: Backend, path: str) -> str:
        try:
            target = self._servers.target(backend)
        except ApiError as error:
            return str(error)
        url = f"https://{target.authority}{path}"
        try:
            async with asyncio.timeout(INSURANCE_S):
                answer = await self._servers.get(target, path, user=CHECKER, timeout_s=TIMEOUT_S)
        except TimeoutError:
            return f"timed out waiting for {url}"
        except ClientError as error:
            return f"failing or missing response from {url}: Get {go_quote(url)}: {go_text(error)}"
        if not 200 <= answer.status < 300:
            return f"failing or missing response from {url}: bad status from {url}: {answer.status}"
        return ""
