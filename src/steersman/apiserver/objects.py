"""Stored bytes <-> cache entries <-> objects.

The stored value of an object is its JSON in a fixed beginning: `{"kind":K,"apiVersion":V,"metadata":{...` without
resourceVersion. A cache entry keeps what follows the type meta, with the resourceVersion put in: a single object is
type meta + body, a list item is `{` + body (built-in items carry no type meta, as upstream's), and both are joins of
bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from steersman.store.watchcache import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

_METADATA = b'"metadata":{'
_VERSIONED = b'"metadata":{"resourceVersion":"'
_NONE: dict[str, str] = {}


class Hint:
    """What the writer of a value knows about it: what selectors look at."""

    __slots__ = ("fields", "labels")

    def __init__(self, labels: Mapping[str, str], fields: Mapping[str, str]) -> None:
        self.labels = labels
        self.fields = fields


def type_meta(resource: Resource) -> bytes:
    """The beginning of every object of a resource: `{"kind":"Pod","apiVersion":"v1",`."""
    return f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'.encode()


def encode_stored(obj: Object) -> bytes:
    """The value to store. Takes the resourceVersion out of `obj`."""
    metadata = obj["metadata"]
    metadata.pop("resourceVersion", None)
    return orjson.dumps({"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": metadata} | obj)


def version_mark(revision: int) -> bytes:
    """The beginning of an entry's body: its metadata, up to what follows the resourceVersion."""
    return b'%b%d",' % (_VERSIONED, revision)


class ObjectIndex:
    """Makes entries of one stored resource."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.type_meta = type_meta(resource)
        self._beginning = self.type_meta + _METADATA
        self._cut = len(self._beginning)
        self._selectable = resource.indexed or resource.selectable

    def body(self, value: bytes, revision: int) -> bytes:
        """What follows the type meta, versioned."""
        if not value.startswith(self._beginning):
            value = self._rewrite(value)
        return b'%b%d",%b' % (_VERSIONED, revision, value[self._cut :])

    def _rewrite(self, value: bytes) -> bytes:
        """A value in another order of members, or of another version of the resource: same object, our beginning."""
        obj = orjson.loads(value)
        obj["kind"], obj["apiVersion"] = self.resource.kind, self.resource.api_version
        return encode_stored(obj)

    def _normalized(self, value: bytes) -> tuple[bytes, Hint]:
        """What somebody else has stored, or we under an older definition, in its present form."""
        obj = orjson.loads(value)
        if self.resource.normalize is not None:
            self.resource.normalize(obj)
        obj["kind"], obj["apiVersion"] = self.resource.kind, self.resource.api_version
        return encode_stored(obj), self.hint(obj)

    def hint(self, obj: Object) -> Hint:
        labels = obj["metadata"].get("labels") or _NONE
        if not self._selectable:
            return Hint(labels, _NONE)
        return Hint(labels, {name: getter(obj) for name, getter in self._selectable})

    def entry(self, key: str, value: bytes, revision: int, hint: Any) -> Entry:
        if hint is None and self.resource.normalize is not None:
            value, known = self._normalized(value)
        else:
            known = hint if hint is not None else self.hint(orjson.loads(value))
        return Entry(
            key=key, revision=revision, body=self.body(value, revision), labels=known.labels, fields=known.fields
        )

    def restamp(self, entry: Entry, revision: int) -> Entry:
        end = entry.body.index(b'",', len(_VERSIONED))
        body = b"%b%d%b" % (_VERSIONED, revision, entry.body[end:])
        return Entry(key=entry.key, revision=revision, body=body, labels=entry.labels, fields=entry.fields)

    def decode(self, entry: Entry) -> Object:
        """A fresh object, in its stored version."""
        decoded: Object = orjson.loads(self.type_meta + entry.body)
        return decoded
