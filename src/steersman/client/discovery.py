"""discovery: which resources the API serves, and with which verbs; asked again whenever that may have changed.

    a CustomResourceDefinition or an APIService changes > the documents are fetched > who wants to know is told

Reads: customresourcedefinitions, apiservices; /api and /apis.
Invariants: what is known changes as a whole; a group version that the server could not ask about is known as a failure,
and is never taken for one that is served no more.
Upstream: client-go discovery and restmapper. Difference: nothing is asked for periodically. A change that the documents
do not show yet (they are made by whichever server answers) is waited for with growing delays.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.apiextensions.custom_resource_definition import CUSTOM_RESOURCE_DEFINITIONS
from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.errors import ApiError
from steersman.api.meta.conditions import is_condition_true
from steersman.client.errors import TransportError
from steersman.client.request import DISCOVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.informer import Informers

RETRY_S, RETRY_S_MAX = 0.05, 10.0
LAG_TRIES_MAX = 10
"""So often the documents are fetched for one change that they do not show: half a minute."""


@dataclass(frozen=True, slots=True)
class Served:
    """A resource as it is served in one version; subresources are none."""

    group: str
    version: str
    plural: str
    namespaced: bool
    kind: str
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.group}/{self.version}, Resource={self.plural}"


@dataclass(frozen=True, slots=True)
class Surface:
    """All that is served at one moment."""

    resources: tuple[Served, ...] = ()
    """In every version; of one resource the preferred one first."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Group version -> why the server does not know what is in it."""
    _kinds: Mapping[tuple[str, str], Served] = field(default_factory=dict, compare=False)

    def of_kind(self, api_version: str, kind: str) -> Served | None:
        return self._kinds.get((api_version, kind))

    def preferred(self, *verbs: str) -> list[Served]:
        """Each resource once, in its preferred version, if that has all of `verbs`."""
        found: dict[tuple[str, str], Served] = {}
        for each in self.resources:
            found.setdefault((each.group, each.plural), each)
        return [each for each in found.values() if each.verbs.issuperset(verbs)]

    @property
    def failure(self) -> str:
        """What upstream's clients say when they could not learn everything; empty if they could."""
        if not self.failures:
            return ""
        told = ", ".join(f"{name}: {why}" for name, why in sorted(self.failures.items()))
        return f"unable to retrieve the complete list of server APIs: {told}"


def parse_surface(documents: Iterable[Object]) -> Surface:
    """From APIGroupDiscoveryLists."""
    resources: list[Served] = []
    failures: dict[str, str] = {}
    for document in documents:
        for item in document.get("items") or ():
            group = (item.get("metadata") or {}).get("name", "")
            for entry in item.get("versions") or ():
                version = entry["version"]
                if entry.get("freshness") == "Stale":
                    name = f"{group}/{version}" if group else version
                    failures[name] = f"stale GroupVersion discovery: {name}"
                    continue
                resources += (_served(group, version, each) for each in entry.get("resources") or ())
    kinds: dict[tuple[str, str], Served] = {}
    for each in resources:
        kinds.setdefault((each.api_version, each.kind), each)
    return Surface(tuple(resources), failures, kinds)


def _served(group: str, version: str, entry: Object) -> Served:
    return Served(
        group=group,
        version=version,
        plural=entry["resource"],
        namespaced=entry.get("scope") == "Namespaced",
        kind=(entry.get("responseKind") or {}).get("kind", ""),
        verbs=frozenset(entry.get("verbs") or ()),
    )


_Names = frozenset[tuple[str, str, str]]


class Discovery:
    """Shared by all of a process who need it. Make it before its informers are started; `run` keeps it up to date."""

    def __init__(self, *, client: Client, informers: Informers) -> None:
        self.surface = Surface()
        """What was last heard of; nothing before the first `fetch`."""
        self._client = client
        self._listeners: list[Callable[[Surface], None]] = []
        self._dirty = asyncio.Event()
        self._dirty.set()
        self._withdrawn: set[tuple[str, str, str]] = set()
        """Custom resources that went: (group, version, plural)."""
        self._definitions = informers.of(CUSTOM_RESOURCE_DEFINITIONS)
        self._definitions.add_handler(self._definition_changed)
        self._services = informers.of(API_SERVICES)
        self._services.add_handler(self._service_changed)
        self._logger = logging.getLogger(__name__)

    def on_change(self, listener: Callable[[Surface], None]) -> None:
        """Told of every new surface, where it arrives: it must not wait or raise."""
        self._listeners.append(listener)

    async def fetch(self) -> Surface:
        """What is served right now. Raises ApiError, TransportError."""
        # One after the other: a definition that comes in between is in the second document, or in the next fetch.
        documents = [await self._client.get_path(path, accept=DISCOVERY) for path in ("/api", "/apis")]
        surface = parse_surface(documents)
        if surface != self.surface:
            self.surface = surface
            for listener in self._listeners:
                listener(surface)
        return surface

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._catch_up()

    async def _catch_up(self) -> None:
        tries, wait_s = 0, RETRY_S
        while True:
            try:
                surface = await self.fetch()
            except (ApiError, TransportError) as error:
                self._logger.warning("cannot learn what is served: %s", error)
            else:
                tries += 1
                behind = self._behind(surface)
                if not behind:
                    return
                if tries >= LAG_TRIES_MAX:
                    self._logger.warning("what is served does not follow its definitions: %s", ", ".join(behind))
                    return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._dirty.wait()
            self._dirty.clear()
            wait_s = min(2 * wait_s, RETRY_S_MAX)

    def _behind(self, surface: Surface) -> list[str]:
        """What the documents should show and do not, or show and should not."""
        present = {(each.group, each.version, each.plural) for each in surface.resources}
        self._withdrawn &= present
        wanted = set().union(*(served_names(each) for each in self._definitions.list()))
        names = sorted((wanted - present) | self._withdrawn)
        versions = {each.api_version for each in surface.resources}
        told = [f"{plural}.{group}/{version}" for group, version, plural in names]
        return told + [name for name in remote_versions(self._services.list()) if name not in versions]

    def _definition_changed(self, old: Object | None, new: Object | None) -> None:
        before, after = served_names(old), served_names(new)
        if before != after or new is None:
            self._withdrawn |= before - after
            self._withdrawn -= after
            self._dirty.set()

    def _service_changed(self, old: Object | None, new: Object | None) -> None:
        if _service_state(old) != _service_state(new):
            self._dirty.set()


def served_names(definition: Object | None) -> _Names:
    """(group, version, plural) of all versions that a CustomResourceDefinition has the API serve now."""
    if definition is None or not is_condition_true(definition, "Established"):
        return frozenset()
    spec = definition["spec"]
    return frozenset(
        (spec["group"], each["name"], spec["names"]["plural"]) for each in spec["versions"] if each.get("served")
    )


def remote_versions(services: Sequence[Object]) -> list[str]:
    """Group versions that extension servers answer for, as long as they are available."""
    return sorted(
        f"{each['spec']['group']}/{each['spec']['version']}"
        for each in services
        if each["spec"].get("service") and is_condition_true(each, "Available")
    )


def _service_state(service: Object | None) -> tuple[object, bool] | None:
    """All of an APIService that changes what is served."""
    return None if service is None else (service["spec"], is_condition_true(service, "Available"))
