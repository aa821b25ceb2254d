"""delete: one object; deletecollection: all that a list would show."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from steersman.api.errors import BadRequest, NotFound
from steersman.api.schema.builtin import schema
from steersman.api.schema.decode import DecodeError, decode
from steersman.apiserver import respond
from steersman.apiserver.codec import json, yaml
from steersman.apiserver.codec.malformed import Malformed, type_meta
from steersman.apiserver.codec.negotiate import body_media
from steersman.apiserver.options import DeleteOptions, delete_options, list_options
from steersman.apiserver.selection import select
from steersman.apiserver.verbs.list import find
from steersman.apiserver.write import Write

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service
    from steersman.apiserver.write import Written
    from steersman.lib.http.message import Response

_DELETE_OPTIONS = schema("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions")


async def delete(call: Call, service: Service) -> Response:
    """Raises NotFound, Conflict, Invalid, BadRequest, and what admission says."""
    options = _read_options(call)
    _warn(call, options)
    write = _write(call, options, call.info.name)
    written = await service.pipeline.delete(write, options)
    return _answer(call, written)


def _answer(call: Call, written: Written) -> Response:
    resource = call.served.resource
    if not written.removed or resource.stored.strategy.delete_returns_object:
        return respond.one(call, written.json)
    details: Object = {"name": call.info.name}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    details["uid"] = orjson.loads(written.json)["metadata"]["uid"]
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return respond.status(call, success)


async def delete_collection(call: Call, service: Service) -> Response:
    """Objects that vanish meanwhile are no error. Answers the list of what was deleted."""
    options = _read_options(call)
    _warn(call, options)
    listing = list_options(call.query, watch=False)
    served = call.served
    selection = select(served.resource, listing, prefix=served.range_prefix(call.info.namespace))
    entries, meta = await find(served, service, listing, selection)
    if listing.resource_version and not listing.resource_version_match and options.resource_version is None:
        # The list's version is each object's precondition too, as upstream reads its options.
        options = replace(options, resource_version=listing.resource_version)
    deleted: list[Object] = []
    for entry in entries:
        obj = served.object(entry)
        write = _write(call, options, obj["metadata"]["name"])
        write.namespace = obj["metadata"].get("namespace", "")
        with contextlib.suppress(NotFound):
            await service.pipeline.delete(write, options)
        deleted.append(obj)
    document = respond.list_document(call, deleted, meta)
    return respond.document(
        document, call.representation, protobuf=call.protobuf, headers=respond.warning_headers(call.warnings)
    )


def _warn(call: Call, options: DeleteOptions) -> None:
    text = call.served.resource.stored.strategy.delete_warning
    if text and options.propagation is None and options.orphan_dependents is None:
        call.warnings.append(text)


def _write(call: Call, options: DeleteOptions, name: str) -> Write:
    recorded: Object = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}
    if options.grace_s is not None:
        recorded["gracePeriodSeconds"] = options.grace_s
    preconditions = {"uid": options.uid, "resourceVersion": options.resource_version}
    if any(value is not None for value in preconditions.values()):
        recorded["preconditions"] = {name: value for name, value in preconditions.items() if value is not None}
    if options.orphan_dependents is not None:
        recorded["orphanDependents"] = options.orphan_dependents
    if options.propagation is not None:
        recorded["propagationPolicy"] = options.propagation
    if options.dry_run:
        recorded["dryRun"] = ["All"]
    return Write(
        served=call.served,
        namespace=call.info.namespace if call.served.resource.namespaced else "",
        name=name,
        user=call.user,
        now=call.now,
        dry_run=options.dry_run,
        options=recorded,
        warnings=call.warnings,
    )


def _read_options(call: Call) -> DeleteOptions:
    """From the body if there is one, else from the query. Raises BadRequest, Invalid."""
    raw = call.request.body
    if not raw:
        return delete_options(call.query, None)
    media = body_media(call.request.headers.get("content-type"))
    try:
        if media == "protobuf":
            value = call.protobuf.decode(raw, "meta.k8s.io", "v1", "DeleteOptions")
        elif media == "yaml":
            value = yaml.parse(raw, find_duplicates=False).value
        else:
            value = json.parse(raw, find_duplicates=False).value
        api_version, kind = type_meta(value)
        if kind not in ("", "DeleteOptions"):
            raise BadRequest(
                f'no kind "{kind}" is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:111"'
            )
        decoded = decode(_DELETE_OPTIONS(), value if value is not None else {})
    except (DecodeError, Malformed) as error:
        raise BadRequest(str(error)) from None
    return delete_options(call.query, decoded.object)
