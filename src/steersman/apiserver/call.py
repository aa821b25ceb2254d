"""One request, after it is known who asks for what: what the verbs get."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.apiserver.body import Expected
from steersman.apiserver.options import write_options
from steersman.apiserver.patch.managed_fields import default_manager
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Subresource
    from steersman.apiserver.authn.user import User
    from steersman.apiserver.codec.negotiate import Representation
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.apiserver.options import WriteOptions
    from steersman.apiserver.requestinfo import RequestInfo
    from steersman.apiserver.resources import Served
    from steersman.lib.http.message import Request


UNNAMED = "unknown"
"""The field manager of a client that says nothing about itself."""


@dataclass(slots=True)
class Call:
    """A request to a resource that is served, by a user who may do it."""

    request: Request
    info: RequestInfo
    user: User
    now: datetime
    served: Served
    subresource: Subresource | None
    representation: Representation
    """How the answer is to look."""
    protobuf: Protobuf
    warnings: list[str] = field(default_factory=list)

    @property
    def query(self) -> dict[str, list[str]]:
        return self.request.params

    @property
    def single_name(self) -> str:
        """Of the one object that a list or watch can be about; names are unique within a namespace only."""
        return self.info.name if self.info.namespace or not self.served.resource.namespaced else ""

    def write(self, options: WriteOptions, kind: str, *, name: str = "") -> Write:
        """The write that this request asks for; `kind`: CreateOptions, UpdateOptions, PatchOptions."""
        manager = options.field_manager or default_manager(self.request.headers.get("user-agent")) or UNNAMED
        recorded: Object = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
        if options.field_manager:
            recorded["fieldManager"] = options.field_manager
        if options.dry_run:
            recorded["dryRun"] = ["All"]
        if "fieldValidation" in self.query:
            recorded["fieldValidation"] = options.field_validation
        if options.force is not None:
            recorded["force"] = options.force
        return Write(
            served=self.served,
            namespace=self.info.namespace if self.served.resource.namespaced else "",
            name=name or self.info.name,
            user=self.user,
            now=self.now,
            subresource=self.subresource,
            manager=manager,
            dry_run=options.dry_run,
            options=recorded,
            warnings=self.warnings,
        )

    def expected(self) -> Expected:
        """What a body to this path holds: the resource itself."""
        resource = self.served.resource
        return Expected(
            group=resource.group,
            version=resource.version,
            kind=resource.kind,
            type_=resource.schema(),
            custom=resource.custom,
        )

    def write_options(self, kind: str) -> WriteOptions:
        """Raises Invalid."""
        return write_options(self.query, kind)
