"""What StorageClass and VolumeAttributesClass share: the name of a provisioner, and parameters for it.

Sizes are counted in bytes, as upstream does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, invalid, required, too_long
from steersman.api.meta.names import byte_length, qualified_name

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETERS_MAX = 512
PARAMETERS_BYTES_MAX = 256 * 1024


def validate_driver_name(name: str, path: str) -> list[FieldError]:
    """Any case is allowed; messages show it in lower case. An empty name is judged elsewhere."""
    if not name:
        return []
    lower = name.lower()
    return [invalid(path, lower, message) for message in qualified_name(lower)]


def validate_parameters(parameters: Mapping[str, str] | None, path: str, *, allow_empty: bool) -> list[FieldError]:
    parameters = parameters or {}
    if len(parameters) > PARAMETERS_MAX:
        return [too_long(path, PARAMETERS_MAX)]
    errors = [invalid(path, "", "field can not be empty.")] if "" in parameters else []
    if sum(byte_length(key) + byte_length(value) for key, value in parameters.items()) > PARAMETERS_BYTES_MAX:
        errors.append(too_long(path, PARAMETERS_BYTES_MAX))
    if not allow_empty and not parameters:
        errors.append(required(path, "must contain at least one key/value pair"))
    return errors
