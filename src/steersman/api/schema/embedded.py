"""Embedded resources inside of custom resources: what their apiVersion and kind must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import re2

from steersman.api.errors import FieldError, child, invalid, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = Mapping[str, Any]


def validate_embedded(schema: Schema, value: Any, path: str = "") -> list[FieldError]:
    """What is wrong with apiVersion and kind of embedded resources in `value`. Their metadata has rules of its own."""
    errors: list[FieldError] = []
    if isinstance(value, dict):
        if schema.get("x-kubernetes-embedded-resource"):
            errors += _embedded(value, path)
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                errors += validate_embedded(properties[key], item, child(path, key))
            elif isinstance(additional, dict):
                errors += validate_embedded(additional, item, f"{path}[{key}]")
    elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        for index, item in enumerate(value):
            errors += validate_embedded(items, item, f"{path}[{index}]")
    return errors


_KIND = re2.compile("[a-z]([-a-z0-9]*[a-z0-9])?")


_LABEL_RULE: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def _embedded(value: dict[str, Any], path: str) -> list[FieldError]:
    errors = [required(child(path, key)) for key in ("apiVersion", "kind") if key not in value]
    for key in ("apiVersion", "kind"):
        if key not in value:
            continue
        text, at = value[key], child(path, key)
        if not isinstance(text, str):
            errors.append(invalid(at, text, "must be a string"))
        elif not text:
            errors.append(invalid(at, text, "must not be empty"))
        elif key == "apiVersion" and text.count("/") > 1:
            errors.append(invalid(at, text, f"unexpected GroupVersion string: {text}"))
        elif key == "kind" and (len(text) > 63 or not _KIND.fullmatch(text.lower())):
            rule = _LABEL_RULE if len(text) <= 63 else "must be no more than 63 characters"
            errors.append(invalid(at, text, f"may have mixed case, but should otherwise match: {rule}"))
    return errors
