"""One write on its way through the pipeline, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.api.resource import Context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Subresource
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.resources import Served


@dataclass(frozen=True, slots=True)
class Lens:
    """A subresource that speaks a kind of its own about its object: what admission is to see in the object's place."""

    get: Callable[[Object], Object]
    """The subresource's object, made of the whole one."""
    put: Callable[[Object, Object], None]
    """`(part, whole)`: brings what admission has changed home, into `whole`."""


@dataclass(slots=True)
class Write:
    """Who writes what, and how. `name` is filled in when it is generated."""

    served: Served
    namespace: str
    name: str
    user: User
    now: datetime
    subresource: Subresource | None = None
    manager: str = ""
    """Field manager; empty: managedFields stay as they are (writes of the server itself)."""
    dry_run: bool = False
    options: Object = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    undo: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    new_uid: Callable[[], str] | None = None
    lens: Lens | None = None
    given: Any = None
    """The object as the request has it, before decoding: messages show what it gave empty."""

    @property
    def subresource_name(self) -> str:
        return self.subresource.name if self.subresource is not None else ""

    def context(self) -> Context:
        user = self.user
        return Context(
            now=self.now,
            user=user.name,
            groups=user.groups,
            uid=user.uid,
            extra=user.extra,
            dry_run=self.dry_run,
            new_uid=self.new_uid,
        )


class Written(NamedTuple):
    """The outcome: the object as it is now (or was last), in the version that was asked for."""

    json: bytes
    created: bool = False
    removed: bool = False
    """The object is gone."""
    changed: bool = True
    revision: int = 0
