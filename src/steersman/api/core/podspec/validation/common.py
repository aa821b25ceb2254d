"""Small rules that many fields share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.names import dns1123_label, dns1123_subdomain, port_name, port_number, qualified_name, user_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

NOT_POSITIVE = "must be greater than zero"
FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_OBJECT_META = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields",
)  # fmt: skip


def each(path: str, value: Any, messages: Iterable[str]) -> list[FieldError]:
    return [invalid(path, value, message) for message in messages]


def label(value: str, path: str) -> list[FieldError]:
    """A DNS-1123 label."""
    return each(path, value, dns1123_label(value))


def subdomain(value: str, path: str) -> list[FieldError]:
    """A DNS-1123 subdomain."""
    return each(path, value, dns1123_subdomain(value))


def qualified(value: str, path: str) -> list[FieldError]:
    """A label key."""
    return each(path, value, qualified_name(value))


def one_of(value: str, path: str, supported: tuple[str, ...]) -> list[FieldError]:
    return [] if value in supported else [not_supported(path, value, supported)]


def one_of_required(value: str, path: str, supported: tuple[str, ...]) -> list[FieldError]:
    return one_of(value, path, supported) if value else [required(path)]


def positive(value: int, path: str) -> list[FieldError]:
    return [] if value > 0 else [invalid(path, value, NOT_POSITIVE)]


def file_mode(mode: int | None, path: str) -> list[FieldError]:
    return [invalid(path, mode, FILE_MODE)] if mode is not None and not 0 <= mode <= 0o777 else []


def file_user(user: int | None, path: str) -> list[FieldError]:
    return [] if user is None else each(path, user, user_id(user))


def port_number_or_name(port: int | str, path: str) -> list[FieldError]:
    return each(path, port, port_name(port) if isinstance(port, str) else port_number(port))


def no_backsteps(path_value: str, path: str) -> list[FieldError]:
    return [invalid(path, path_value, "must not contain '..'")] if ".." in path_value.split("/") else []


def local_descending_path(path_value: str, path: str) -> list[FieldError]:
    errors = [invalid(path, path_value, "must be a relative path")] if path_value.startswith("/") else []
    return errors + no_backsteps(path_value, path)


def local_non_reserved_path(path_value: str, path: str) -> list[FieldError]:
    errors = local_descending_path(path_value, path)
    if path_value.startswith("..") and not path_value.startswith("../"):
        errors.append(invalid(path, path_value, "must not start with '..'"))
    return errors


def only_labels_and_annotations(metadata: Object, path: str) -> list[FieldError]:
    """Metadata of a template inside a spec."""
    return [
        forbidden(f"{path}.{'uID' if name == 'uid' else name}", "cannot be set")
        for name in _OBJECT_META
        if metadata.get(name) or (name == "deletionGracePeriodSeconds" and name in metadata)
    ]
