"""What a plugin is given and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from steersman.api.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.authn.user import User

CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"


@dataclass(slots=True)
class Review:
    """One write under review. `obj` belongs to the chain and may be changed in place by `admit`; `old` is read-only."""

    operation: str
    resource: Resource
    subresource: str
    namespace: str
    name: str
    user: User
    now: datetime
    obj: Object | None
    old: Object | None = None
    dry_run: bool = False
    options: Object = field(default_factory=dict)
    """The metav1 options of the request, as an object (CreateOptions, ...)."""
    warnings: list[str] = field(default_factory=list)
    """Texts for Warning headers; plugins append."""
    undo: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Called if the write fails after all: give back what was charged."""
    again: bool = False
    """The second round: all that change are asked once more, after one of them has asked for it."""
    ask_again: bool = False
    """Set by plugins whose changes others may have to see: there is one further round, and no more."""
    mutated: bool = False
    """The object has been replaced by what somebody outside made of it: whatever it says was not checked yet."""
    memory: object = None
    """Of MutatingAdmissionWebhook, from one round to the next."""

    @property
    def is_main(self) -> bool:
        """The object itself is written, not a subresource."""
        return not self.subresource

    def forbidden(self, why: str, *, causes: Sequence[Object] = ()) -> Forbidden:
        """A plugin's refusal, to be raised. A new object without a name yet is called by the prefix of its name."""
        name = self.name
        if not name:
            metadata: Object = (self.obj or {}).get("metadata") or {}
            name = metadata.get("name") or metadata.get("generateName") or "Unknown"
        return Forbidden.of(self.resource.group, self.resource.plural, name, why, causes=causes)


class Reader(Protocol):
    """What is there now. Objects are decoded for the caller and may be kept, but are shared: read-only."""

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None: ...

    def list(self, resource: Resource, namespace: str = "") -> list[Object]:
        """In key order; of all namespaces if none is given."""

    def version(self, resource: Resource) -> int:
        """Rises with every change of the resource's objects: what was computed from them can be kept until then."""


class Plugin(Protocol):
    """One unit. Implements `admit`, `validate` or both (the base class `Plain` does nothing).

    Both raise an ApiError to refuse. They may be plain methods (nearly all) or return an awaitable.
    """

    name: str

    @property
    def resources(self) -> tuple[Resource, ...] | None:
        """The only ones whose writes it is shown; None: all."""

    def admit(self, review: Review) -> Awaitable[None] | None:
        """May change `review.obj`. Raises Forbidden and others."""

    def validate(self, review: Review) -> Awaitable[None] | None:
        """Judges the final object, after the resource's own validation. Raises Forbidden and others."""


class Plain:
    """A plugin that lets everything pass; units override what they are for."""

    name = ""
    resources: tuple[Resource, ...] | None = None

    def admit(self, review: Review) -> Awaitable[None] | None:
        """See Plugin."""

    def validate(self, review: Review) -> Awaitable[None] | None:
        """See Plugin."""
