"""What extension servers serve, kept up to date: each group version's entry of the aggregated discovery document.

One that cannot be asked is told as stale and without resources, so that clients know what they do not know: garbage
collection and the deletion of namespaces leave alone what they cannot see.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from steersman.api.errors import ApiError
from steersman.apiserver.aggregation.discovery_documents import (
    ACCEPT,
    CURRENT,
    STALE,
    DocumentError,
    empty_entry,
    is_aggregated,
    parse_aggregated,
    parse_legacy,
)
from steersman.apiserver.aggregation.identity import CHECKER, DISCOVERER
from steersman.apiserver.aggregation.rounds import Intervals, Rounds
from steersman.apiserver.respond import JSON
from steersman.lib.http.client.errors import ClientError

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.aggregation.extension_servers import ExtensionServers
    from steersman.apiserver.aggregation.registrations import Backend, Registration, Registrations

_LOG: Final = logging.getLogger(__name__)
TIMEOUT_S: Final = 5.0
INTERVALS: Final = Intervals(again_s=60.0, retry_s=0.5, retry_s_max=60.0)
_GONE: Final = 503


@dataclass(frozen=True, slots=True)
class _Known:
    """The document of a whole server, which may answer for several APIServices."""

    etag: str
    entries: dict[tuple[str, str], Object] = field(repr=False)


class ExtensionDiscovery:
    """`version` rises with every change of what is told."""

    def __init__(self, *, registrations: Registrations, servers: ExtensionServers) -> None:
        self.version = 0
        self._servers = servers
        self._entries: dict[str, Object] = {}
        self._known: dict[str, tuple[Backend, _Known]] = {}
        self._rounds = Rounds(
            name="discovery", registrations=registrations, do=self.look, forget=self._forget, intervals=INTERVALS
        )

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()

    def entry(self, registration: Registration) -> Object:
        """Of a group version with a backend, with its freshness; shared, read-only."""
        return self._entries.get(registration.name) or _fresh(empty_entry(registration.version), STALE)

    async def look(self, registration: Registration) -> bool:
        """Ask now; whether there was an answer."""
        try:
            entry = _fresh(await self._fetch(registration), CURRENT)
        except (ApiError, ClientError, DocumentError) as error:
            _LOG.info("the discovery of %s cannot be read: %s", registration.name, error)
            entry = _fresh(empty_entry(registration.version), STALE)
        if self._entries.get(registration.name) != entry:
            self._entries[registration.name] = entry
            self.version += 1
        return bool(entry["freshness"] == CURRENT)

    async def _fetch(self, registration: Registration) -> Object:
        """Raises ApiError, ClientError, DocumentError."""
        backend = registration.backend
        assert backend is not None
        target = self._servers.target(backend)
        before = self._known.get(registration.name)
        known = before[1] if before is not None and before[0] == backend else None
        etag = known.etag if known is not None else ""
        get = self._servers.get
        answer = await get(target, "/apis", user=CHECKER, timeout_s=TIMEOUT_S, accept=ACCEPT, etag=etag)
        if answer.status == 304 and known is not None:
            return known.entries.get((registration.group, registration.version), empty_entry(registration.version))
        if answer.status == _GONE:
            raise DocumentError(f"non-success response code: {answer.status}")
        if answer.status == 200 and is_aggregated(answer.headers.get("content-type")):
            known = _Known(answer.headers.get("etag"), parse_aggregated(answer.body))
            self._known[registration.name] = (backend, known)
            return known.entries.get((registration.group, registration.version), empty_entry(registration.version))
        answer = await get(target, registration.path, user=DISCOVERER, timeout_s=TIMEOUT_S, accept=JSON)
        if answer.status != 200:
            raise DocumentError(f"{registration.path} is answered with {answer.status}")
        return parse_legacy(answer.body, registration.version)

    def _forget(self, name: str) -> None:
        self._known.pop(name, None)
        if self._entries.pop(name, None) is not None:
            self.version += 1


def _fresh(entry: Object, freshness: str) -> Object:
    return {**entry, "freshness": freshness}
