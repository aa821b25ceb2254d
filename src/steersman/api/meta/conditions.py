"""metav1.Condition lists: what may be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required, too_long
from steersman.api.meta.label_selector import validate_label_name
from steersman.api.meta.names import byte_length, condition_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

STATUSES = ("False", "True", "Unknown")
REASON_BYTES_MAX = 1024
MESSAGE_BYTES_MAX = 32 * 1024


def validate_conditions(conditions: Sequence[Object], path: str) -> list[FieldError]:
    """One of each type, each of them whole."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        kind = condition.get("type") or ""
        if kind in seen:
            errors.append(duplicate(f"{path}[{index}]", kind))
        seen.add(kind)
        errors += validate_condition(condition, f"{path}[{index}]")
    return errors


def validate_condition(condition: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if kind := condition.get("type"):
        errors += validate_label_name(kind, f"{path}.type")
    else:
        errors.append(required(f"{path}.type", "is required"))
    status = condition.get("status") or ""
    if not status:
        errors.append(required(f"{path}.status"))
    elif status not in STATUSES:
        errors.append(not_supported(f"{path}.status", status, STATUSES))
    generation = condition.get("observedGeneration") or 0
    if generation < 0:
        errors.append(invalid(f"{path}.observedGeneration", generation, "must be greater than or equal to zero"))
    if not condition.get("lastTransitionTime"):
        errors.append(required(f"{path}.lastTransitionTime"))
    if reason := condition.get("reason"):
        errors += [invalid(f"{path}.reason", reason, message) for message in condition_reason(reason)]
        if byte_length(reason) > REASON_BYTES_MAX:
            errors.append(too_long(f"{path}.reason", REASON_BYTES_MAX))
    else:
        errors.append(required(f"{path}.reason"))
    if byte_length(condition.get("message") or "") > MESSAGE_BYTES_MAX:
        errors.append(too_long(f"{path}.message", MESSAGE_BYTES_MAX))
    return errors
