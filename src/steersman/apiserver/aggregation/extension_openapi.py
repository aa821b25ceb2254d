"""What extension servers say in OpenAPI, kept up to date: documents of version 2, and where those of version 3 are.

Invariants: a server describes its own group version and nothing else; what it said last is kept while it does not
answer; a document that could not be passed on is not taken.
Upstream differences: of version 3, paths outside of the group are not taken over.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from steersman.api.errors import ApiError
from steersman.apiserver.aggregation.identity import OPENAPI_READER
from steersman.apiserver.aggregation.rounds import Intervals, Rounds
from steersman.apiserver.openapi import gnostic, gnostic_v3
from steersman.apiserver.openapi.convert import converted_parts
from steersman.apiserver.openapi.merge import Spec, SpecError, below
from steersman.apiserver.respond import JSON
from steersman.lib.http.client.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from steersman.apiserver.aggregation.extension_proxy import ExtensionProxy
    from steersman.apiserver.aggregation.extension_servers import ExtensionServers
    from steersman.apiserver.aggregation.registrations import Registration, Registrations
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.authn.user import User
    from steersman.lib.http.client.message import ClientResponse, Target
    from steersman.lib.http.message import Request

_LOG: Final = logging.getLogger(__name__)
TIMEOUT_S: Final = 60.0
INTERVALS: Final = Intervals(again_s=60.0, retry_s=60.0, retry_s_max=3600.0)


@dataclass(slots=True)
class _Said:
    """By one server about one group version."""

    etag: str = ""
    """Of the document of version 2."""
    digest: str = ""
    spec: Spec = field(default_factory=Spec, repr=False)
    paths: dict[str, str] = field(default_factory=dict)
    """Below /openapi/v3/ -> where the document is."""
    is_old: bool = False
    """It knows nothing of version 3."""


class ExtensionOpenAPI:
    """`version` rises with every change of what is told."""

    def __init__(self, *, registrations: Registrations, servers: ExtensionServers, proxy: ExtensionProxy) -> None:
        self.version = 0
        self._registrations = registrations
        self._servers = servers
        self._proxy = proxy
        self._said: dict[str, _Said] = {}
        self._rounds = Rounds(
            name="openapi", registrations=registrations, do=self.look, forget=self._forget, intervals=INTERVALS
        )

    def start(self) -> None:
        self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()

    def specs(self) -> list[tuple[str, Spec]]:
        """(digest, document of version 2), those of greater weight first."""
        known = [(each, self._said[each.name]) for each in self._registrations.remote() if each.name in self._said]
        ordered = sorted(known, key=lambda pair: (-pair[0].group_priority, -pair[0].version_priority, pair[0].name))
        return [(said.digest, said.spec) for _, said in ordered if said.spec.paths]

    def in_version_2_only(self) -> dict[str, tuple[str, Spec]]:
        """Path below /openapi/v3/ -> (digest, document of version 2), of servers that know nothing newer."""
        known = [(each, self._said[each.name]) for each in self._registrations.remote() if each.name in self._said]
        return {
            each.path.strip("/"): (said.digest, said.spec) for each, said in known if said.is_old and said.spec.paths
        }

    def paths(self) -> Mapping[str, str]:
        """Path below /openapi/v3/ -> relative URL of its document, of all extension servers."""
        return {path: url for path, (_, url) in self._places().items()}

    def serve(self, request: Request, user: User, path: str) -> Awaitable[Outcome] | None:
        """The document at a path below /openapi/v3/, by the server that has it; None: none of them does."""
        place = self._places().get(path)
        return None if place is None else self._proxy.serve(request, user, place[0])

    def _places(self) -> dict[str, tuple[Registration, str]]:
        """Path -> who has its document, and where. A group version's own server comes first."""
        found: dict[str, tuple[Registration, str]] = {}
        for registration in self._registrations.remote():
            said = self._said.get(registration.name)
            for path, url in said.paths.items() if said is not None else ():
                if path not in found or f"/{path}" == registration.path:
                    found[path] = (registration, url)
        return found

    # -- asking

    async def look(self, registration: Registration) -> bool:
        """Ask now; whether there was an answer."""
        backend = registration.backend
        if backend is None or not registration.available:
            return False
        said = self._said.get(registration.name) or _Said()
        try:
            target = self._servers.target(backend)
            changed = await self._read_v2(target, registration, said)
            changed = await self._read_v3(target, registration, said) or changed
        except (ApiError, ClientError, SpecError) as error:
            _LOG.info("the OpenAPI documents of %s cannot be read: %s", registration.name, error)
            return False
        if self._registrations.get(registration.name) is not None:
            self._said[registration.name] = said
            self.version += changed
        return True

    async def _read_v2(self, target: Target, registration: Registration, said: _Said) -> bool:
        answer = await self._get(target, "/openapi/v2", etag=said.etag)
        if answer.status == 304 or (answer.status == 404 and not said.digest):
            return False
        if answer.status == 404:
            said.etag, said.digest, said.spec = "", "", Spec()
            return True
        digest = hashlib.sha512(answer.body).hexdigest().upper()
        if digest != said.digest:
            spec = below(_parsed(answer), f"{registration.path}/")
            _check(spec)
            said.spec = spec
        changed = digest != said.digest
        said.etag, said.digest = answer.headers.get("etag"), digest
        return changed

    async def _read_v3(self, target: Target, registration: Registration, said: _Said) -> bool:
        answer = await self._get(target, "/openapi/v3")
        found: dict[str, str] = {}
        if answer.status != 404:
            listed = _parsed(answer)
            paths = listed.get("paths") if isinstance(listed, dict) else None
            if not isinstance(paths, dict):
                raise SpecError("no index of OpenAPI documents")
            group = f"apis/{registration.group}"
            for path, entry in paths.items():
                url = entry.get("serverRelativeURL") if isinstance(entry, dict) else None
                if isinstance(url, str) and f"{path}/".startswith(f"{group}/"):
                    found[path] = url
        is_old = answer.status == 404
        changed = (found, is_old) != (said.paths, said.is_old)
        said.paths, said.is_old = found, is_old
        return changed

    async def _get(self, target: Target, path: str, *, etag: str = "") -> ClientResponse:
        answer = await self._servers.get(target, path, user=OPENAPI_READER, timeout_s=TIMEOUT_S, accept=JSON, etag=etag)
        if answer.status not in (200, 304, 404):
            raise SpecError(f"{path} is answered with {answer.status}")
        return answer

    def _forget(self, name: str) -> None:
        if self._said.pop(name, None) is not None:
            self.version += 1


def _parsed(answer: ClientResponse) -> object:
    try:
        return orjson.loads(answer.body)
    except ValueError as error:
        raise SpecError(f"no JSON: {error}") from error


def _check(spec: Spec) -> None:
    """That it can be written in all forms. Raises SpecError."""
    try:
        for section, values in (
            ("paths", spec.paths),
            ("definitions", spec.definitions),
            ("parameters", spec.parameters),
        ):
            for name, value in values.items():
                gnostic.entry(section, name, value)
        for section, name, value in converted_parts(spec):
            gnostic_v3.entry(section, name, value)
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        raise SpecError(f"no OpenAPI document: {error}") from error
