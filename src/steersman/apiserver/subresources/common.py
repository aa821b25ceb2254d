"""What connectors share: reading a body of the subresource's own kind, and the Status that says it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import ApiError
from steersman.api.schema.builtin import schema
from steersman.apiserver import body, respond
from steersman.apiserver.admission.interface import CREATE, Review
from steersman.apiserver.body import Expected
from steersman.apiserver.patch.managed_fields import stamp_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.apiserver.write import Write
    from steersman.lib.http.message import Response


class Unexplained(ApiError):
    """Upstream's answer to errors that are no Status of their own: 500 without a reason."""

    code, reason = 500, ""


class Kind:
    """The kind that a subresource speaks."""

    def __init__(
        self, *, group: str, version: str, kind: str, definition: str, also: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self._group = group
        self._version = version
        self._kind = kind
        self._also = also
        self._type: Callable[[], Type] = schema(definition)

    def read(self, call: Call, service: Service, *, validation: str) -> Object:
        """The request's body. Raises BadRequest, UnsupportedMediaType."""
        expected = Expected(
            group=self._group, version=self._version, kind=self._kind, type_=self._type(), also=self._also
        )
        return body.read(
            call.request,
            expected,
            validation=validation,
            warnings=call.warnings,
            kinds=service.kinds,
            protobuf=service.protobuf,
        )

    def stamp(self, obj: Object, write: Write) -> None:
        """Record the author in managedFields, as for a created object."""
        version = f"{self._group}/{self._version}" if self._group else self._version
        stamp_update(
            old=None,
            new=obj,
            type_=self._type(),
            manager=write.manager,
            api_version=version,
            subresource=write.subresource_name,
            now=write.now,
        )


def review_of(call: Call, write: Write, obj: Object) -> Review:
    """What admission is shown when a subresource's object is created."""
    return Review(
        operation=CREATE,
        resource=call.served.resource,
        subresource=call.info.subresource,
        namespace=write.namespace,
        name=write.name,
        user=call.user,
        now=call.now,
        obj=obj,
        dry_run=write.dry_run,
        options=write.options,
        warnings=call.warnings,
    )


async def admitted(call: Call, service: Service, write: Write, obj: Object) -> Object:
    """Both passes of admission, where nothing happens between them; what admission made of the object."""
    review = review_of(call, write, obj)
    await service.chain.admit(review)
    await service.chain.validate(review)
    assert review.obj is not None
    return review.obj


def done(call: Call, code: int = 201) -> Response:
    """Status Success."""
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code}
    return respond.status(call, success, code)
