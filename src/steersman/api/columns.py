"""Printer columns that many resources share, and the small getters that columns are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.meta.age import translate_timestamp_since
from steersman.api.resource import Column

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object


def age_of(obj: Object, now: datetime) -> str:
    """How long ago the object was created: `5d`, `3h4m`, `<unknown>`."""
    return translate_timestamp_since(obj["metadata"].get("creationTimestamp"), now)


AGE = Column("Age", "string", age_of)


def at(obj: Object, *path: str, default: Any = None) -> Any:
    """The value at a path of field names; `default` if any of them is missing or null."""
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            return default
    return value


def joined(values: list[str] | None, *, none: str = "<none>") -> str:
    """`a,b,c`, as columns list things."""
    return ",".join(values) if values else none


def labels_text(labels: dict[str, str] | None) -> str:
    """`a=1,b=2` in key order, `<none>` without any."""
    return joined([f"{key}={labels[key]}" for key in sorted(labels)] if labels else None)
