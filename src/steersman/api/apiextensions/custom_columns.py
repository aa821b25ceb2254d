"""Printer columns of custom resources: JSONPath in, cells out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.meta.age import translate_timestamp_since
from steersman.api.meta.times import parse_time
from steersman.api.resource import Column
from steersman.lib.jsonpath import JSONPathError, parse_template, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.lib.jsonpath import Template

_AGE: Object = {
    "name": "Age",
    "type": "date",
    "description": "When the object was created.",
    "jsonPath": ".metadata.creationTimestamp",
}


def columns_of(declared: Sequence[Object] | None) -> tuple[Column, ...]:
    """The declared columns, or Age if there are none. A path that cannot be read ends the table."""
    columns = []
    for column in declared or (_AGE,):
        try:
            template = parse_template(f"{{{column['jsonPath']}}}")
        except JSONPathError:
            break
        described = column.get("description")
        columns.append(
            Column(
                column["name"],
                column["type"],
                _cell(template, column["type"]),
                format=column.get("format") or "",
                priority=column.get("priority") or 0,
                description=described
                or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}",
            )
        )
    return tuple(columns)


def _cell(template: Template, kind: str) -> Callable[[Object, datetime], Any]:
    def cell(obj: Object, now: datetime) -> Any:
        try:
            found, value = template.first(obj)
        except JSONPathError:
            return None
        return cell_of(kind, value, now) if found else None

    return cell


def cell_of(kind: str, value: Any, now: datetime) -> Any:
    """One value in a column of a type; None where the two do not go together."""
    if kind == "string":
        return text_of(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "date":
        return _date(value, now) if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if kind == "integer" else value


def _date(text: str, now: datetime) -> str:
    if text in ("", "null"):
        return translate_timestamp_since(None, now)
    try:
        parse_time(text)
    except ValueError:
        return "<invalid>"
    return translate_timestamp_since(text, now)
