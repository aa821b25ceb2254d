"""Watch events as bytes: `{"type":..,"object":..}` lines in JSON, length-prefixed messages in protobuf; of objects,
rows or metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.api.schema.decode import decode
from steersman.apiserver.codec import table
from steersman.apiserver.codec.partial import partial_of
from steersman.apiserver.codec.protobuf import watch_frame
from steersman.lib.http.message import chunk_frame

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.errors import ApiError
    from steersman.api.meta.types import Object
    from steersman.apiserver.codec.negotiate import Representation
    from steersman.apiserver.codec.protobuf import Protobuf
    from steersman.apiserver.resources import Served
    from steersman.store.watchcache import Entry

_INITIAL_END = {"k8s.io/initial-events-end": "true"}


class Frames:
    """Encodes the events of one watcher. Equal `key`s encode equally, so frames can be shared."""

    def __init__(
        self, *, served: Served, representation: Representation, include: str, now: datetime, protobuf: Protobuf
    ) -> None:
        self._protobuf = protobuf
        self._served = served
        self._representation = representation
        self._include = include
        self._now = now
        self._plain = representation.media == "json" and representation.form == "object"
        self._columns_sent = False
        self.content_type = representation.watch_content_type
        self.key = (served.type_meta, representation, include)

    def event(self, kind: str, entry: Entry) -> bytes:
        """One event, not framed for chunked transfer."""
        if self._plain:
            return b'{"type":"%b","object":%b%b}\n' % (kind.encode(), self._served.type_meta, self._served.body(entry))
        return self._encode(kind, self._form(self._served.object(entry)))

    def framed(self, kind: str, entry: Entry) -> bytes:
        """One event as an HTTP chunk, to be shared by all watchers with this key."""
        return chunk_frame(self.event(kind, entry))

    def bookmark(self, revision: int, *, initial_events_end: bool = False) -> bytes:
        resource = self._served.resource
        metadata: Object = {"resourceVersion": str(revision)}
        if initial_events_end:
            metadata["annotations"] = dict(_INITIAL_END)
        # An empty object of the kind, in its normal form, as upstream's typed bookmarks are.
        obj: Object = decode(resource.schema(), {"metadata": metadata}).object
        obj = {"kind": resource.kind, "apiVersion": resource.api_version} | obj
        if not self._plain:
            obj = self._form(obj)
        return self._encode("BOOKMARK", obj)

    def error(self, error: ApiError) -> bytes:
        return self._encode("ERROR", error.status())

    def _form(self, obj: Object) -> Object:
        form, version = self._representation.form, self._representation.version
        if form in ("partial", "partial-list"):
            return partial_of(obj, version=version, hidden=self._served.resource.hidden_annotations)
        if form != "table":
            return obj
        rows = table.table_of(
            self._served.resource,
            [obj],
            now=self._now,
            include_object=self._include,
            list_meta={"resourceVersion": obj["metadata"].get("resourceVersion", "")},
            version=version,
            headers=not self._columns_sent,
        )
        self._columns_sent = True
        return rows

    def _encode(self, kind: str, obj: Object) -> bytes:
        if self._representation.media == "protobuf":
            return watch_frame(kind, self._protobuf.encode(obj))
        return orjson.dumps({"type": kind, "object": obj}) + b"\n"
