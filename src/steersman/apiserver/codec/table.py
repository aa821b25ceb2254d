"""Tables: objects as the rows that people read (meta.k8s.io Table, v1 and v1beta1). Pure.

A table has the resource's own columns behind Name; resources without columns have Name and Created At. A resource that
declares a column "Name" of its own (events have it last) gets no other. The object beside a row is shared, not copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import BadRequest, go_quote
from steersman.apiserver.codec.partial import list_metadata, partial_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Column, Resource

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_ZERO_TIME = "0001-01-01T00:00:00Z"
_NAME_TEXT = "The object's name, unique among the objects of its kind in a namespace."
_CREATED_TEXT = "When the server created the object, in RFC 3339 and UTC."


def include_object(value: str) -> str:
    """The `includeObject` parameter: Metadata (also for ""), Object or None. Raises BadRequest."""
    if value not in ("", "Metadata", "Object", "None"):
        raise BadRequest(
            f"Unable to convert to Table as requested: includeObject: Invalid value: {go_quote(value)}: "
            "must be 'Metadata', 'Object', 'None', or empty"
        )
    return value or "Metadata"


def table_of(
    resource: Resource,
    objects: Iterable[Object],
    *,
    now: datetime,
    include_object: str = "Metadata",
    list_meta: Object | None = None,
    version: str = "v1",
    headers: bool = True,
    whole_list: bool = False,
) -> Object:
    """A Table of objects in the resource's version.

    `list_meta` is the list's metadata; without it the table is of one object and takes its resourceVersion.
    `headers=False`: columnDefinitions is null, as in every event of a watch but the first.
    `whole_list`: `objects` may be walked twice and are all that there are; the default among them is marked.
    """
    rows: list[Object] = []
    marked = resource.listed_default(objects) if whole_list and resource.listed_default is not None else ""
    revision = ""
    cells_of = _cells_of(resource, now)
    for obj in objects:
        metadata = obj.get("metadata") or {}
        revision = metadata.get("resourceVersion", "")
        beside = _beside(resource, obj, include_object, version)
        cells = cells_of(obj, metadata)
        if marked and metadata.get("name") == marked:
            cells[0] = f"{marked} (default)"
        rows.append({"cells": cells, "object": beside})
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": list_metadata({"resourceVersion": revision} if list_meta is None else list_meta),
        "columnDefinitions": column_definitions(resource) if headers else None,
        "rows": rows or ([] if resource.columns else None),
    }


def column_definitions(resource: Resource) -> list[Object]:
    """The columns in their order, as a Table declares them."""
    name = _definition("Name", "string", "name", _NAME_TEXT)
    if not resource.columns and not resource.custom:
        return [name, _definition("Created At", "date", "", _CREATED_TEXT)]
    own = [_declared(column) for column in resource.columns if column.declared]
    return own if _names_itself(resource) else [name, *own]


def _cells_of(resource: Resource, now: datetime) -> Callable[[Object, Object], list[Any]]:
    """`(obj, metadata)`: one row's cells."""
    if not resource.columns and not resource.custom:
        return lambda _, metadata: [metadata.get("name", ""), metadata.get("creationTimestamp") or _ZERO_TIME]
    if (together := resource.cells) is not None:
        return lambda obj, metadata: [metadata.get("name", ""), *together(obj, now)]
    values = [column.value for column in resource.columns]
    if _names_itself(resource):
        return lambda obj, _: [value(obj, now) for value in values]
    return lambda obj, metadata: [metadata.get("name", ""), *[value(obj, now) for value in values]]


def _names_itself(resource: Resource) -> bool:
    return not resource.custom and any(column.name == "Name" for column in resource.columns)


def _beside(resource: Resource, obj: Object, include: str, version: str) -> Object | None:
    if include == "Object":
        return obj
    annotations = (obj.get("metadata") or {}).get("annotations")
    # The mark that ends a watch's initial events must get through whatever was asked for.
    if include == "None" and not (annotations and annotations.get(INITIAL_EVENTS_END) == "true"):
        return None
    return partial_of(obj, version=version, hidden=resource.hidden_annotations)


def _declared(column: Column) -> Object:
    return _definition(column.name, column.type, column.format, column.description, column.priority)


def _definition(name: str, kind: str, form: str, description: str, priority: int = 0) -> Object:
    return {"name": name, "type": kind, "format": form, "description": description, "priority": priority}
