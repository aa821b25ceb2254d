"""List sets and list maps of custom resources: no element, and no key, appears twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from steersman.api.errors import FieldError, duplicate, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Schema = Mapping[str, Any]


def validate_lists(schema: Schema, value: Any, path: str = "") -> list[FieldError]:
    """Duplicates in lists of type set and map, anywhere in `value`."""
    errors: list[FieldError] = []
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, item in value.items():
            if not isinstance(item, dict | list):
                continue
            if isinstance(additional, dict):
                errors += validate_lists(additional, item, f"{path}[{key}]")
            if key in properties:
                errors += validate_lists(properties[key], item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        kind = schema.get("x-kubernetes-list-type")
        if kind == "set":
            errors += [
                duplicate(f"{path}[{index}]", _in_order(value[index]))
                for index in _repeated([_identity(item) for item in value])
            ]
        elif kind == "map":
            errors += _map_duplicates(schema, value, path)
        if isinstance(items := schema.get("items"), dict):
            for index, item in enumerate(value):
                errors += validate_lists(items, item, f"{path}[{index}]")
    return errors


def _map_duplicates(schema: Schema, value: list[Any], path: str) -> list[FieldError]:
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            return [invalid(f"{path}[{index}]", item, "must be an object for an array of list-type map")]
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    items = [item or {} for item in value]
    again = _repeated([tuple(_identity(item[key]) if key in item else None for key in keys) for item in items])
    found = [(index, {key: items[index][key] for key in keys if key in items[index]}) for index in again]
    return [duplicate(f"{path}[{index}]", _in_order(item)) for index, item in found]


def _identity(item: Any) -> Any:
    """What tells JSON values apart; hashable."""
    if isinstance(item, dict | list):
        return json.dumps(item, sort_keys=True)
    return (item.__class__, item)


def _in_order(item: Any) -> Any:
    """Go shows the members of maps in the order of their names."""
    if isinstance(item, dict):
        return {key: _in_order(item[key]) for key in sorted(item)}
    return [_in_order(each) for each in item] if isinstance(item, list) else item


def _repeated(items: Sequence[Any]) -> list[int]:
    """Index of the second appearance of each of these identities that appears more than once."""
    if len(set(items)) == len(items):
        return []
    seen: dict[Any, int] = {}
    again = []
    for index, item in enumerate(items):
        seen[item] = seen.get(item, 0) + 1
        if seen[item] == 2:
            again.append(index)
    return again
