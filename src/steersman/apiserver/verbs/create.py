"""create: a new object from a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver import body, respond
from steersman.apiserver.codec.negotiate import body_media
from steersman.apiserver.verbs.naming import fit_namespace

if TYPE_CHECKING:
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response


async def create(call: Call, service: Service) -> Response:
    """Raises AlreadyExists, Invalid, BadRequest, and what admission says."""
    options = call.write_options("CreateOptions")
    expected = call.expected()
    raw = call.request.body
    media = body_media(call.request.headers.get("content-type"), custom=expected.custom)
    parsed = body.parse(
        raw, media, expected, find_duplicates=options.field_validation != "Ignore", protobuf=service.protobuf
    )
    obj = body.from_value(
        parsed, expected, raw=raw, validation=options.field_validation, warnings=call.warnings, kinds=service.kinds
    )
    fit_namespace(call, obj)
    write = call.write(options, "CreateOptions", name=obj["metadata"].get("name") or "")
    write.given = parsed.value
    written = await service.pipeline.create(write, obj)
    return respond.one(call, written.json, 201)
