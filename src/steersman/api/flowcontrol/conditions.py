"""Conditions in the status of flow schemas and priority levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.errors import FieldError, duplicate, required

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def validate_status(new: Object, _old: Object | None = None) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, condition in enumerate(at(new, "status", "conditions", default=())):
        path, kind = f"status.conditions[{index}].type", condition.get("type") or ""
        if kind in seen:
            errors.append(duplicate(path, kind))
        seen.add(kind)
        if not kind:
            errors.append(required(path))
    return errors
