"""Long lists in other forms than the cached bytes: tables, metadata and protobuf, made piece by piece between other
requests.

A list is decoded a few objects at a time, so that neither memory nor the event loop feels its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.apiserver.codec import table
from steersman.apiserver.codec.partial import partial_list_of
from steersman.lib.aio import Pacer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from steersman.api.meta.types import Object
    from steersman.apiserver.call import Call
    from steersman.lib.http.message import BodyStream
    from steersman.store.watchcache import Entry

SLICE = 24
"""Objects that are decoded at a time."""


async def stream_json(call: Call, entries: list[Entry], metadata: Object, include: str, stream: BodyStream) -> None:
    """A Table or a PartialObjectMetadataList of many objects, in one JSON document."""
    key = "rows" if call.representation.form == "table" else "items"
    head = orjson.dumps(_document(call, [], metadata, include) | {key: []})
    opening, closing = head.rsplit(b'"%b":[]' % key.encode(), 1)
    lead = opening + b'"%b":[' % key.encode()
    pacer = Pacer()
    for objects in _slices(call, entries):
        rows = _document(call, objects, metadata, include)[key]
        stream.write(lead + orjson.dumps(rows)[1:-1])
        lead = b","
        if stream.paused:
            await stream.drain()
        await pacer.pause()
    stream.write(b"]" + closing)


def _document(call: Call, objects: list[Object], metadata: Object, include: str) -> Object:
    version = call.representation.version
    if call.representation.form == "table":
        return table.table_of(
            call.served.resource,
            objects,
            now=call.now,
            include_object=include,
            list_meta=metadata,
            version=version,
        )
    return partial_list_of(objects, metadata, version=version)


def _slices(call: Call, entries: list[Entry]) -> Iterator[list[Object]]:
    for start in range(0, len(entries), SLICE):
        yield [call.served.object(entry) for entry in entries[start : start + SLICE]]


async def protobuf_list(call: Call, entries: list[Entry], metadata: Object) -> bytes:
    """A list of built-in objects as one protobuf message: its length comes first, so it is whole before it is sent."""
    resource = call.served.resource
    items = [item async for item in _encoded(call, entries)]
    kind = resource.list_kind or f"{resource.kind}List"
    return call.protobuf.encode_list(resource.api_version, kind, metadata, items)


async def _encoded(call: Call, entries: list[Entry]) -> AsyncIterator[bytes]:
    resource, pacer = call.served.resource, Pacer()
    for objects in _slices(call, entries):
        for obj in objects:
            yield call.protobuf.encode_item(obj, resource.api_version, resource.kind)
        await pacer.pause()
