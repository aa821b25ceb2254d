"""Files that a volume makes of keys and of fields of the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import file_mode, file_user, local_non_reserved_path
from steersman.api.core.podspec.validation.environment import validate_field_ref, validate_resource_field_ref
from steersman.api.errors import FieldError, invalid, required

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def validate_key_to_path(item: Object, path: str) -> list[FieldError]:
    errors = [required(f"{path}.{name}") for name in ("key", "path") if not item.get(name)]
    errors += local_non_reserved_path(item.get("path") or "", f"{path}.path")
    return errors + file_mode(item.get("mode"), f"{path}.mode") + file_user(item.get("user"), f"{path}.user")


def validate_downward_file(item: Object, path: str) -> list[FieldError]:
    errors = [] if item.get("path") else [required(f"{path}.path")]
    errors += local_non_reserved_path(item.get("path") or "", f"{path}.path")
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        errors += validate_field_ref(field, f"{path}.fieldRef", volume=True)
        if resource is not None:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid(path, "resource", detail))
    elif resource is not None:
        errors += validate_resource_field_ref(resource, f"{path}.resourceFieldRef", volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + file_mode(item.get("mode"), f"{path}.mode") + file_user(item.get("user"), f"{path}.user")
