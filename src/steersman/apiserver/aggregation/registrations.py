"""What APIServices say: which group versions there are, in which order, and which of them somebody else answers.

Follows the collection of APIServices; every change is in before its writer is told.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from steersman.api.apiregistration.api_service import API_SERVICES
from steersman.api.columns import at
from steersman.api.meta.conditions import find_condition, is_condition_true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from steersman.api.meta.types import Object
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.store.watchcache import Change

PORT: Final = 443
LEGACY: Final = "v1."
"""The one APIService without a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where the server behind an APIService is, and how it is to be believed."""

    namespace: str
    service: str
    port: int
    ca_bundle: bytes = b""
    insecure: bool = False

    @property
    def server_name(self) -> str:
        """Whom its certificate has to name."""
        return f"{self.service}.{self.namespace}.svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One APIService. `backend` is None where this server answers itself."""

    name: str
    group: str
    version: str
    group_priority: int
    version_priority: int
    backend: Backend | None = None
    available: bool = False
    reason: str = ""
    """Why it is, or is not."""

    @property
    def path(self) -> str:
        """The group version's own path."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


def parse_registration(api_service: Object) -> Registration:
    """What an APIService says."""
    spec = api_service.get("spec") or {}
    service = spec.get("service")
    backend = None
    if service is not None:
        backend = Backend(
            namespace=service.get("namespace") or "",
            service=service.get("name") or "",
            port=service.get("port") or PORT,
            ca_bundle=base64.b64decode(spec.get("caBundle") or ""),
            insecure=bool(spec.get("insecureSkipTLSVerify")),
        )
    return Registration(
        name=at(api_service, "metadata", "name"),
        group=spec.get("group") or "",
        version=spec.get("version") or "",
        group_priority=spec.get("groupPriorityMinimum") or 0,
        version_priority=spec.get("versionPriority") or 0,
        backend=backend,
        available=is_condition_true(api_service, "Available"),
        reason=(find_condition(api_service, "Available") or {}).get("reason") or "",
    )


class Registrations:
    """All of them, and those with a backend by the beginning of the paths that they take."""

    def __init__(self, *, resources: ResourceTable, reader: CacheReader) -> None:
        self.version = 0
        """Rises with every change of what is registered, but not of what is available."""
        self._resources = resources
        self._reader = reader
        self._all: dict[str, Registration] = {}
        self._remote: dict[tuple[str, ...], Registration] = {}
        self._listeners: list[Callable[[str], None]] = []
        collection = resources.of(API_SERVICES).collection
        assert collection is not None
        collection.followers.append(self)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener(name)` after every change of a registration. It neither blocks nor raises."""
        self._listeners.append(listener)

    def get(self, name: str) -> Registration | None:
        return self._all.get(name)

    def all(self) -> Mapping[str, Registration]:
        """By name."""
        return self._all

    def remote(self) -> Iterable[Registration]:
        """Those with a backend, by name."""
        return [self._all[name] for name in sorted(self._all) if self._all[name].backend is not None]

    def owner(self, path: str) -> Registration | None:
        """Whose server answers at a path; None: this one."""
        if not self._remote:
            return None
        _, root, *rest = path.split("/", 4)
        if root == "apis":
            return self._remote.get((root, *rest[:2]))
        return self._remote.get((root,)) if root == "api" else None

    # -- the collection

    def offer(self, change: Change) -> None:
        self._look(change.entry.key.removeprefix(self._resources.of(API_SERVICES).prefix))

    def lost(self) -> None:
        served = self._resources.of(API_SERVICES)
        assert served.collection is not None
        there = {key.removeprefix(served.prefix) for key in served.collection.keys}
        for name in sorted(there | set(self._all)):
            self._look(name)

    def _look(self, name: str) -> None:
        obj = self._reader.get(API_SERVICES, "", name)
        new = parse_registration(obj) if obj is not None else None
        old = self._all.pop(name, None)
        if old is not None:
            self._remote.pop(_begin(old), None)
        if new is not None:
            self._all[name] = new
            if new.backend is not None:
                self._remote[_begin(new)] = new
        if new == old:
            return
        if _without_state(new) != _without_state(old):
            self.version += 1
        for listener in self._listeners:
            listener(name)


def _begin(registration: Registration) -> tuple[str, ...]:
    """The first elements of the paths of its group version; the legacy group has all of /api."""
    return ("apis", registration.group, registration.version) if registration.group else ("api",)


def _without_state(registration: Registration | None) -> Registration | None:
    if registration is None:
        return None
    return replace(registration, available=False, reason="")
