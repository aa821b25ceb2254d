"""update: an object, or one of its views (status), replaced by a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver import body, respond
from steersman.apiserver.codec.negotiate import body_media
from steersman.apiserver.verbs.naming import check_name, fit_namespace

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.lib.http.message import Response


async def update(call: Call, service: Service) -> Response:
    """Raises NotFound, Conflict, Invalid, BadRequest, and what admission says."""
    options = call.write_options("UpdateOptions")
    expected = call.expected()
    raw = call.request.body
    media = body_media(call.request.headers.get("content-type"), custom=expected.custom)
    parsed = body.parse(
        raw, media, expected, find_duplicates=options.field_validation != "Ignore", protobuf=service.protobuf
    )
    said: list[str] = []

    def decode() -> Object:
        said.clear()
        return body.from_value(
            parsed, expected, raw=raw, validation=options.field_validation, warnings=said, kinds=service.kinds
        )

    obj = decode()
    call.warnings += said
    fit_namespace(call, obj)
    check_name(call, obj)
    first = [obj]
    uid = first[0]["metadata"].get("uid") or None

    def transform(_old: Object | None) -> Object:
        if first:
            return first.pop()
        again = decode()
        fit_namespace(call, again)
        return again

    write = call.write(options, "UpdateOptions")
    write.given = parsed.value
    written = await service.pipeline.update(
        write,
        transform,
        create_on_absent=call.subresource is None and call.served.resource.stored.strategy.allow_create_on_update,
        uid=uid,
    )
    return respond.one(call, written.json, 201 if written.created else 200)
